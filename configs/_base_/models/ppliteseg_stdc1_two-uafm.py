# PP-LiteSeg-T as the paper's text has it: two UAFMs (x16, x8) on SPPM's context, one head. No released weights fit it.
_base_ = './ppliteseg_stdc1.py'
model = dict(
    decode_head=dict(
        in_channels=(256, 512, 128),
        in_index=(0, 1, 3),
        decoder_channels=(32, 64),
        aux_channels=(),
    ),
)
