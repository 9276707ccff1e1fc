from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.models.decode_heads.labels import check_labels
from tests.images.builders import encode


def sample_of(labels, path=None, **meta):
    sample = SegDataSample(metainfo=dict(seg_map_path=str(path), **meta) if path else meta)
    sample.gt_sem_seg = PixelData(data=torch.as_tensor(labels)[None].long())
    return sample


def write(path, labels):
    path.write_bytes(encode(np.array(labels, np.uint8)))
    return path


def test_labels_in_range_pass():
    check_labels([sample_of([[0, 2, 255]])], 3, 255)


def test_the_file_that_holds_the_value_is_named(tmp_path):
    """Both batches hold 255, from padding in the first; 7 stands in the second file alone."""
    first = sample_of([[0, 255]], write(tmp_path / 'a.png', [[0, 1]]))
    second = sample_of([[0, 7]], write(tmp_path / 'b.png', [[0, 7]]))
    with pytest.raises(DataError, match=r'labels \[7\] in .*b\.png: expected 0\.\.2 .* ignore_index=0'):
        check_labels([first, second], 3, 0)


def test_padding_is_named_where_no_file_holds_the_value(tmp_path):
    sample = sample_of([[0, 255]], write(tmp_path / 'a.png', [[0, 1]]))
    with pytest.raises(DataError, match=r'labels \[255\], which are in no file .*a\.png.*seg_pad_val.* to 0'):
        check_labels([sample], 3, 0)


def test_zero_label_that_was_reduced(tmp_path):
    path = write(tmp_path / 'a.png', [[0, 9]])
    with pytest.raises(DataError, match=r'labels \[8\] in .*a\.png'):
        check_labels([sample_of([[255, 8]], path, reduce_zero_label=True)], 3, 255)


def test_without_a_file_the_image_is_named():
    with pytest.raises(DataError, match=r'labels \[9\] in i\.png'):
        check_labels([sample_of([[9]], img_path='i.png')], 3, 255)
