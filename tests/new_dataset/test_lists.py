"""Lists of splits as people leave them: with names that are gone, names in two lists, paths of another machine."""

from __future__ import annotations

import pytest

from .checks import convert
from .scenes import folder


@pytest.fixture
def source(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels, count=6)
    return tmp_path / 'in'


def splits(plan):
    return {split: sorted(sample.name.rsplit('/', 1)[-1] for sample in plan.splits[split]) for split in plan.splits}


def test_names_that_are_gone_are_said_and_the_others_count(source):
    (source / 'train.txt').write_text('0\n1\n2\n77\n88\n')
    (source / 'val.txt').write_text('4\n5\n99\n98\n97\n')
    plan, _ = convert(source)
    assert splits(plan) == {'train': ['0', '1', '2', '3'], 'val': ['4', '5']}
    notes = '\n'.join(plan.folder.notes)
    assert 'train.txt: 2 of 5 lines name no image here (77)' in notes
    assert 'val.txt: 3 of 5 lines name no image here (99)' in notes


def test_a_list_of_other_images_is_said(source):
    (source / 'train.txt').write_text(''.join(f'other{i}\n' for i in range(9)))
    plan, _ = convert(source)
    assert 'train.txt: 9 of 9 lines name no image here (other0): the list is not used' in plan.folder.notes


def test_an_image_of_two_lists_is_tested_on(source):
    (source / 'train.txt').write_text('0\n1\n2\n3\n4\n5\n')
    (source / 'val.txt').write_text('4\n5\n')
    plan, _ = convert(source)
    assert splits(plan) == {'train': ['0', '1', '2', '3'], 'val': ['4', '5']}
    assert 'in train.txt and val.txt' in '\n'.join(plan.folder.notes)


@pytest.mark.parametrize(
    'line', ['C:\\data\\set\\images\\{i}.png\r\n', '/home/me/set/images/{i}.png\n', './images/{i}\n']
)
def test_paths_of_another_machine(source, line):
    for split, numbers in (('train', range(4)), ('val', range(4, 6))):
        (source / f'{split}.txt').write_bytes(''.join(line.format(i=i) for i in numbers).encode())
    plan, _ = convert(source)
    assert splits(plan) == {'train': ['0', '1', '2', '3'], 'val': ['4', '5']}
