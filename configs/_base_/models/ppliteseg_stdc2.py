# PP-LiteSeg-B (arXiv 2204.02681): STDC2 and a wider decoder.
_base_ = './ppliteseg_stdc1.py'
model = dict(
    backbone=dict(arch='stdc2'),
    decode_head=dict(decoder_channels=(64, 96, 128), channels=64),
)
