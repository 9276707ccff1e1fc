# SSLD's first stage: 360 epochs of five million images, learning rate 0.1 for 256 images with a cosine, momentum 0.9
# (docs/en/advanced_tutorials/distillation/distillation_en.md of PaddleClas, its table of ResNets). Warm-up of five
# epochs and weight decay 4e-5 as in ppcls/configs/ImageNet/Distillation/PPLCNet_x2_5_ssld.yaml, the distilled network
# nearest to STDC1 in size.
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.4, momentum=0.9, weight_decay=4e-5))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=True, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=355, by_epoch=True, begin=5, end=360, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=360, val_interval=1)
auto_scale_lr = dict(base_batch_size=1024)
# PaddleClas averages with 0.9999 where it does (its ConvNeXt configs); its SSLD configs do not.
custom_hooks = [dict(type='EMAHook', momentum=1e-4, priority='ABOVE_NORMAL')]
