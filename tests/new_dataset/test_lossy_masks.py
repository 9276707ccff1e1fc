"""Masks that JPEG or interpolation has blurred keep their classes and gain none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from .checks import check_labels, convert
from .scenes import BINARY, SIZE, folder, grey, rgb, save, truth


def _jpeg(pixels, quality=90):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, 'JPEG', quality=quality)
    return np.asarray(Image.open(stream))


@pytest.mark.parametrize('make', [grey([0, 255]), rgb], ids=['grey', 'colours'])
def test_jpeg_masks_are_rounded_with_a_warning(make, tmp_path):
    ids = 2 if make is not rgb else 3
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', make, ids=ids)
    for i in range(5):
        save(tmp_path / f'in/masks/{i}.jpg', make(truth(i, ids)), quality=90)
        (tmp_path / f'in/masks/{i}.png').unlink()
    plan, cfg = convert(tmp_path / 'in')
    names = BINARY if ids == 2 else dict(zip(['background', *cfg.metainfo.classes[1:]], (0, 1, 2)))
    if ids == 3:
        reds = [palette[0] > 64 for palette in cfg.metainfo.palette]
        names = {cfg.metainfo.classes[reds.index(True)]: 1, 'background': 0}
        names[next(name for name in cfg.metainfo.classes if name not in names)] = 2
    check_labels(cfg, truths, names, tolerance=0.06)
    assert 'JPEG masks: ' in str(plan)
    assert '% of the pixels' in str(plan)


@pytest.mark.parametrize('resized', ['binary', 'greys', 'colours', 'from JPEG'])
def test_soft_edges_make_no_classes(resized, tmp_path):
    """Masks resized with interpolation, smoothed, or saved as PNG after JPEG."""
    ids = 2 if resized in ('binary', 'from JPEG') else 3
    clean = {'greys': grey([0, 128, 255]), 'colours': rgb}.get(resized, grey([0, 255]))

    def make(labels):
        if resized == 'from JPEG':
            return _jpeg(clean(labels), 60)
        image = Image.fromarray(clean(labels))
        return np.asarray(image.resize((32, 24), Image.BILINEAR).resize(SIZE[::-1], Image.BILINEAR))

    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', make, ids=ids)
    plan, cfg = convert(tmp_path / 'in')
    names = {'greys': {'class_0': 0, 'class_128': 1, 'class_255': 2}}.get(resized, BINARY)
    if resized == 'colours':
        names = {'background': 0, 'maroon': 1, 'green': 2}
    check_labels(cfg, truths, names, tolerance=0.06)
    assert 'soft edges or noise' in str(plan)
