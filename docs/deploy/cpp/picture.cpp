#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

using nlohmann::json;

cv::Mat read_picture(const std::string& path) {
    cv::Mat picture = cv::imread(path, cv::IMREAD_COLOR);
    if (picture.empty()) throw std::runtime_error(path + ": cannot be read as a picture");
    return picture;
}

static int interpolation_of(const json& step) {
    static const std::map<std::string, int> known = {{"nearest", cv::INTER_NEAREST},
                                                     {"bilinear", cv::INTER_LINEAR},
                                                     {"bicubic", cv::INTER_CUBIC},
                                                     {"area", cv::INTER_AREA},
                                                     {"lanczos", cv::INTER_LANCZOS4}};
    if (step.contains("backend") && step["backend"] == "pillow")
        throw std::runtime_error("step Resize: Pillow's resize is not to be had in C++");
    const auto name = step.contains("interpolation") && !step["interpolation"].is_null()
                          ? step["interpolation"].get<std::string>()
                          : std::string("bilinear");
    return known.at(name);
}

// One number for both sides, or (horizontal, vertical).
static std::pair<double, double> pair_of(const json& value) {
    if (value.is_array()) return {value[0].get<double>(), value[1].get<double>()};
    return {value.get<double>(), value.get<double>()};
}

static int rounded(double side) { return std::max(static_cast<int>(side + 0.5), 1); }

// As mmcv rounds.
static cv::Size size_after_resize(const cv::Size& size, const json& step) {
    const double width = size.width, height = size.height;
    if (step["type"] == "ResizeToMultiple") {
        const auto [across, down] = pair_of(step.value("size_divisor", json(32)));
        return {static_cast<int>(std::ceil(width / across) * across), static_cast<int>(std::ceil(height / down) * down)};
    }
    if (step["type"] != "Resize") throw std::runtime_error("step " + step["type"].get<std::string>() + ": not in C++");
    if (!step.contains("scale") || step["scale"].is_null()) {
        const auto [across, down] = pair_of(step.at("scale_factor"));
        return {rounded(width * across), rounded(height * down)};
    }
    const auto [across, down] = pair_of(step["scale"]);
    if (!step.value("keep_ratio", false)) return {static_cast<int>(across), static_cast<int>(down)};
    const double factor = std::min(std::max(across, down) / std::max(width, height),
                                   std::min(across, down) / std::min(width, height));
    return {rounded(width * factor), rounded(height * factor)};
}

cv::Mat prepare_picture(const cv::Mat& picture, const Metadata& metadata) {
    cv::Mat result = picture;
    if (metadata.color == "gray") cv::cvtColor(result, result, cv::COLOR_BGR2GRAY);
    cv::Size expected = picture.size();
    for (const auto& step : metadata.steps)
        if (step["type"] != "ToFloat32") expected = size_after_resize(expected, step);
    const bool fits = !metadata.size || *metadata.size == expected;
    for (const auto& step : metadata.steps) {
        if (step["type"] == "ToFloat32") {
            if (!metadata.raw) result.convertTo(result, CV_32F);  // inside, the pre-processing takes whole numbers
        } else if (fits) {
            const cv::Size target = size_after_resize(result.size(), step);
            if (target != result.size()) cv::resize(result, result, target, 0, 0, interpolation_of(step));
        }
    }
    if (metadata.size && result.size() != *metadata.size)
        cv::resize(result, result, *metadata.size, 0, 0, cv::INTER_LINEAR);
    return result;
}

ov::Tensor to_tensor(const cv::Mat& prepared, const Metadata& metadata) {
    const size_t height = prepared.rows, width = prepared.cols, channels = prepared.channels();
    if (channels != metadata.mean.size()) throw std::runtime_error("the picture has not the channels of the model");
    cv::Mat pixels;
    prepared.convertTo(pixels, metadata.raw ? CV_8U : CV_32F);
    if (metadata.color == "rgb") cv::cvtColor(pixels, pixels, cv::COLOR_BGR2RGB);
    if (metadata.raw) {
        ov::Tensor tensor(ov::element::u8, {1, height, width, channels});
        std::copy_n(pixels.ptr<uint8_t>(), height * width * channels, tensor.data<uint8_t>());
        return tensor;
    }
    ov::Tensor tensor(ov::element::f32, {1, channels, height, width});
    float* out = tensor.data<float>();
    for (size_t y = 0; y < height; ++y) {
        const float* row = pixels.ptr<float>(static_cast<int>(y));
        for (size_t x = 0; x < width; ++x)
            for (size_t c = 0; c < channels; ++c)
                out[(c * height + y) * width + x] = (row[x * channels + c] - metadata.mean[c]) / metadata.std[c];
    }
    return tensor;
}
