# mmdeploy: ncnn at 512x1024, logits out, as ncnn has no argmax.
# NOT RUN: needs the classic stack and mmdeploy built with ncnn. tools/export.py --format ncnn needs neither.
codebase_config = dict(
    type='mmseg',
    task='Segmentation',
    with_argmax=False,
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
backend_config = dict(type='ncnn', precision='FP32', use_vulkan=False)
