class_weight = [
    1.0,
    1.0,
    2.0,
    1.0,
    1.0,
    1.0,
    1.5,
    1.0,
    1.0,
    1.0,
    1.0,
]
crop_size = (
    352,
    480,
)
custom_hooks = [
    dict(
        ema_type='ExponentialMovingAverage',
        momentum=0.005,
        type='EMAHook',
        update_buffers=True),
    dict(interval=50, type='mmseg_liteseg.HistoryHook'),
]
custom_imports = dict(
    allow_failed_imports=False, imports=[
        'mmseg_liteseg.registry',
    ])
darker = [
    [
        dict(gamma=0.4, type='AdjustGamma'),
    ],
    [
        dict(gamma=0.55, type='AdjustGamma'),
    ],
    [
        dict(gamma=0.75, type='AdjustGamma'),
    ],
    [
        dict(gamma=1.4, type='AdjustGamma'),
    ],
]
data_preprocessor = dict(
    bgr_to_rgb=True,
    mean=[
        127.5,
        127.5,
        127.5,
    ],
    pad_val=0,
    seg_pad_val=255,
    std=[
        127.5,
        127.5,
        127.5,
    ],
    type='mmseg_liteseg.LiteSegDataPreProcessor')
data_root = 'data/camvid-360x480/'
dataset_type = 'mmseg_liteseg.CamVidDataset'
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False,
        interval=200,
        max_keep_ckpts=1,
        save_best='mIoU',
        type='CheckpointHook'),
    logger=dict(interval=50, log_metric_by_epoch=False, type='LoggerHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    timer=dict(type='IterTimerHook'))
default_scope = 'mmseg'
env_cfg = dict(
    cudnn_benchmark=True,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
load_from = None
load_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
]
log_level = 'INFO'
log_processor = dict(by_epoch=False)
losses = [
    dict(
        class_weight=[
            1.0,
            1.0,
            2.0,
            1.0,
            1.0,
            1.0,
            1.5,
            1.0,
            1.0,
            1.0,
            1.0,
        ],
        type='mmseg_liteseg.BoundaryCrossEntropyLoss'),
    dict(type='mmseg_liteseg.DiceLoss'),
]
max_iters = 2000
model = dict(
    backbone=dict(
        arch='stdc1',
        init_cfg=dict(layer='Conv2d', type='Kaiming'),
        norm_cfg=dict(requires_grad=True, type='BN'),
        type='mmseg_liteseg.STDCNet'),
    data_preprocessor=dict(
        bgr_to_rgb=True,
        mean=[
            127.5,
            127.5,
            127.5,
        ],
        pad_val=0,
        seg_pad_val=255,
        std=[
            127.5,
            127.5,
            127.5,
        ],
        type='mmseg_liteseg.LiteSegDataPreProcessor'),
    decode_head=dict(
        align_corners=False,
        aux_channels=(
            64,
            64,
        ),
        channels=32,
        decoder_channels=(
            32,
            64,
            128,
        ),
        fusion_cfg=dict(type='mmseg_liteseg.SpatialUAFM'),
        in_channels=(
            256,
            512,
            1024,
            128,
        ),
        in_index=(
            0,
            1,
            2,
            3,
        ),
        loss_decode=[
            dict(
                class_weight=[
                    1.0,
                    1.0,
                    2.0,
                    1.0,
                    1.0,
                    1.0,
                    1.5,
                    1.0,
                    1.0,
                    1.0,
                    1.0,
                ],
                type='mmseg_liteseg.BoundaryCrossEntropyLoss'),
            dict(type='mmseg_liteseg.DiceLoss'),
        ],
        norm_cfg=dict(requires_grad=True, type='BN'),
        num_classes=11,
        sampler=None,
        type='mmseg_liteseg.FLDHead'),
    neck=dict(
        channels=128,
        in_channels=1024,
        norm_cfg=dict(requires_grad=True, type='BN'),
        type='mmseg_liteseg.SPPM'),
    test_cfg=dict(mode='whole'),
    train_cfg=dict(),
    type='mmseg_liteseg.FastEncoderDecoder')
norm_cfg = dict(requires_grad=True, type='BN')
ohem = dict(min_kept=0.0625, thresh=0.7, type='mmseg_liteseg.OHEMPixelSampler')
optim_wrapper = dict(
    clip_grad=None,
    optimizer=dict(lr=0.0005, type='AdamW', weight_decay=0.02),
    paramwise_cfg=dict(bias_decay_mult=0.0, norm_decay_mult=0.0),
    type='mmseg_liteseg.Bfloat16OptimWrapper')
optimizer = dict(lr=0.0007, type='AdamW', weight_decay=0.02)
param_scheduler = [
    dict(begin=0, by_epoch=False, end=100, start_factor=0.01, type='LinearLR'),
    dict(
        begin=100,
        by_epoch=False,
        end=2000,
        end_factor=0.0,
        start_factor=1.0,
        type='LinearLR'),
]
pipeline_for = dict(
    crop_size=(
        352,
        480,
    ), data_root='data/camvid-360x480/')
randomness = dict(seed=0)
resume = False
runner_type = 'mmseg_liteseg.SafeRunner'
schedule_for = dict(
    max_iters=2000,
    settled=dict(max_iters=2000, val_interval=200),
    val_interval=200)
test_cfg = dict(type='TestLoop')
test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        data_root='data/camvid-360x480/',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(keep_ratio=True, scale=(
                768,
                576,
            ), type='Resize'),
            dict(type='mmseg_liteseg.LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
        type='mmseg_liteseg.CamVidDataset'),
    num_workers=4,
    persistent_workers=True,
    sampler=dict(shuffle=False, type='DefaultSampler'))
