# The end of a training that began under schedule_10k_weighted.py: it starts from averaged weights, so below the rate
# before, and the rate falls to 0 at once.
_base_ = './schedule_10k_camvid.py'
max_iters, val_interval = 1000, 200
schedule_for = dict(max_iters=max_iters, val_interval=val_interval)
optimizer = dict(_delete_=True, type='AdamW', lr=0.0007, weight_decay=0.02)
optim_wrapper = dict(
    optimizer=optimizer,
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=50, by_epoch=False),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=50, end=1000, by_epoch=False),
]
train_cfg = dict(max_iters=max_iters, val_interval=val_interval)
default_hooks = dict(checkpoint=dict(interval=val_interval))
custom_hooks = [  # over some 200 iterations, as the rate falls
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.005, update_buffers=True)
]
