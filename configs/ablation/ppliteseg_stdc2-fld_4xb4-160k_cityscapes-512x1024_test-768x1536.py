# Table 3, row 2 (77.67, 109.7 FPS): baseline + FLD, channels that grow with depth.
_base_ = '../ppliteseg/ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024_test-768x1536.py'
model = dict(
    neck=dict(
        _delete_=True, type='mmseg_liteseg.PlainContext', in_channels=1024, channels=128, norm_cfg=dict(type='SyncBN')
    ),
    decode_head=dict(fusion_cfg=dict(type='mmseg_liteseg.UAFM')),
)
