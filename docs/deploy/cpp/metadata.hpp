// What an exported file says of itself; see "Metadata" in docs/deploy/README.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <openvino/openvino.hpp>
#include <opencv2/core.hpp>

struct Metadata {
    bool raw = false;           // uint8 N x H x W x C in, normalised inside
    bool nchw = true;           // layout of the input
    std::string color;          // "rgb", "bgr" or "gray": order of the input's channels
    std::vector<float> mean, std;
    std::optional<cv::Size> size;  // of every input; none where any size goes
    std::string output;         // "labels", "logits" or "scores"
    std::optional<float> threshold;  // two classes told apart by one logit
    size_t classes = 0;
    std::vector<nlohmann::json> steps;  // what happens to a picture before the network
};

// Throws std::runtime_error if the file says nothing of itself, or something that this program does not do.
Metadata read_metadata(const std::shared_ptr<ov::Model>& model);
