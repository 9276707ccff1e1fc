# PP-LiteSeg-T on synthetic street scenes, from scratch on one device: the embedded default, minutes on a CPU.
_base_ = [
    '../_base_/models/ppliteseg_stdc1.py',
    '../_base_/datasets/synthetic_street.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_synthetic.py',
]
norm_cfg = dict(type='BN', requires_grad=True)
# Square roots of the classes' inverse shares of the pixels: rare ones come in time although training is short.
class_weight = [0.91, 0.76, 1.57, 0.65, 1.36, 0.92, 1.95, 1.88, 1.02, 1.67, 1.81]
model = dict(
    # N(0, 0.001), the original's, is meant to be followed by pretrained weights
    backbone=dict(norm_cfg=norm_cfg, init_cfg=dict(type='Kaiming', layer='Conv2d')),
    neck=dict(norm_cfg=norm_cfg),
    decode_head=dict(num_classes=11, norm_cfg=norm_cfg, loss_decode=dict(class_weight=class_weight)),
)
