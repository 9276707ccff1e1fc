# mmdeploy: TorchScript, any size and batch. Run and compared by the tests on the maintained stack.
codebase_config = dict(
    type='mmseg',
    task='Segmentation',
    with_argmax=True,
    module=['mmseg_liteseg.deploy.mmdeploy_hook'],
)
ir_config = dict(
    type='torchscript',
    save_file='end2end.pt',
    input_names=['input'],
    output_names=['output'],
    input_shape=None,
)
backend_config = dict(type='torchscript')
