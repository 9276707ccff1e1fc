# PP-LiteSeg-T on synthetic street scenes, from scratch on one device: the embedded default, minutes on a CPU.
_base_ = [
    '../_base_/models/ppliteseg_stdc1.py',
    '../_base_/datasets/synthetic_street.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_synthetic.py',
]
norm_cfg = dict(type='BN', requires_grad=True)
crop_size = (128, 192)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(norm_cfg=norm_cfg),
    neck=dict(norm_cfg=norm_cfg),
    decode_head=dict(num_classes=11, norm_cfg=norm_cfg),
)
