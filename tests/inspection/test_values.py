from __future__ import annotations

import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image

from mmseg_liteseg.inspection.facts import MaskFacts
from mmseg_liteseg.inspection.values import explain_values, to_labels


@pytest.mark.parametrize('reduce_zero_label', [False, True])
@pytest.mark.parametrize('label_map', [None, {0: 0, 1: 255, 2: 1}])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_labels_are_those_that_mmseg_loads(tmp_path, reduce_zero_label, label_map, dtype):
    mask = np.random.default_rng(0).choice([0, 1, 2, 3, 254, 255], (8, 9)).astype(dtype)
    if dtype == np.uint16:
        mask[0] = 1000
    path = str(tmp_path / 'a.png')
    Image.fromarray(mask).save(path)
    results = dict(seg_map_path=path, seg_fields=[], reduce_zero_label=reduce_zero_label, label_map=label_map)
    loaded = LoadAnnotations()(results)['gt_seg_map']
    expected = dict(zip(*(part.tolist() for part in np.unique(loaded, return_counts=True))))
    counts = dict(zip(*(part.tolist() for part in np.unique(mask, return_counts=True))))
    assert to_labels(counts, reduce_zero_label, label_map) == expected


def facts(**kwargs):
    return MaskFacts(**{**dict(height=1, width=1, channels=1, bits=8, mode='L', format='PNG'), **kwargs})


@pytest.mark.parametrize(
    ('values', 'num_classes', 'cause', 'cure'),
    [
        ([0, 128], 2, '0 and 128, mean off and on', 'write 1 where masks hold 128'),
        ([0, 65535], 2, '0 and 65535, mean off and on', 'write 1 where masks hold 65535'),
        ([0, 256, 512, 768], 4, 'class numbers times 256', 'divide all values by 256'),
        ([0, 257, 514], 3, 'class numbers times 257', 'divide'),
        ([0, 127, 254, 255], 3, 'class numbers times 127', 'divide'),
        ([0, 17, 34], 3, 'class numbers times 17', 'divide'),
        ([1, 2, 3], 3, 'counted from 1', 'reduce_zero_label=True'),
        ([0, 1, 2, 3], 3, '0 to 3 are 4 values', 'name the class of 0 too'),
        (range(60), 3, '60 different values look like a picture', 'nearest neighbour'),
        ([0, 7], 3, '', 'name all classes'),
    ],
)
def test_kinds_of_mistakes_are_told_apart(values, num_classes, cause, cure):
    found = explain_values(values, num_classes)
    assert cause in found[0]
    assert cure in found[1]


def test_formats_tell_too():
    assert 'JPEG' in explain_values([0, 1, 2, 5], 2, [facts(format='JPEG')])[0]
    assert 'grey PNG of 4 bits' in explain_values([0, 17, 34], 3, [facts(bits=4)])[0]
