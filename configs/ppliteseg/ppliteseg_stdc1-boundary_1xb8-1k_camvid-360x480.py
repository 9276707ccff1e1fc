# PP-LiteSeg-T on whole images of CamVid: the end of the training that starts on crops (docs/camvid.md).
#   --cfg-options load_from=work_dirs/ppliteseg_stdc1-weighted_1xb8-10k_camvid-288x384/iter_10000.pth
_base_ = [
    '../_base_/models/ppliteseg_stdc1_weighted.py',
    '../_base_/datasets/camvid_360x480.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_1k_boundary.py',
]
crop_size = (360, 480)
# The test split was filmed at dusk too, train and val by day.
darker = [[dict(type='AdjustGamma', gamma=gamma)] for gamma in (0.4, 0.55, 0.75, 1.4)]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadAnnotations'),
    # sizes near those of the test: FC-DenseNet, too, ends on whole images (https://arxiv.org/abs/1611.09326)
    dict(
        type='mmseg_liteseg.RandomScaleCrop',
        crop_size=crop_size,
        min_scale_factor=0.75,
        max_scale_factor=1.5,
        scale_step_size=0.25,
    ),
    dict(type='mmseg_liteseg.RandomHorizontalFlip'),
    dict(type='RandomChoice', transforms=[[], *darker], prob=[0.5, 0.125, 0.125, 0.125, 0.125]),
    dict(type='mmseg_liteseg.RandomDistort'),
    dict(type='PackSegInputs'),
]
pipeline_for = dict(crop_size=crop_size)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
# Edges count more and classes alike, as in SuperGradients' recipe of PP-LiteSeg
# (https://github.com/Deci-AI/super-gradients, super_gradients/training/losses/dice_ce_edge_loss.py).
losses = [
    dict(type='mmseg_liteseg.BoundaryCrossEntropyLoss', class_weight=dict(type='enet', c=1.10, mean=1.0)),
    dict(type='mmseg_liteseg.DiceLoss'),
]
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(norm_cfg=norm_cfg, init_cfg=dict(type='Kaiming', layer='Conv2d')),
    neck=dict(norm_cfg=norm_cfg),
    decode_head=dict(num_classes=11, norm_cfg=norm_cfg, loss_decode=losses),
)
