# STDC2 on ImageNet-1k from labels, STDC's own schedule.
_base_ = './stdc1_8xb128_in1k.py'
model = dict(backbone=dict(arch='stdc2'))
