# STDC1 on ImageNet-1k from labels, STDC's own schedule.
_base_ = [
    '../_base_/models/stdc1_classifier.py',
    '../_base_/datasets/imagenet_224.py',
    '../_base_/schedules/schedule_300e_stdc.py',
    '../_base_/classification_runtime.py',
]
