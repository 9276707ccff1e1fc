# PP-LiteSeg-B at scale 1.0: larger resize scales in training, tested on whole images.
_base_ = [
    '../_base_/models/ppliteseg_stdc2.py',
    '../_base_/datasets/cityscapes_512x1024_test-1024x2048.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_160k_cityscapes.py',
]
# 130,000 pixels of the 4 images on each GPU, as released
model = dict(decode_head=dict(sampler=dict(min_kept=130000)))
