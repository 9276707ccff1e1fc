# SPPM and FLD behind a model of timm, MobileNetV4-Conv-Small, two levels, on CamVid at 360x480 from scratch.
#   pip install timm   (which needs the torchvision that fits your torch)
# Of another model, timm.create_model(NAME, features_only=True).feature_info tells channels and strides.
_base_ = [
    '../_base_/models/fld_any-backbone.py',
    '../_base_/datasets/camvid_360x480.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_10k_camvid.py',
]
model = dict(
    backbone=dict(
        _delete_=True,
        type='TIMMBackbone',
        model_name='mobilenetv4_conv_small',
        features_only=True,
        pretrained=False,  # True downloads timm's weights
        out_indices=(2, 3, 4),  # x8: 64 channels, x16: 96, x32: 960
    ),
    neck=dict(in_channels=960),
    # the context stands for x32, whose 960 channels a fusion would have to reduce
    decode_head=dict(
        in_channels=(64, 96, 128),
        in_index=(0, 1, 3),
        decoder_channels=(32, 64),
        aux_channels=(64,),
    ),
)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.01))
