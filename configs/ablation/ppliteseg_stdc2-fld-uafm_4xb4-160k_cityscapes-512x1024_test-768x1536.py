# Table 3, row 4 (77.89, 105.5 FPS): baseline + FLD + UAFM, no pooled context.
# Row 5, all of it, is the base of this config.
_base_ = '../ppliteseg/ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024_test-768x1536.py'
model = dict(
    neck=dict(
        _delete_=True, type='mmseg_liteseg.PlainContext', in_channels=1024, channels=128, norm_cfg=dict(type='SyncBN')
    ),
)
