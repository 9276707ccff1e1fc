# PP-LiteSeg-T on crops of CamVid, from scratch or from weights trained on drawn scenes (docs/camvid.md):
#   --cfg-options load_from=work_dirs/ppliteseg_stdc1_1xb4-1200_synthetic-144x192/best_mIoU_iter_1200.pth
_base_ = [
    '../_base_/models/ppliteseg_stdc1_weighted.py',
    '../_base_/datasets/camvid_360x480.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_10k_weighted.py',
]
crop_size = (288, 384)
# The test split was filmed at dusk too, train and val by day.
darker = [[dict(type='AdjustGamma', gamma=gamma)] for gamma in (0.4, 0.55, 0.75, 1.4)]
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
    dict(type='RandomChoice', transforms=[[], *darker], prob=[0.5, 0.125, 0.125, 0.125, 0.125]),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
pipeline_for = dict(crop_size=crop_size)
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(norm_cfg=norm_cfg, init_cfg=dict(type='Kaiming', layer='Conv2d')),
    neck=dict(norm_cfg=norm_cfg),
    decode_head=dict(num_classes=11, norm_cfg=norm_cfg),
)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
