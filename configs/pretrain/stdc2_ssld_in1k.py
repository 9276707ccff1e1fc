# STDC2 from a teacher, SSLD's first stage: images without labels, 8 x 128.
_base_ = './stdc1_ssld_in1k.py'
model = dict(backbone=dict(arch='stdc2'))
