# Cityscapes as PP-LiteSeg was trained for half size: crops of 512x1024, tested at scale 0.5 against full-size labels.
dataset_type = 'CityscapesDataset'
data_root = 'data/cityscapes/'
crop_size = (512, 1024)
pipeline_for = dict(crop_size=crop_size, data_root=data_root)  # set crop_size anew, alone: see docs/configs.md
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=0.125,
        max_scale_factor=1.5,
        scale_step_size=0.125,
    ),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
# to_float32: PaddleSeg interpolates floats; on uint8 0.2% of the predictions differ
test_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(type='Resize', scale_factor=0.5, keep_ratio=False),
    dict(type='mmseg_liteseg.LoadAnnotations'),  # after Resize: labels stay at full size
    dict(type='PackSegInputs'),
]
# The published 'flip'. Multi-scale as well: --cfg-options tta_pipeline.1.scale_factors="[0.375,0.5,0.625]"
tta_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(
        type='mmseg_liteseg.MultiScaleFlip',
        scale_factors=[0.5],
        transforms=[dict(type='mmseg_liteseg.LoadAnnotations'), dict(type='PackSegInputs')],
    ),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
