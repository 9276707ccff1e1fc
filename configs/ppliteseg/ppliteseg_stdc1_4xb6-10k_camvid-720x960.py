# PP-LiteSeg-T on CamVid at its original size.
_base_ = [
    '../_base_/models/ppliteseg_stdc1.py',
    '../_base_/datasets/camvid_720x960.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/schedule_10k_camvid.py',
]
# 250,000 pixels of the 6 images on each GPU, as released
model = dict(decode_head=dict(num_classes=11, sampler=dict(min_kept=250000)))
