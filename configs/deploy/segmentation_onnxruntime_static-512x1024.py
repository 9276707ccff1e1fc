# mmdeploy: ONNX for onnxruntime at 512x1024 (input_shape is width, height).
# Run and compared by the tests on the maintained stack.
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
    optimize=False,  # mmdeploy's passes need its compiled extension; onnxruntime has its own
)
backend_config = dict(type='onnxruntime')
