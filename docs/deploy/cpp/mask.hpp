// From the model's output to a mask of the picture's size.
#pragma once

#include <opencv2/core.hpp>
#include <openvino/openvino.hpp>

#include "metadata.hpp"

// Labels (H, W), 8 bits. Logits are resized to the network's input, then to the picture, then compared, as mmseg does.
cv::Mat to_mask(const ov::Tensor& output, const Metadata& metadata, const cv::Size& network, const cv::Size& picture);
