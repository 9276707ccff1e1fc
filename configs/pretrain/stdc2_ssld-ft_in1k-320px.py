# STDC2 from a teacher, SSLD's second stage: ImageNet-1k at 320 pixels, from the first stage's weights.
_base_ = './stdc1_ssld-ft_in1k-320px.py'
load_from = 'work_dirs/stdc2_ssld_in1k/epoch_360.pth'
model = dict(backbone=dict(arch='stdc2'))
