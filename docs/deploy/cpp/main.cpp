// segment MODEL.xml PICTURE MASK.png: labels every pixel of a picture.
#include <exception>
#include <iostream>

#include <opencv2/imgcodecs.hpp>
#include <openvino/openvino.hpp>

#include "mask.hpp"
#include "metadata.hpp"
#include "picture.hpp"

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: segment MODEL.xml PICTURE MASK.png\n";
        return 2;
    }
    try {
        ov::Core core;
        const auto model = core.read_model(argv[1]);
        const Metadata metadata = read_metadata(model);
        const cv::Mat picture = read_picture(argv[2]);
        const cv::Mat prepared = prepare_picture(picture, metadata);
        // float32, as the export's report; OpenVINO's own default is bfloat16 where the CPU has it
        auto compiled = core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
        auto request = compiled.create_infer_request();
        request.set_input_tensor(to_tensor(prepared, metadata));
        request.infer();
        const cv::Mat mask = to_mask(request.get_output_tensor(0), metadata, prepared.size(), picture.size());
        if (!cv::imwrite(argv[3], mask)) throw std::runtime_error(std::string(argv[3]) + ": cannot be written");
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
