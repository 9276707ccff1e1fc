#include "metadata.hpp"

#include <stdexcept>

static const char* const KEY = "mmseg_liteseg";
static const int FORMAT = 2;

Metadata read_metadata(const std::shared_ptr<ov::Model>& model) {
    if (!model->has_rt_info(KEY))
        throw std::runtime_error("the model holds no metadata: make it with tools/export.py --format openvino");
    const auto text = nlohmann::json::parse(model->get_rt_info<std::string>(KEY));
    if (text.at("format").get<int>() > FORMAT)
        throw std::runtime_error("the metadata are of a later format: build this program from the same version");
    const auto& interface = text.at("interface");
    if (interface.at("align_corners").get<bool>() && interface.at("output") != "labels")
        throw std::runtime_error("align_corners: OpenCV does not resize like that, export --output labels");
    Metadata result;
    result.raw = interface.at("dtype") == "uint8";
    result.nchw = interface.at("layout") == "NCHW";
    result.color = interface.at("color").get<std::string>();
    result.mean = interface.at("mean").get<std::vector<float>>();
    result.std = interface.at("std").get<std::vector<float>>();
    result.output = interface.at("output").get<std::string>();
    if (!interface.at("size").is_null())
        result.size = cv::Size(interface["size"][1].get<int>(), interface["size"][0].get<int>());
    if (!interface.at("threshold").is_null()) result.threshold = interface["threshold"].get<float>();
    result.classes = text.at("classes").size();
    if (text.contains("steps"))
        for (const auto& step : text["steps"]) result.steps.push_back(step);
    return result;
}
