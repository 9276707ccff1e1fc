#include "mask.hpp"

#include <cmath>
#include <stdexcept>

#include <opencv2/imgproc.hpp>

// Each pixel takes the label under its centre.
static cv::Mat resize_labels(const cv::Mat& labels, const cv::Size& size) {
    cv::Mat result(size, CV_8U);
    for (int y = 0; y < size.height; ++y) {
        const auto* row = labels.ptr<uint8_t>(static_cast<int>((2LL * y + 1) * labels.rows / (2LL * size.height)));
        for (int x = 0; x < size.width; ++x)
            result.at<uint8_t>(y, x) = row[(2LL * x + 1) * labels.cols / (2LL * size.width)];
    }
    return result;
}

static cv::Mat labels_of(const ov::Tensor& output, int height, int width) {
    cv::Mat labels(height, width, CV_8U);
    for (int i = 0; i < height * width; ++i) {
        if (output.get_element_type() == ov::element::u8) labels.data[i] = output.data<uint8_t>()[i];
        else if (output.get_element_type() == ov::element::i32) labels.data[i] = static_cast<uint8_t>(output.data<int32_t>()[i]);
        else labels.data[i] = static_cast<uint8_t>(output.data<int64_t>()[i]);
    }
    return labels;
}

static cv::Mat resized(const float* channel, int height, int width, const cv::Size& first, const cv::Size& last) {
    cv::Mat logits(height, width, CV_32F, const_cast<float*>(channel)), middle, result;
    cv::resize(logits, middle, first, 0, 0, cv::INTER_LINEAR);
    cv::resize(middle, result, last, 0, 0, cv::INTER_LINEAR);
    return result;
}

cv::Mat to_mask(const ov::Tensor& output, const Metadata& metadata, const cv::Size& network, const cv::Size& picture) {
    const auto shape = output.get_shape();
    const int height = static_cast<int>(shape[shape.size() - 2]), width = static_cast<int>(shape.back());
    if (metadata.output == "labels") return resize_labels(labels_of(output, height, width), picture);
    const size_t channels = metadata.threshold ? 1 : metadata.classes;
    if (shape.size() != 4 || shape[1] != channels) throw std::runtime_error("the output has not the shape that the metadata say");
    const float* logits = output.data<float>();
    cv::Mat best = resized(logits, height, width, network, picture), mask = cv::Mat::zeros(picture, CV_8U);
    if (metadata.threshold) {
        for (int i = 0; i < picture.area(); ++i)
            mask.data[i] = 1 / (1 + std::exp(-best.ptr<float>()[i])) > *metadata.threshold;
        return mask;
    }
    for (size_t label = 1; label < channels; ++label) {
        const cv::Mat channel = resized(logits + label * height * width, height, width, network, picture);
        for (int i = 0; i < picture.area(); ++i) {
            if (channel.ptr<float>()[i] > best.ptr<float>()[i]) {  // the first of equals wins
                best.ptr<float>()[i] = channel.ptr<float>()[i];
                mask.data[i] = static_cast<uint8_t>(label);
            }
        }
    }
    return mask;
}
