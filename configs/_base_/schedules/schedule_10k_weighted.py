# With ppliteseg_stdc1_weighted.py, from scratch: AdamW without decay on normalisation and biases, a constant rate that
# falls to 0 over the last fifth, and the running average of the weights, which is what is evaluated and saved.
# Where the training is to end can thus be decided late: the constant part is the same for any length.
# Set these anew, alone, in a config that inherits: schedule, validation and checkpoints follow (docs/configs.md).
_base_ = './schedule_10k_camvid.py'
max_iters, val_interval = 10000, 1000
schedule_for = dict(max_iters=max_iters, val_interval=val_interval)
optimizer = dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.02)
optim_wrapper = dict(
    optimizer=optimizer,
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=200, by_epoch=False),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=8000, end=10000, by_epoch=False),
]
custom_hooks = [
    # over some 1,000 iterations; buffers too, as the statistics of BN belong to the averaged weights
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.001, update_buffers=True)
]
