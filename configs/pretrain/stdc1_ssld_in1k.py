# STDC1 from a teacher, SSLD's first stage: images without labels, 8 x 128.
_base_ = [
    '../_base_/models/stdc1_ssld.py',
    '../_base_/datasets/imagenet_unlabelled_224.py',
    '../_base_/schedules/schedule_360e_ssld.py',
    '../_base_/classification_runtime.py',
]
