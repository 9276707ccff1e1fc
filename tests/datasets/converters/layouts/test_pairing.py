"""Pairs of images and masks."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import SplitLists, find_pairs, walk


def pairs(root: Path, *names: str, **options: str) -> dict[str, list[str]]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    tree = walk(root)
    matches = find_pairs(tree, SplitLists(tree), **options).matches
    return {match.image.as_posix(): [mask.as_posix() for mask in match.masks] for match in matches}


def test_names_that_differ_by_a_split_alone(tmp_path):
    names = ('images/a_train.png', 'images/a_val.png', 'masks/a_train.png', 'masks/a_val.png')
    assert pairs(tmp_path, *names) == {
        'images/a_train.png': ['masks/a_train.png'],
        'images/a_val.png': ['masks/a_val.png'],
    }


def test_the_same_name_in_two_folders(tmp_path):
    names = [f'{place}/{kind}/1.png' for place in ('north', 'south') for kind in ('images', 'masks')]
    assert pairs(tmp_path, *names) == {f'{p}/images/1.png': [f'{p}/masks/1.png'] for p in ('north', 'south')}


def test_a_folder_per_sample(tmp_path):
    names = [f'{i}/{name}.png' for i in (1, 2) for name in ('image', 'mask')]
    assert pairs(tmp_path, *names) == {f'{i}/image.png': [f'{i}/mask.png'] for i in (1, 2)}


def test_named_folders(tmp_path):
    names = ('set/one/1.jpg', 'set/two/1.png', 'set/masks/1.png')
    assert pairs(tmp_path, *names, images='set/one', masks='set/two') == {'set/one/1.jpg': ['set/two/1.png']}


def test_letters_of_other_case(tmp_path):
    assert pairs(tmp_path, 'images/A1.JPG', 'masks/a1.png') == {'images/A1.JPG': ['masks/a1.png']}


@pytest.mark.parametrize('listed', ['jpg', 'png'])
def test_of_two_images_of_one_name_the_listed_one_is_meant(tmp_path, listed):
    (tmp_path / 'train.txt').write_text(f'images/a.{listed}\n')
    (tmp_path / 'val.txt').write_text(f'images/b.{listed}\n')
    names = ('images/a.jpg', 'images/a.png', 'images/b.jpg', 'images/b.png', 'masks/a.png', 'masks/b.png')
    assert pairs(tmp_path, *names) == {f'images/{stem}.{listed}': [f'masks/{stem}.png'] for stem in 'ab'}


@pytest.mark.parametrize(('suffixes', 'kept'), [(('.png', '.jpg'), '.png'), (('.JPG', '.tif'), '.tif')])
def test_of_two_masks_of_one_name_the_lossless_one_is_meant(tmp_path, suffixes, kept):
    names = ('images/a.jpg', 'images/b.jpg', *(f'masks/{stem}{suffix}' for stem in 'ab' for suffix in suffixes))
    assert pairs(tmp_path, *names) == {f'images/{stem}.jpg': [f'masks/{stem}{kept}'] for stem in 'ab'}


def test_lists_of_pairs_need_no_names(tmp_path):
    (tmp_path / 'pairs.txt').write_text('a/x.jpg b/y.png\na/z.jpg b/w.png\n')
    names = ('a/x.jpg', 'a/z.jpg', 'b/y.png', 'b/w.png')
    assert pairs(tmp_path, *names) == {'a/x.jpg': ['b/y.png'], 'a/z.jpg': ['b/w.png']}


def test_nothing_fits(tmp_path):
    with pytest.raises(ConversionError, match=r'none of the masks 2 \(masks/b.png, masks/d.png\) has the name'):
        pairs(tmp_path, 'images/a.png', 'images/c.png', 'masks/b.png', 'masks/d.png')
