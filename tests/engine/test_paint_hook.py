from __future__ import annotations

from pathlib import Path

import pytest

from mmseg_liteseg.engine import PaintHook


@pytest.mark.parametrize(
    ('root', 'img_path', 'name'),
    [
        ('data/city/images', 'data/city/images/bonn/1.jpg', 'bonn/1.png'),  # two cities may use one name
        ('data/city/images', '/elsewhere/1.jpg', '1.png'),
        ('', 'synthetic://32x32/seed0/images/val_00002.png', 'val_00002.png'),
    ],
)
def test_names_stay_below_the_folder(tmp_path, root, img_path, name):
    hook = PaintHook(str(tmp_path))
    hook._root = root
    assert hook._relative_name(img_path) == Path(name)
