# SPPM and FLD behind mmseg's ResNet-18, three levels, on CamVid at 360x480 from scratch.
#   python tools/train.py configs/backbones/fld_r18_1xb16-10k_camvid-360x480.py
_base_ = [
    '../_base_/models/fld_any-backbone.py',
    '../_base_/datasets/camvid_360x480.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_10k_camvid.py',
]
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=18,
        out_indices=(1, 2, 3),  # x8, x16, x32
        norm_cfg=norm_cfg,
        style='pytorch',
        # weights: init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18')
    ),
    neck=dict(in_channels=512),
    decode_head=dict(in_channels=(128, 256, 512, 128)),
)
# From scratch, AdamW gets further than the original's SGD.
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.01))
