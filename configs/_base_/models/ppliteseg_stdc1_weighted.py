# PP-LiteSeg-T with weights for rare classes in place of hard pixels: for few images and no pretrained weights.
# The weights are computed from the train split at the start of a training: 1 / ln(1.10 + share of the pixels), as
# ERFNet, CGNet and DABNet have them (https://github.com/Eromera/erfnet_pytorch, train/main.py).
_base_ = './ppliteseg_stdc1.py'
class_weight = dict(type='enet', c=1.10, mean=1.0)
model = dict(decode_head=dict(sampler=None, loss_decode=dict(class_weight=class_weight)))
