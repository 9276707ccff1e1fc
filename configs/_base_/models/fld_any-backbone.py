# SPPM and FLD behind another encoder: what stays the same. A config adds its backbone and the channels of its features.
_base_ = './ppliteseg_stdc1.py'
norm_cfg = dict(type='BN', requires_grad=True)
# the mean and deviation that weights from ImageNet were trained with
model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    neck=dict(norm_cfg=norm_cfg),
    decode_head=dict(num_classes=11, norm_cfg=norm_cfg),
)
