from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mmseg_liteseg.engine.names import ResultNames


class Data:
    def __init__(self, paths, root=''):
        self.paths, self.data_prefix = paths, dict(img_path=root)

    def get_data_info(self, index):
        return dict(img_path=self.paths[index])

    def __len__(self):
        return len(self.paths)


@pytest.mark.parametrize(
    ('root', 'img_path', 'name'),
    [
        ('data/city/images', 'data/city/images/bonn/1.jpg', 'bonn/1.png'),  # two cities may use one name
        ('data/city/images', '/elsewhere/1.jpg', '1.png'),
        ('', 'synthetic://32x32/seed0/images/val_00002.png', 'val_00002.png'),
    ],
)
def test_names_stay_below_the_folder(root, img_path, name):
    assert ResultNames(Data([img_path], root)).of(img_path, '.png') == Path(name)


def test_two_sets_one_after_the_other():
    """As ConcatDataset gives them: no prefix of its own, equal names in two folders."""
    paths = ['/d/one/images/a.png', '/d/two/images/a.png', '/d/two/images/b.png']
    names = ResultNames(Data(paths), flat=True)
    assert [names.of(path, '.png').as_posix() for path in paths] == ['one/images/a.png', 'two/images/a.png', 'b.png']


def test_a_set_that_does_not_say_what_it_holds():
    names = ResultNames(SimpleNamespace(), flat=True)
    assert [names.of(path, '.png').name for path in ('x/a.jpg', 'x/a.jpg', 'y/b.jpg')] == ['a.png', 'a.png', 'b.png']
    assert names.of('y/a.jpg', '.png') != names.of('x/a.jpg', '.png')
