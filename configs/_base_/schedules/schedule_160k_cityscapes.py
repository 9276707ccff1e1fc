# PaddleSeg's recipe: SGD, weight decay on everything (normalisation and biases too), a warm-up of 1000 iterations
# from 1e-5 to 0.005, then poly 0.9 to 0. The odd ends make mmengine's schedulers hit Paddle's values in every step.
# Set these anew, alone, in a config that inherits: schedule, validation and checkpoints follow (docs/configs.md).
max_iters, val_interval = 160000, 1000
schedule_for = dict(max_iters=max_iters, val_interval=val_interval)
optimizer = dict(type='SGD', lr=0.005, momentum=0.9, weight_decay=5e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer, clip_grad=None)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.002, begin=0, end=1001, by_epoch=False),
    dict(type='PolyLR', eta_min=0, power=0.9, begin=1000, end=160001, by_epoch=False),
]

train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=val_interval)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # The published models are the best of their run, evaluated every 1000 iterations.
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1000, save_best='mIoU', max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'),
)
