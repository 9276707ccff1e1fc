# STDC's own (arXiv 2104.13188; what of it could be checked: docs/pretraining.md): SGD, momentum 0.9, weight decay 1e-4,
# 300 epochs, the first five from 0.001 to 0.1, then a cosine; label smoothing and dropout stand with the model. The
# paper's 0.1 is taken as the rate for 256 images, so 0.4 for 8 x 128.
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.4, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=295, by_epoch=True, begin=5, end=300, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=300, val_interval=1)
auto_scale_lr = dict(base_batch_size=1024)
