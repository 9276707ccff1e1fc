"""Pictures by the host's visualizer: of 16 bits, of several classes at a pixel, and as ever."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_liteseg.registry import VISUALIZERS

META = dict(classes=['a', 'b'], palette=[[255, 0, 0], [0, 0, 255]])


def draw(visualizer, image, path, label):
    visualizer.dataset_meta = META
    sample = SegDataSample(pred_sem_seg=PixelData(data=label), metainfo=dict(img_path=str(path)))
    out = str(path.with_name('drawn.png'))
    visualizer.add_datasample('x', image, sample, draw_gt=False, with_labels=False, out_file=out)
    return cv2.imread(out)[..., ::-1]


def build():
    return VISUALIZERS.build(dict(type='mmseg_liteseg.LiteSegVisualizer', name='x', alpha=0.5))


@pytest.mark.parametrize('channels', [1, 3, 5])
def test_deep_arrays_are_stretched(tmp_path, channels):
    values = np.tile(np.linspace(0, 4000, 40)[:, None], (30, 1, channels))
    drawn = draw(build(), values, tmp_path / 'a.png', torch.zeros(1, 30, 40, dtype=torch.long))
    assert drawn[..., 1].max() > 100


def test_a_mirrored_array_is_drawn_not_its_file(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    label = torch.zeros(1, 30, 40, dtype=torch.long)
    plain = draw(build(), image, tmp_path / 'a.png', label)
    assert (draw(build(), image[:, ::-1].copy(), tmp_path / 'a.png', label) == plain[:, ::-1]).all()


def test_plain_images_are_drawn_as_the_host_does(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    label = torch.arange(30)[None, :, None].expand(1, 30, 40) // 15
    expected = draw(SegLocalVisualizer(alpha=0.5), image[..., ::-1].copy(), tmp_path / 'a.png', label)
    assert (draw(build(), image[..., ::-1].copy(), tmp_path / 'a.png', label) == expected).all()
    assert (draw(build(), image[..., ::-1].copy(), tmp_path / 'gone.png', label) == expected).all()


def test_several_classes_at_a_pixel(tmp_path):
    masks = torch.tensor([[[1, 1, 0]], [[1, 0, 0]]])
    drawn = draw(build(), np.full((1, 3, 3), 100, np.uint8), tmp_path / 'gone.png', masks)
    assert drawn[0].tolist() == [[114, 50, 114], [178, 50, 50], [100, 100, 100]]
