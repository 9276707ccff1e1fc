# PP-LiteSeg-T (arXiv 2204.02681): STDC1, SPPM, three UAFMs with spatial attention.
norm_cfg = dict(type='SyncBN', requires_grad=True)
ohem = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=1 / 16)
data_preprocessor = dict(
    type='mmseg_liteseg.LiteSegDataPreProcessor',
    mean=[127.5, 127.5, 127.5],
    std=[127.5, 127.5, 127.5],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
)
model = dict(
    type='mmseg_liteseg.FastEncoderDecoder',
    data_preprocessor=data_preprocessor,
    backbone=dict(type='mmseg_liteseg.STDCNet', arch='stdc1', norm_cfg=norm_cfg),
    neck=dict(type='mmseg_liteseg.SPPM', in_channels=1024, channels=128, norm_cfg=norm_cfg),
    decode_head=dict(
        type='mmseg_liteseg.FLDHead',
        in_channels=(256, 512, 1024, 128),
        in_index=(0, 1, 2, 3),
        decoder_channels=(32, 64, 128),
        channels=32,
        aux_channels=(64, 64),
        fusion_cfg=dict(type='mmseg_liteseg.SpatialUAFM'),
        num_classes=19,
        norm_cfg=norm_cfg,
        align_corners=False,
        sampler=ohem,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
