# STDC1 from a teacher, SSLD's second stage: ImageNet-1k at 320 pixels, from the first stage's weights.
_base_ = [
    '../_base_/models/stdc1_ssld.py',
    '../_base_/datasets/imagenet_224.py',
    '../_base_/schedules/schedule_30e_ssld-ft.py',
    '../_base_/classification_runtime.py',
]
load_from = 'work_dirs/stdc1_ssld_in1k/epoch_360.pth'
# PaddleClas finetunes the network at 224, and then the last layer alone at 320, which would leave the encoder as it is.
# Here the network is finetuned at 320: segmentation sees larger images, too.
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=320),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=366, edge='short'),  # 320 / 0.875
    dict(type='CenterCrop', crop_size=320),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))  # its labels are not looked at
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
