from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image

from mmseg_liteseg.engine import PaintHook


class Loader(list):
    """A data loader of one batch whose data set has no files."""

    dataset = SimpleNamespace(metainfo=dict(classes=('a', 'b'), palette=[[0, 0, 0], [255, 255, 255]]), data_prefix={})


def paint(hook, sample, image):
    runner = SimpleNamespace(test_dataloader=Loader([0]), logger=logging.getLogger('test'))
    hook.before_test(runner)
    hook.after_test_iter(runner, 0, dict(inputs=image), [sample])


def make_sample(path):
    sample = SegDataSample(metainfo=dict(img_path=path, ori_shape=(4, 6)))
    sample.pred_sem_seg = PixelData(data=torch.zeros(1, 4, 6, dtype=torch.long))
    return sample


def test_images_made_in_memory_are_painted_from_the_batch(tmp_path):
    blue_in_bgr = torch.zeros(3, 8, 12, dtype=torch.uint8)
    blue_in_bgr[0] = 200
    for inputs in ([blue_in_bgr], [[blue_in_bgr], [blue_in_bgr]]):  # a batch, and one of test-time augmentation
        paint(PaintHook(str(tmp_path), alpha=0.5), make_sample('scene_7'), inputs)
        picture = np.asarray(Image.open(tmp_path / 'scene_7.png')).astype(int)
        assert picture.shape == (4, 6, 3)
        assert abs(picture - [0, 0, 100]).max() <= 1


def test_names_stay_below_the_folder(tmp_path):
    hook = PaintHook(str(tmp_path / 'out'))
    hook._root = 'data/city/images'
    assert str(hook._relative_name('data/city/images/bonn/1.jpg')) == 'bonn/1.png'
    assert str(hook._relative_name('/elsewhere/1.jpg')) == '1.png'
