from __future__ import annotations

import os

import cv2
import mmcv.transforms
import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations as HostLoadAnnotations
from mmseg.registry import TRANSFORMS

from mmseg_liteseg.datasets import LoadAnnotations, LoadImageFromFile
from mmseg_liteseg.images import ImageFileError
from tests.images.builders import encode, exif, pil_file, pixels, png_header

RGB, LABELS = pixels((6, 9, 3)), pixels((6, 9), high=4)


@pytest.fixture
def files(tmp_path):
    """Writes a file and gives what a data set says of it."""

    def write(name='a.png', data=None, mask='m.png', mask_data=None, **more):
        (tmp_path / name).write_bytes(encode(RGB) if data is None else data)
        (tmp_path / mask).write_bytes(encode(LABELS) if mask_data is None else mask_data)
        results = dict(img_path=str(tmp_path / name), seg_map_path=str(tmp_path / mask), seg_fields=[], label_map=None)
        return dict(results, reduce_zero_label=False, **more)

    return write


@pytest.mark.parametrize('to_float32', [False, True])
@pytest.mark.parametrize('color_type', ['color', 'grayscale', 'unchanged'])
def test_equal_to_the_hosts(files, color_type, to_float32):
    ours, hosts = (
        kind(color_type=color_type, to_float32=to_float32)(files())
        for kind in (LoadImageFromFile, mmcv.transforms.LoadImageFromFile)
    )
    assert ours['img'].dtype == hosts['img'].dtype
    np.testing.assert_array_equal(ours['img'], hosts['img'])
    assert (ours['img_shape'], ours['ori_shape']) == (hosts['img_shape'], hosts['ori_shape'])


def test_the_hosts_name_builds_ours_wherever_configs_of_ours_are_used():
    assert TRANSFORMS.get('LoadImageFromFile') is LoadImageFromFile
    assert isinstance(TRANSFORMS.build(dict(type='InferencerLoader')).from_file, LoadImageFromFile)
    assert TRANSFORMS.get('LoadAnnotations') is HostLoadAnnotations
    assert mmcv.transforms.LoadImageFromFile is not LoadImageFromFile


@pytest.mark.parametrize('dtype', [np.uint16, np.float32])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_depth_is_kept_as_float(files, dtype, channels):
    image = pixels((6, 9, channels), dtype, 4088)
    results = LoadImageFromFile(color_type='unchanged')(files('a.tif', encode(image, '.tif')))
    assert results['img'].dtype == np.float32
    assert results['img_depth'] == np.dtype(dtype).name
    np.testing.assert_array_equal(results['img'], image.squeeze())


@pytest.mark.parametrize('data', [b'', b'x', png_header(30000, 30000), encode(RGB)[:60]])
def test_a_bad_image_is_named(files, data):
    with pytest.raises(ImageFileError, match=r'a\\nb\.png'):
        LoadImageFromFile()(files('a\nb.png', data))
    assert LoadImageFromFile(ignore_empty=True)(files('a\nb.png', data)) is None


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'a.png')
    with pytest.raises(ImageFileError, match='found a pipe'):
        LoadImageFromFile()(dict(img_path=str(tmp_path / 'a.png')))


def test_other_backends_fail_with_the_name_too():
    with pytest.raises(ImageFileError, match=r'synthetic://1x1/a\.png: cannot be read \(.*no such scene'):
        LoadImageFromFile()(dict(img_path='synthetic://1x1/a.png'))


@pytest.mark.parametrize('reduce', [False, True])
@pytest.mark.parametrize('label_map', [None, {0: 2, 1: 0, 2: 255, 3: 1}])
def test_labels_are_the_hosts(files, reduce, label_map):
    labels = np.where(LABELS == 3, 255, LABELS).astype(np.uint8)
    results = [files(mask_data=encode(labels)) for _ in range(2)]
    for result in results:
        result.update(reduce_zero_label=reduce, label_map=label_map)
    ours, hosts = LoadAnnotations()(results[0]), HostLoadAnnotations()(results[1])
    assert ours['gt_seg_map'].dtype == hosts['gt_seg_map'].dtype
    np.testing.assert_array_equal(ours['gt_seg_map'], hosts['gt_seg_map'])
    assert ours['seg_fields'] == hosts['seg_fields'] == ['gt_seg_map']


def test_labels_of_16_bits_are_not_cut(files):
    results = LoadAnnotations()(files(mask_data=encode(LABELS.astype(np.uint16) * 256)))
    assert results['gt_seg_map'].max() == 768


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'LA'])
def test_colours_are_no_labels(files, mode):
    with pytest.raises(ImageFileError, match=rf'mask .*m\.png: mode {mode}, expected one channel'):
        LoadAnnotations()(files(mask_data=pil_file(RGB, 'PNG', mode)))


def test_sizes_are_compared_before_anything_is_resized(files):
    results = mmcv.transforms.Resize(scale=(18, 12))(LoadImageFromFile()(files(mask_data=encode(LABELS[:5]))))
    with pytest.raises(ImageFileError, match=r'm\.png: 5 x 9 pixels .* image .*a\.png has 6 x 9$'):
        LoadAnnotations()(results)


def test_a_turned_image_is_named_as_the_cause(files):
    results = LoadImageFromFile()(files('a.jpg', pil_file(RGB, 'JPEG', exif=exif(6))))
    with pytest.raises(ImageFileError, match=r'6 x 9 .* has 9 x 6\. .*EXIF'):
        LoadAnnotations()(results)


def test_no_mask_is_missed_where_there_is_no_data_set(files):
    picture = dict(img_path='a.png', img=RGB)
    assert LoadAnnotations()(dict(picture)) == picture
    results = files()
    del results['seg_map_path']
    with pytest.raises(ImageFileError, match=r'a\.png: its data set names no mask'):
        LoadAnnotations()(results)


def test_other_decoders_are_the_hosts(files):
    results = LoadAnnotations(imdecode_backend='cv2')(LoadImageFromFile(imdecode_backend='pillow')(files()))
    np.testing.assert_array_equal(results['img'], RGB)
    np.testing.assert_array_equal(results['gt_seg_map'], LABELS)
    assert cv2.__version__
