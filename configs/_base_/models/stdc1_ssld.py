# STDC1 taught by a frozen classifier (SSLD, arXiv 2103.05959).
_base_ = './stdc1_classifier.py'
model = dict(
    type='mmseg_liteseg.SSLDClassifier',
    # The teacher that PaddleClas chose for its ResNets (82.4 to 84.2 top-1 teachers for small networks); which one
    # PaddleSeg's encoders had is not published. Its weights are for non-commercial use (CC-BY-NC 4.0). Any other:
    # teacher='path/to/config.py', teacher_checkpoint='path/to/weights.pth'.
    teacher=dict(type='TimmClassifier', model_name='resnext101_32x16d.fb_wsl_ig1b_ft_in1k', pretrained=True),
    divergence=dict(type='mmseg_liteseg.JSDivergence', kind='js'),
)
