# PP-LiteSeg-T on Cityscapes without pretrained weights. **Not run**: nobody has trained by this recipe yet.
# Length, batch and crops are those of GCNet's config, whose README compares real-time models trained so
# (https://github.com/gyyang23/GCNet, docs/rivals.md); the rest is what helped on CamVid (docs/camvid.md).
_base_ = [
    '../_base_/models/ppliteseg_stdc1_weighted.py',
    '../_base_/datasets/cityscapes_512x1024_test-1024x2048.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_10k_weighted.py',
]
crop_size = (1024, 1024)
pipeline_for = dict(crop_size=crop_size)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=0.5,
        max_scale_factor=2.0,
        scale_step_size=0.25,
    ),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(batch_size=3, dataset=dict(pipeline=train_pipeline))
# the original's N(0, 0.001) waits for pretrained weights
model = dict(backbone=dict(init_cfg=dict(type='Kaiming', layer='Conv2d')))
max_iters, val_interval = 120000, 4000
schedule_for = dict(max_iters=max_iters, val_interval=val_interval)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=1000, by_epoch=False),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=96000, end=120000, by_epoch=False),
]
train_cfg = dict(max_iters=max_iters, val_interval=val_interval)
default_hooks = dict(checkpoint=dict(interval=val_interval))
custom_hooks = [  # over some 5,000 iterations
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.0002, update_buffers=True)
]
