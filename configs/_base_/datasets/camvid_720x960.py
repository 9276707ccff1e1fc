# CamVid as released, 701 frames of 720x960: python tools/dataset_converters/camvid.py PATH_TO_CAMVID
# As in PaddleSeg, checkpoints are chosen on val (101 frames) and the published results are those on test (233).
dataset_type = 'mmseg_liteseg.CamVidDataset'
data_root = 'data/camvid-720x960/'
crop_size = (720, 960)
pipeline_for = dict(crop_size=crop_size, data_root=data_root)  # set crop_size anew, alone: see docs/configs.md
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=0.5,
        max_scale_factor=2.5,
        scale_step_size=0.25,
    ),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# The published 'ms+flip', which scaled in a cascade (see MultiScaleFlip). The published 'flip' alone:
#   --cfg-options tta_pipeline.1.scale_factors="[1.0]"
# PaddleSeg since 2023:
#   --cfg-options tta_pipeline.1.cascade=False tta_model.merge=logits
tta_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(
        type='mmseg_liteseg.MultiScaleFlip',
        scale_factors=[0.75, 1.0, 1.25],
        cascade=True,
        transforms=[dict(type='mmseg_liteseg.LoadAnnotations'), dict(type='PackSegInputs')],
    ),
]

train_dataloader = dict(
    batch_size=6,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
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
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='img_dir/test', seg_map_path='ann_dir/test'),
        pipeline=test_pipeline,
    ),
)
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
