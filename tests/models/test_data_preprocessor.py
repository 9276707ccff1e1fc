import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_liteseg.errors import DataError, SettingError
from mmseg_liteseg.models import LiteSegDataPreProcessor
from tests.images.builders import encode, pixels


def make_preprocessor(**kwargs):
    return LiteSegDataPreProcessor(**{**dict(mean=[127.5] * 3, std=[127.5] * 3, bgr_to_rgb=True), **kwargs})


def make_batch(channels=3, batch=2):
    images = [torch.randint(0, 256, (channels, 4, 6), dtype=torch.uint8) for _ in range(batch)]
    return dict(inputs=images, data_samples=[SegDataSample(metainfo=dict(img_path=f'{i}.png')) for i in range(batch)])


def test_smoke_normalises_to_rgb():
    batch = make_batch()
    out = make_preprocessor()(batch)['inputs']
    assert torch.allclose(out, (torch.stack(batch['inputs']).flip(1).float() - 127.5) / 127.5, rtol=0, atol=6e-8)


def test_parity_rounds_as_paddleseg():
    """float32 at every step: x / 255, then - 0.5, then / 0.5; bit for bit, for all values."""
    values = np.arange(256, dtype=np.float32).reshape(1, 16, 16).repeat(3, 0)
    expected = (values / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
    out = make_preprocessor()(dict(inputs=[torch.from_numpy(values)]))['inputs'][0]
    assert np.array_equal(out.numpy(), expected)
    assert not np.array_equal(expected, (values - 127.5) / 127.5)


def test_mean_and_std_by_channel():
    image = torch.full((3, 2, 2), 200.0)
    kwargs = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=False)
    out = make_preprocessor(**kwargs)(dict(inputs=[image]))['inputs'][0, :, 0, 0]
    expected = [(200 - mean) / std for mean, std in zip(kwargs['mean'], kwargs['std'])]
    assert torch.allclose(out, torch.tensor(expected), atol=1e-6)


@pytest.mark.parametrize('channels', [1, 4])
def test_exception_names_the_image(channels):
    batch = make_batch()
    batch['inputs'][1] = torch.zeros(channels, 4, 6, dtype=torch.uint8)
    with pytest.raises(ValueError, match=rf'1.png has shape \({channels}, 4, 6\), expected \(3, H, W\)'):
        make_preprocessor()(batch)


def test_other_channel_counts_by_mean():
    out = make_preprocessor(mean=[127.5], std=[127.5], bgr_to_rgb=False)(make_batch(channels=1))
    assert out['inputs'].shape == (2, 1, 4, 6)


def test_training_needs_no_size():
    batch = make_batch()
    for sample in batch['data_samples']:
        sample.gt_sem_seg = PixelData(data=torch.zeros(1, 4, 6, dtype=torch.long))
    assert make_preprocessor()(batch, training=True)['inputs'].shape == (2, 3, 4, 6)


@pytest.mark.parametrize('channels', [2, 4, 13])
def test_any_number_of_channels_and_depth(channels):
    mean, std = np.linspace(900, 2900, channels), np.linspace(300, 700, channels)
    images = [torch.randint(0, 4088, (channels, 4, 6)).float() for _ in range(2)]
    preprocessor = LiteSegDataPreProcessor(mean=mean.tolist(), std=std.tolist(), bgr_to_rgb=False)
    out = preprocessor(dict(inputs=images))['inputs']
    expected = (torch.stack(images) - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    torch.testing.assert_close(out, expected.float(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(mean=[1.0] * 4, std=[1.0] * 4), r'bgr_to_rgb: it swaps the first and last of 3 channels, mean has 4'),
        (dict(mean=[1.0] * 4, std=[1.0] * 3), 'mean and std must have one value per channel'),
        (dict(std=None), 'mean and std must have one value per channel'),
    ],
)
def test_exception_settings_that_contradict_each_other(settings, message):
    with pytest.raises(SettingError, match=message):
        make_preprocessor(**settings)


def test_exception_values_of_another_depth():
    batch = make_batch()
    batch['inputs'][1] = torch.linspace(1000, 4087, 72).reshape(3, 4, 6)
    with pytest.raises(DataError, match=r'image 1\.png: most of its values .* set mean and std'):
        make_preprocessor()(batch)


@pytest.mark.parametrize('training', [True, False])
def test_exception_masks_that_others_loaded_are_named(tmp_path, training):
    """mmseg's LoadAnnotations lets colours and other sizes through."""
    batch = make_batch()
    colours, small = tmp_path / 'colours.png', tmp_path / 'small.png'
    colours.write_bytes(encode(pixels((4, 6, 3))))
    small.write_bytes(encode(pixels((3, 6), high=2)))
    for path, shape, reason in ((colours, (4, 6, 3), 'mode RGB, expected'), (small, (1, 3, 6), r'has 4 x 6 pixels')):
        for sample in batch['data_samples']:
            sample.set_metainfo(dict(ori_shape=(4, 6), seg_map_path=str(path)))
            sample.gt_sem_seg = PixelData(data=torch.zeros(shape, dtype=torch.long))
        with pytest.raises(DataError, match=rf'mask .*{path.name}: .*{reason}'):
            make_preprocessor()(batch, training)
