from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image

from mmseg_liteseg.engine import PaintHook
from tests.images.builders import encode, pixels


def test_pictures_of_16_bits_are_not_black(tmp_path):
    (tmp_path / 'a.png').write_bytes(encode(pixels((8, 9, 3), np.uint16, 4088)))
    dataset = SimpleNamespace(metainfo=dict(palette=[(0, 0, 0)]), data_prefix=dict(img_path=str(tmp_path)))
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=dataset), model=None)
    sample = SegDataSample(metainfo=dict(img_path=str(tmp_path / 'a.png')))
    sample.pred_sem_seg = PixelData(data=torch.zeros(1, 8, 9, dtype=torch.long))
    hook = PaintHook(str(tmp_path / 'out'))
    hook.before_test(runner)
    hook.after_test_iter(runner, 0, {}, [sample])
    picture = np.asarray(Image.open(tmp_path / 'out/a.png'))
    assert picture.shape == (8, 18, 3)
    assert (picture[:, :9].min(), picture[:, :9].max()) == (0, 255)
