# mmdeploy: ONNX for onnxruntime, any size and batch. Run and compared by the tests on the maintained stack.
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
    input_shape=None,
    dynamic_axes=dict(input={0: 'batch', 2: 'height', 3: 'width'}, output={0: 'batch', 2: 'height', 3: 'width'}),
    optimize=False,  # mmdeploy's passes need its compiled extension; onnxruntime has its own
)
backend_config = dict(type='onnxruntime')
