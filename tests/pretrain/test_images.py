from __future__ import annotations

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg_liteseg.errors import SettingError

pytestmark = pytest.mark.usefixtures('torchvision')
PIPELINE = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
PIXELS = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)


def prepare(cfg):
    from mmseg_liteseg.pretrain.images import prepare_images

    return prepare_images(cfg)


def config(*folders, **options):
    """As the unlabelled configs have it: folders side by side."""
    sets = [
        dict(type='CustomDataset', with_label=False, data_prefix=str(f), pipeline=PIPELINE, **options) for f in folders
    ]
    return Config(dict(train_dataloader=dict(dataset=dict(type='ConcatDataset', datasets=sets))))


def write(path, mode='RGB'):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257) if mode == 'I;16' else Image.fromarray(PIXELS)
    (image if mode in ('RGB', 'I;16') else image.convert(mode)).save(path)


def test_our_reader_takes_every_kind_of_image_to_any_depth_of_folders(tmp_path):
    from mmpretrain.registry import DATASETS

    for i, mode in enumerate(('RGB', 'L', 'RGBA', 'P', '1', 'I;16')):
        write(tmp_path / 'a/b' / f'{i}.png', mode)
    write(tmp_path / 'c/6.jpg', 'CMYK')
    write(tmp_path / '7.PNG')
    cfg = config(tmp_path)
    assert prepare(cfg) == []
    dataset = DATASETS.build(dict(cfg.train_dataloader.dataset, _scope_='mmpretrain'))
    assert len(dataset) == 8
    assert all(sample['inputs'].shape == (3, 16, 16) for sample in dataset)
    assert {str(sample['inputs'].dtype) for sample in dataset} == {'torch.uint8'}


@pytest.mark.parametrize('content', [b'', b'no image', 'half'])
def test_a_broken_file_is_named(tmp_path, content):
    from mmpretrain.registry import DATASETS

    write(tmp_path / 'x.png')
    data = (tmp_path / 'x.png').read_bytes()
    (tmp_path / 'x.png').write_bytes(data[: len(data) // 2] if content == 'half' else content)
    cfg = config(tmp_path)
    prepare(cfg)
    dataset = DATASETS.build(dict(cfg.train_dataloader.dataset, _scope_='mmpretrain'))
    with pytest.raises(ValueError, match=r'image .*x\.png: '):
        dataset[0]


def test_images_that_are_passed_over_are_told(tmp_path):
    for name in ('a.png', 'b.webp', 'c.webp', 'd.tiff'):
        write(tmp_path / name)
    (note,) = prepare(config(tmp_path))
    assert 'passes over 1 that end in .tiff, 2 that end in .webp' in note
    assert "extensions=('.jpg', " in note
    assert prepare(config(tmp_path, extensions=['.png', '.webp', '.TIFF'])) == []


def test_exception_names_the_setting(tmp_path):
    write(tmp_path / 'ok/a.png')
    write(tmp_path / 'others/b.webp')
    (tmp_path / 'empty').mkdir()
    place = r'train_dataloader\.dataset\.datasets\[1\]\.data_prefix: '
    with pytest.raises(SettingError, match=place + r'there is no folder .*nowhere'):
        prepare(config(tmp_path / 'ok', tmp_path / 'nowhere'))
    with pytest.raises(SettingError, match=place + r'no image in .*empty: expected files that end in \.jpg'):
        prepare(config(tmp_path / 'ok', tmp_path / 'empty'))
    with pytest.raises(SettingError, match=place + r"no image in .*others: .*, set extensions=\('\.jpg'.*'\.webp'\)"):
        prepare(config(tmp_path / 'ok', tmp_path / 'others'))
    cfg = Config(dict(val_dataloader=dict(dataset=dict(type='ImageNet', data_root=str(tmp_path / 'imagenet')))))
    with pytest.raises(SettingError, match=r'val_dataloader\.dataset\.data_root: there is no folder .*imagenet'):
        prepare(cfg)
