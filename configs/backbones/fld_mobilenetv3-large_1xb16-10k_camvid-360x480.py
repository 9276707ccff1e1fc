# SPPM and FLD behind mmpretrain's MobileNetV3-Large, four levels, on CamVid at 360x480 from scratch.
# mmseg's own MobileNetV3 dilates its last stages: its features end at 1/8.
#   needs torchvision, as all of mmpretrain
_base_ = [
    '../_base_/models/fld_any-backbone.py',
    '../_base_/datasets/camvid_360x480.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_10k_camvid.py',
]
custom_imports = dict(imports=['mmseg_liteseg.registry', 'mmpretrain.models'], allow_failed_imports=False)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmpretrain.MobileNetV3',
        arch='large',
        out_indices=(3, 6, 12, 15),  # x4, x8, x16, x32: the last layer of each resolution
        # weights: init_cfg=dict(type='Pretrained', checkpoint=..., prefix='backbone.')
    ),
    neck=dict(in_channels=160),
    decode_head=dict(
        in_channels=(24, 40, 112, 160, 128),
        in_index=(0, 1, 2, 3, 4),
        decoder_channels=(32, 64, 96, 128),
        aux_channels=(32, 64, 64),
    ),
)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.01))
