import cv2
import numpy as np
import pytest

from mmseg_liteseg.inspection.doctor import inspect_config
from tests.drawn_set import CLASSES, make_config, write

HEAD = dict(num_classes=2, multi_label=True, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True), sampler=None)


def inspect(root, layout='folders', suffix='.png'):
    dataset = dict(
        type='mmseg_liteseg.MultiLabelDataset',
        layout=layout,
        seg_map_suffix=suffix,
        metainfo=dict(classes=CLASSES, palette=[[255, 0, 0], [0, 0, 255]]),
    )
    evaluator = dict(type='mmseg_liteseg.MultiLabelMetric')
    cfg = make_config(root, dataset, HEAD, evaluator, multi_label=True)
    return {(f.split, f.kind): f for f in inspect_config(cfg, splits=('train',)).findings}


@pytest.mark.parametrize(('layout', 'suffix'), [('folders', '.png'), ('bands', '.tif')])
def test_nothing_is_wrong(tmp_path, layout, suffix):
    write(tmp_path, layout, count=3)
    found = inspect(tmp_path, layout, suffix)
    assert list(found) == [('train', 'class-masks-read')]
    assert 'train: 3 images with 2 masks each, 3 of them read' in str(found['train', 'class-masks-read'])


def test_masks_that_cannot_be_used(tmp_path):
    write(tmp_path, 'folders', count=3)
    cv2.imwrite(str(tmp_path / 'ann/disc/00.png'), np.zeros((5, 6), np.uint8))
    cv2.imwrite(str(tmp_path / 'ann/square/01.png'), np.arange(48 * 48, dtype=np.uint8).reshape(48, 48) % 3)
    found = inspect(tmp_path)['train', 'class-masks']
    assert found.severity == 'error'
    assert found.count == 2
    text = str(found)
    assert 'the masks of 2 of 3 images cannot be used' in text
    assert 'square/01.png: band 0 holds the values 0, 1, 2' in text
    assert 'must have its size, found 5x6, 48x48' in text


def test_a_class_that_is_nowhere(tmp_path):
    write(tmp_path, 'folders', count=2)
    for path in (tmp_path / 'ann/disc').iterdir():
        cv2.imwrite(str(path), np.zeros((48, 48), np.uint8))
    assert 'no mask holds disc' in str(inspect(tmp_path)['train', 'absent-class'])


def test_bands_that_are_not_the_classes(tmp_path):
    write(tmp_path, 'binary', count=2)
    assert '1 masks, expected 2, one for each class' in str(inspect(tmp_path, 'bands')['train', 'class-masks'])
