# PP-LiteSeg-T on CamVid at 480x360, enlarged twice: a part of the published model's training (docs/camvid.md).
# Poles are found on train (IoU 39 after the part before) and missed on val (17): 367 images show them before few
# backgrounds. So poles and signs of other images are pasted, and labels are kept where they are.
#   --cfg-options load_from=work_dirs/ppliteseg_stdc1-boundary_1xb8-1k_camvid-360x480_test-720x960/iter_1000.pth
_base_ = './ppliteseg_stdc1-boundary_1xb8-1k_camvid-360x480.py'
crop_size = (360, 480)
load_pipeline = [dict(type='LoadImageFromFile'), dict(type='mmseg_liteseg.LoadAnnotations')]
# The test split was filmed at dusk too, train and val by day.
darker = [[dict(type='AdjustGamma', gamma=gamma)] for gamma in (0.4, 0.55, 0.75, 1.4)]
train_pipeline = [
    dict(type='mmseg_liteseg.CopyPaste', classes=(2, 6), prob=0.5, images=2, max_objects=4),  # pole, sign
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=1.5,
        max_scale_factor=3.0,
        scale_step_size=0.25,
        exact_labels=True,
    ),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='RandomChoice', transforms=[[], *darker], prob=[0.5, 0.125, 0.125, 0.125, 0.125]),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(960, 720), keep_ratio=True),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(
        type='mmseg_liteseg.MultiScaleFlip',
        scale_factors=[1.5, 2.0, 2.5],
        cascade=False,
        transforms=[dict(type='mmseg_liteseg.LoadAnnotations'), dict(type='PackSegInputs')],
    ),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(
            type='mmseg_liteseg.CamVidDataset',
            data_root='data/camvid-360x480/',
            data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
            pipeline=load_pipeline,
        ),
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
# Weaker than before (c = 1.10): at the end of the part before, logits less ln(weight) had 0.8 points more on val, and
# pasting brings the rare classes by itself.
losses = [
    dict(type='mmseg_liteseg.BoundaryCrossEntropyLoss', class_weight=dict(type='enet', c=1.15, mean=1.0)),
    dict(type='mmseg_liteseg.DiceLoss'),
]
model = dict(decode_head=dict(loss_decode=losses))
optim_wrapper = dict(optimizer=dict(lr=0.0005))  # it starts from weights at the end of their training
