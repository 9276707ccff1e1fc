# PP-LiteSeg-T1 with the two UAFMs of the paper's text instead of the released three.
_base_ = [
    '../_base_/models/ppliteseg_stdc1_two-uafm.py',
    '../_base_/datasets/cityscapes_512x1024.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_160k_cityscapes.py',
]
# 130,000 pixels of the 4 images on each GPU, as released
model = dict(decode_head=dict(sampler=dict(min_kept=130000)))
