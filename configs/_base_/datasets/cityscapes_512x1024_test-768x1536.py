# The same training, tested at scale 0.75.
_base_ = './cityscapes_512x1024.py'
test_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(type='Resize', scale_factor=0.75, keep_ratio=False),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# The published 'flip'. Multi-scale as well: --cfg-options tta_pipeline.1.scale_factors="[0.5625,0.75,0.9375]"
tta_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(
        type='mmseg_liteseg.MultiScaleFlip',
        scale_factors=[0.75],
        transforms=[dict(type='mmseg_liteseg.LoadAnnotations'), dict(type='PackSegInputs')],
    ),
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
