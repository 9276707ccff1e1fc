# Table 3, row 3 (77.76, 106.3 FPS): baseline + FLD + SPPM, addition for attention.
_base_ = '../ppliteseg/ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024_test-768x1536.py'
model = dict(decode_head=dict(fusion_cfg=dict(type='mmseg_liteseg.UAFM')))
