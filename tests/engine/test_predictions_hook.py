from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_liteseg.engine import PredictionsHook
from mmseg_liteseg.images import read_mask
from tests.engine.test_names import Data


@pytest.mark.parametrize(
    ('highest', 'reduced', 'dtype'), [(9, False, np.uint8), (9, True, np.uint8), (300, False, np.uint16)]
)
def test_labels_are_kept(tmp_path, highest, reduced, dtype):
    paths = ['one/a.jpg', 'two/a.jpg']
    hook = PredictionsHook(str(tmp_path))
    hook.before_test(SimpleNamespace(test_dataloader=SimpleNamespace(dataset=Data(paths))))
    labels = torch.arange(highest + 1).reshape(1, 1, -1)
    for shift, path in enumerate(paths):
        sample = SegDataSample(metainfo=dict(img_path=path, reduce_zero_label=reduced))
        sample.pred_sem_seg = PixelData(data=labels.roll(shift))
        hook.after_test_iter(None, 0, {}, [sample])
    for shift, name in enumerate(('one/a.png', 'two/a.png')):
        found = read_mask(tmp_path / name)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, labels[0].roll(shift).numpy() + reduced)