test_evaluator = dict(
    iou_metrics=[
        'mIoU',
    ], type='IoUMetric')
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(keep_ratio=True, scale=(
        768,
        576,
    ), type='Resize'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_cfg = dict(max_iters=2000, type='IterBasedTrainLoop', val_interval=200)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        dataset=dict(
            data_prefix=dict(
                img_path='img_dir/train', seg_map_path='ann_dir/train'),
            data_root='data/camvid-360x480/',
            pipeline=[
                dict(
                    transforms=[
                        dict(type='LoadImageFromFile'),
                        dict(type='mmseg_liteseg.LoadAnnotations'),
                    ],
                    type='mmseg_liteseg.CachedLoading'),
            ],
            type='mmseg_liteseg.CamVidDataset'),
        pipeline=[
            dict(
                classes=(
                    2,
                    6,
                ),
                images=2,
                max_objects=4,
                prob=0.5,
                type='mmseg_liteseg.CopyPaste'),
            dict(
                crop_size=(
                    352,
                    480,
                ),
                exact_labels=True,
                max_scale_factor=2.5,
                min_scale_factor=1.25,
                scale_step_size=0.25,
                type='mmseg_liteseg.RandomScaleCrop'),
            dict(type='mmseg_liteseg.RandomHorizontalFlip'),
            dict(
                prob=[
                    0.5,
                    0.125,
                    0.125,
                    0.125,
                    0.125,
                ],
                transforms=[
                    [],
                    [
                        dict(gamma=0.4, type='AdjustGamma'),
                    ],
                    [
                        dict(gamma=0.55, type='AdjustGamma'),
                    ],
                    [
                        dict(gamma=0.75, type='AdjustGamma'),
                    ],
                    [
                        dict(gamma=1.4, type='AdjustGamma'),
                    ],
                ],
                type='RandomChoice'),
            dict(type='mmseg_liteseg.RandomDistort'),
            dict(type='PackSegInputs'),
        ],
        type='MultiImageMixDataset'),
    num_workers=1,
    persistent_workers=True,
    sampler=dict(shuffle=True, type='InfiniteSampler'))
train_pipeline = [
    dict(
        classes=(
            2,
            6,
        ),
        images=2,
        max_objects=4,
        prob=0.5,
        type='mmseg_liteseg.CopyPaste'),
    dict(
        crop_size=(
            352,
            480,
        ),
        exact_labels=True,
        max_scale_factor=2.5,
        min_scale_factor=1.25,
        scale_step_size=0.25,
        type='mmseg_liteseg.RandomScaleCrop'),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(
        prob=[
            0.5,
            0.125,
            0.125,
            0.125,
            0.125,
        ],
        transforms=[
            [],
            [
                dict(gamma=0.4, type='AdjustGamma'),
            ],
            [
                dict(gamma=0.55, type='AdjustGamma'),
            ],
            [
                dict(gamma=0.75, type='AdjustGamma'),
            ],
            [
                dict(gamma=1.4, type='AdjustGamma'),
            ],
        ],
        type='RandomChoice'),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
tta_model = dict(merge='softmax', type='mmseg_liteseg.LiteSegTTAModel')
tta_pipeline = [
    dict(to_float32=True, type='LoadImageFromFile'),
    dict(
        cascade=False,
        scale_factors=[
            1.6,
            2.1333333333333333,
            2.6666666666666665,
        ],
        transforms=[
            dict(type='mmseg_liteseg.LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
        type='mmseg_liteseg.MultiScaleFlip'),
]
val_cfg = dict(type='ValLoop')
val_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        data_root='data/camvid-360x480/',
        pipeline=[
            dict(
                transforms=[
                    dict(type='LoadImageFromFile'),
                    dict(keep_ratio=True, scale=(
                        768,
                        576,
                    ), type='Resize'),
                ],
                type='mmseg_liteseg.CachedLoading'),
            dict(type='mmseg_liteseg.LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
        type='mmseg_liteseg.CamVidDataset'),
    num_workers=1,
    persistent_workers=True,
    sampler=dict(shuffle=False, type='DefaultSampler'))
val_evaluator = dict(
    iou_metrics=[
        'mIoU',
    ], type='IoUMetric')
val_interval = 200
vis_backends = [
    dict(type='LocalVisBackend'),
]
visualizer = dict(
    name='visualizer', type='mmseg_liteseg.LiteSegVisualizer', vis_backends=[])
