# PP-HumanSegV2-Mobile: PP-LiteSeg with STDC1, four levels from x4 on and a thin decoder
# (contrib/PP-HumanSeg/configs/human_pp_humansegv2_mobile.yml of PaddleSeg).
# Their recipe starts from weights trained on 14,000 portraits; 1,000 iterations from scratch reach little.
# Their RandomBlur is left out.
_base_ = [
    '../_base_/models/ppliteseg_stdc1.py',
    '../_base_/datasets/mini-supervisely_192x192.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_1k_humanseg.py',
]
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(norm_cfg=norm_cfg, out_indices=(1, 2, 3, 4)),
    neck=dict(norm_cfg=norm_cfg),
    decode_head=dict(
        in_channels=(64, 256, 512, 1024, 128),
        in_index=(0, 1, 2, 3, 4),
        decoder_channels=(4, 16, 32, 64),
        channels=4,
        aux_channels=(16, 32, 64),
        num_classes=2,
        norm_cfg=norm_cfg,
        sampler=None,
        loss_decode=[
            dict(type='CrossEntropyLoss', loss_weight=0.8, avg_non_ignore=True),
            dict(type='mmseg_liteseg.LovaszLoss', loss_weight=0.2),
        ],
    ),
)
