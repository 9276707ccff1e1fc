# SSLD's second stage: 30 epochs of ImageNet-1k alone at a hundredth of the first stage's learning rate (PaddleClas'
# distillation_en.md, "finetuning using ImageNet1k").
_base_ = './schedule_360e_ssld.py'
optim_wrapper = dict(optimizer=dict(lr=0.004))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=True, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=25, by_epoch=True, begin=5, end=30, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=30)
