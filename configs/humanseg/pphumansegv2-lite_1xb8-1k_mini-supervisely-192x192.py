# PP-HumanSegV2-Lite: MobileNetV3-Large, four levels, every 3x3 convolution of the decoder separable,
# addition for attention, and all levels together once more
# (human_pp_humansegv2_lite.yml and models/mobileseg.py of PaddleSeg).
#   needs torchvision, as all of mmpretrain
_base_ = './pphumansegv2-mobile_1xb8-1k_mini-supervisely-192x192.py'
custom_imports = dict(imports=['mmseg_liteseg.registry', 'mmpretrain.models'], allow_failed_imports=False)
model = dict(
    backbone=dict(_delete_=True, type='mmpretrain.MobileNetV3', arch='large', out_indices=(3, 6, 12, 15)),
    neck=dict(in_channels=160, separable=True),
    decode_head=dict(
        in_channels=(24, 40, 112, 160, 128),
        decoder_channels=(32, 64, 96, 128),
        channels=16,
        aux_channels=(32, 32, 32),
        fusion_cfg=dict(type='mmseg_liteseg.UAFM', separable=True),
        separable=True,
        fuse_levels=True,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=0.0001))
