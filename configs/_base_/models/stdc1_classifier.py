# STDC1 as a classifier (arXiv 2104.13188), with the normalisation of images that mmpretrain and PaddleClas train with.
custom_imports = dict(imports=['mmseg_liteseg.pretrain'], allow_failed_imports=False)
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True),
    backbone=dict(
        type='mmseg_liteseg.STDCNet',
        arch='stdc1',
        out_indices=(4,),
        norm_cfg=norm_cfg,
        # the authors', nets/stdcnet.py; the segmentation configs' N(0, 0.001) is meant for weights that follow
        init_cfg=dict(type='Kaiming', layer='Conv2d'),
    ),
    head=dict(
        type='mmseg_liteseg.STDCHead',
        num_classes=1000,
        dropout=0.2,
        norm_cfg=norm_cfg,
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
        topk=(1, 5),
    ),
)
