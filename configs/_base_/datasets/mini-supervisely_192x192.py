# PaddleSeg's small set of people (contrib/PP-HumanSeg), or any of its form: lists of "image mask", masks 0 and 1.
dataset_type = 'mmseg_liteseg.PairListDataset'
data_root = 'data/mini_supervisely/'
metainfo = dict(classes=('background', 'person'), palette=[[0, 0, 0], [220, 20, 60]])
crop_size = (192, 192)
load = [dict(type='LoadImageFromFile'), dict(type='mmseg_liteseg.LoadAnnotations')]
train_pipeline = [
    *load,
    dict(type='Resize', scale=(192, 192)),
    dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=crop_size, scale_step_size=0),
    dict(type='RandomRotate', prob=1.0, degree=15, pad_val=127, seg_pad_val=255),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(192, 192)),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type, data_root=data_root, ann_file='train.txt', metainfo=metainfo, pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type=dataset_type, data_root=data_root, ann_file='val.txt', metainfo=metainfo, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
