# mmdeploy: TensorRT in fp16, from 512x512 to 1024x2048.
# NOT RUN: written after mmdeploy's own configs; needs a GPU, TensorRT 8 and mmdeploy's tools/deploy.py.
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
    optimize=True,
)
backend_config = dict(
    type='tensorrt',
    common_config=dict(fp16_mode=True, max_workspace_size=1 << 30),
    model_inputs=[
        dict(
            input_shapes=dict(
                input=dict(min_shape=[1, 3, 512, 512], opt_shape=[1, 3, 512, 1024], max_shape=[1, 3, 1024, 2048])
            )
        )
    ],
)
