default_scope = 'mmseg'
# The types need no import; MMSegInferencer reads the weights before it builds them, and Paddle's (.pdparams) need ours.
custom_imports = dict(imports=['mmseg_liteseg.registry'], allow_failed_imports=False)
# For mmseg's own tools; ours do the same to any config: checkpoints whole at every moment, settings that follow.
runner_type = 'mmseg_liteseg.SafeRunner'
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend')]  # TensorBoard as well: tools/train.py --tensorboard
visualizer = dict(type='mmseg_liteseg.LiteSegVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False

# merge: 'softmax' as for the published results, 'logits' as PaddleSeg since 2023
tta_model = dict(type='mmseg_liteseg.LiteSegTTAModel', merge='softmax')
