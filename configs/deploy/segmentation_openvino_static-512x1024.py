# mmdeploy: OpenVINO at 512x1024.
# NOT RUN: mmdeploy 1.3.1 imports openvino.inference_engine, dropped by OpenVINO in 2024: needs the classic stack with
# an older OpenVINO. tools/export.py --format openvino needs neither.
codebase_config = dict(
    type='mmseg',
    task='Segmentation',
    with_argmax=True,
    module=['mmseg_liteseg.deploy.mmdeploy_hook'],
)
onnx_config = dict(
    type='onnx',
    export_params=True,
    keep_initializers_as_inputs=False,
    opset_version=11,
    save_file='end2end.onnx',
    input_names=['input'],
    output_names=['output'],
    input_shape=[1024, 512],
    optimize=True,
)
backend_config = dict(type='openvino', model_inputs=[dict(opt_shapes=dict(input=[1, 3, 512, 1024]))])
