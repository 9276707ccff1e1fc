// From a file to the network's input.
#pragma once

#include <string>

#include <opencv2/core.hpp>
#include <openvino/openvino.hpp>

#include "metadata.hpp"

// (H, W) 8-bit BGR, turned as its EXIF says. Throws std::runtime_error if it cannot be read.
cv::Mat read_picture(const std::string& path);

// Takes the config's steps; a model of another size gets the picture resized to it.
cv::Mat prepare_picture(const cv::Mat& picture, const Metadata& metadata);

// (H, W, C) -> the input tensor of one picture.
ov::Tensor to_tensor(const cv::Mat& prepared, const Metadata& metadata);
