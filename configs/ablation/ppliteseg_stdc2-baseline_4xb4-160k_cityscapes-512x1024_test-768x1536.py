# Table 3, row 1 (mIoU 77.50, 110.9 FPS): a decoder of 96 channels throughout, addition, no pooled context.
_base_ = '../ppliteseg/ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024_test-768x1536.py'
model = dict(
    neck=dict(
        _delete_=True, type='mmseg_liteseg.PlainContext', in_channels=1024, channels=128, norm_cfg=dict(type='SyncBN')
    ),
    decode_head=dict(decoder_channels=(96, 96, 96), fusion_cfg=dict(type='mmseg_liteseg.UAFM')),
)
