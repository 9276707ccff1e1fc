"""Masks whose values stand in other ways than those of a grey PNG."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from mmseg_liteseg.datasets.converters import ConversionError

from .checks import check_labels, convert, labels_of
from .scenes import COLOURS, folder, photo, save, truth


def write(root, save_mask, count=6):
    """Images of three classes and a mask of each by ``save_mask(i, labels, path without suffix)``."""
    (root / 'masks').mkdir(parents=True)
    for i in range(count):
        save(root / f'images/{i}.png', photo(truth(i), i))
        save_mask(i, truth(i), root / f'masks/{i}')
    return {f'{i}.png': truth(i) for i in range(count)}


def with_palette(labels, palette):
    image = Image.fromarray(np.asarray(labels, np.uint8))
    image.putpalette(np.asarray(palette, np.uint8).ravel().tolist())
    return image


def test_palettes_of_their_own_in_every_file(tmp_path):
    rng = np.random.default_rng(0)
    palettes = rng.integers(0, 256, (6, 256, 3))
    truths = write(tmp_path / 'in', lambda i, labels, path: with_palette(labels, palettes[i]).save(f'{path}.png'))
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'class_0': 0, 'class_1': 1, 'class_2': 2})
    assert any('palettes differ' in note for note in plan.folder.notes)


def test_the_same_colours_at_other_indices(tmp_path):
    orders = [np.array([0, 1, 2]), np.array([2, 0, 1])]

    def save_mask(i, labels, path):
        palette = np.zeros((256, 3))
        palette[orders[i % 2]] = COLOURS[:3]
        with_palette(orders[i % 2][labels], palette).save(f'{path}.png')

    truths = write(tmp_path / 'in', save_mask)
    check_labels(convert(tmp_path / 'in')[1], truths, {'background': 0, 'maroon': 1, 'green': 2})


@pytest.mark.parametrize('others', [('.gif',), ('.gif', '.bmp', '.webp', '.tif')])
def test_greys_of_a_gif_are_its_values(tmp_path, others):
    def save_mask(i, labels, path):
        suffix = others[i % len(others)]
        Image.fromarray(labels * 100).save(f'{path}{suffix}', **({'lossless': True} if suffix == '.webp' else {}))

    truths = write(tmp_path / 'in', save_mask)
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'class_0': 0, 'class_100': 1, 'class_200': 2})
    assert plan.written == 6  # the loader would read indices


@pytest.mark.parametrize('nothing', [np.nan, np.inf, -9999.0, -1.0])
def test_no_data_of_maps_is_ignored(tmp_path, nothing):
    def save_mask(i, labels, path):
        values = labels.astype(np.float32)
        values[:2] = nothing
        tifffile.imwrite(f'{path}.tif', values)

    truths = write(tmp_path / 'in', save_mask)
    plan, cfg = convert(tmp_path / 'in')
    assert [row.name for row in plan.folder.classes] == ['class_0', 'class_1', 'class_2']
    assert any('no data' in note for note in plan.folder.notes)
    for name, labels in labels_of(cfg).items():
        assert (labels[:2] == 255).all()
        assert (labels[2:] == truths[name][2:]).all()


@pytest.mark.parametrize('kind', [np.int16, np.uint16])
def test_no_data_of_whole_numbers(tmp_path, kind):
    nothing = -32768 if kind == np.int16 else 65535

    def save_mask(i, labels, path):
        values = labels.astype(kind)
        values[:2] = nothing
        tifffile.imwrite(f'{path}.tif', values)

    write(tmp_path / 'in', save_mask)
    plan, cfg = convert(tmp_path / 'in')
    assert [row.name for row in plan.folder.classes] == ['class_0', 'class_1', 'class_2']
    assert all((labels[:2] == 255).all() for labels in labels_of(cfg).values())


def test_fractions_are_named(tmp_path):
    write(tmp_path / 'in', lambda i, labels, path: tifffile.imwrite(f'{path}.tif', (labels / 2).astype(np.float32)))
    with pytest.raises(
        ConversionError, match='fractions from 0 to 1; expected whole numbers as labels: write the number'
    ):
        convert(tmp_path / 'in')


@pytest.mark.parametrize(
    'text', ['ID;Name;Note\n0;grass;a, b\n10;bar;c\n20;disc;d\n', 'id\tname\n0\tgrass\n10\tbar\n20\tdisc\n']
)
def test_spreadsheets_of_classes(tmp_path, text):
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels * 10)
    (tmp_path / 'in/labels.csv').write_text(text)
    check_labels(convert(tmp_path / 'in')[1], truths, {'grass': 0, 'bar': 1, 'disc': 2})


def test_links_in_circles_are_left_out(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels)
    (tmp_path / 'in/images/self.png').symlink_to('self.png')
    (tmp_path / 'in/images/up').symlink_to('..')
    plan, _ = convert(tmp_path / 'in')
    assert sum(map(len, plan.splits.values())) == 5
    assert any('self.png: left out, not readable' in note for note in plan.folder.notes)


@pytest.mark.parametrize(
    ('name', 'message'),
    [('images.zip', 'found 1 .zip; unpack them first'), ('masks.npy', 'found 1 .npy$')],
)
def test_what_is_no_picture_is_named(tmp_path, name, message):
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / name).write_bytes(b'x')
    with pytest.raises(ConversionError, match=message):
        convert(tmp_path / 'in')


def test_masks_of_another_kind_beside_images(tmp_path):
    for i in range(3):
        save(tmp_path / f'in/images/{i}.png', photo(truth(i), i))
        (tmp_path / 'in/masks').mkdir(exist_ok=True)
        np.save(tmp_path / f'in/masks/{i}.npy', truth(i))
    with pytest.raises(ConversionError, match=r'no masks found among 3 .*beside 3 \.npy, .*: write masks as PNG'):
        convert(tmp_path / 'in')
