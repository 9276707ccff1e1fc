import pytest
import torch
from mmseg.structures import SegDataSample

from mmseg_liteseg.models import LiteSegDataPreProcessor


def make_preprocessor(**kwargs):
    return LiteSegDataPreProcessor(**{**dict(mean=[127.5] * 3, std=[127.5] * 3, bgr_to_rgb=True), **kwargs})


def make_batch(channels=3, batch=2):
    images = [torch.randint(0, 256, (channels, 4, 6), dtype=torch.uint8) for _ in range(batch)]
    return dict(inputs=images, data_samples=[SegDataSample(metainfo=dict(img_path=f'{i}.png')) for i in range(batch)])


def test_smoke_normalises_to_rgb():
    batch = make_batch()
    out = make_preprocessor()(batch)['inputs']
    assert torch.equal(out, (torch.stack(batch['inputs']).flip(1).float() - 127.5) / 127.5)


@pytest.mark.parametrize('channels', [1, 4])
def test_exception_names_the_image(channels):
    batch = make_batch()
    batch['inputs'][1] = torch.zeros(channels, 4, 6, dtype=torch.uint8)
    with pytest.raises(ValueError, match=rf'1.png has shape \({channels}, 4, 6\), expected \(3, H, W\)'):
        make_preprocessor()(batch)


def test_other_channel_counts_by_mean():
    out = make_preprocessor(mean=[127.5], std=[127.5], bgr_to_rgb=False)(make_batch(channels=1))
    assert out['inputs'].shape == (2, 1, 4, 6)
