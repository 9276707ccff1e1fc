# PP-LiteSeg-T2: trained as T1, tested at scale 0.75.
_base_ = [
    '../_base_/models/ppliteseg_stdc1.py',
    '../_base_/datasets/cityscapes_512x1024_test-768x1536.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_160k_cityscapes.py',
]
# 130,000 pixels of the 4 images on each GPU, as released
model = dict(decode_head=dict(sampler=dict(min_kept=130000)))
