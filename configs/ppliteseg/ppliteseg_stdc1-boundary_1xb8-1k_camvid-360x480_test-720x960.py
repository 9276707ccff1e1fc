# PP-LiteSeg-T on CamVid at 480x360, enlarged twice: poles are two pixels wide there, a quarter of a cell of the logits.
# The end of the training that starts on crops and whole images (docs/camvid.md).
#   --cfg-options load_from=work_dirs/ppliteseg_stdc1-boundary_1xb8-1k_camvid-360x480/iter_1000.pth
_base_ = './ppliteseg_stdc1-boundary_1xb8-1k_camvid-360x480.py'
crop_size = (360, 480)
# The test split was filmed at dusk too, train and val by day.
darker = [[dict(type='AdjustGamma', gamma=gamma)] for gamma in (0.4, 0.55, 0.75, 1.4)]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=1.25,
        max_scale_factor=2.5,
        scale_step_size=0.25,
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
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.0005))  # it starts from weights at the end of their training
