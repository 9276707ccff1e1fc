"""Brings in torchvision, which mmpretrain needs and nothing else here does, and draws folders of images."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

# Where `make install` puts it, out of the way of the rest: for torch without CUDA there is no build with operators, and
# mmengine's report of the environment would stumble over the one there is.
ASIDE = Path(sys.prefix) / 'torchvision'
CLASSES = ('disc', 'rows', 'columns')
_STAND_INS = []


def bring_torchvision() -> str | None:
    """Imports torchvision; returns why that is not possible."""
    if find_spec('torchvision') is None:
        if not ASIDE.is_dir():
            return f'no torchvision, neither installed nor in {ASIDE}'
        sys.path.append(str(ASIDE))
    try:
        import_module('torchvision')
        return None
    except RuntimeError as error:
        if 'torchvision::nms does not exist' not in str(error):
            return f'this torchvision does not fit torch {torch.__version__}: {error}'
    # Classification never calls them, but torchvision describes their outputs to torch as soon as it is imported.
    library = torch.library.Library('torchvision', 'DEF')
    for name in ('nms', 'qnms'):
        library.define(f'{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
    _STAND_INS.append(library)  # they go when it does
    for name in [name for name in sys.modules if name.split('.')[0] == 'torchvision']:
        del sys.modules[name]
    import_module('torchvision')
    return None


@pytest.fixture(scope='session')
def torchvision() -> None:
    """Lets mmpretrain be imported."""
    reason = bring_torchvision()
    if reason:
        pytest.skip(reason)


def draw(kind: str, rng: np.random.Generator, size: int = 32) -> np.ndarray:
    """A bright shape on a dark ground, (size, size, 3)."""
    y, x = np.mgrid[:size, :size]
    centre_y, centre_x = rng.integers(size // 3, 2 * size // 3, 2)
    radius, period = rng.integers(size // 5, size // 3), rng.integers(6, 10)
    shapes = dict(
        disc=(y - centre_y) ** 2 + (x - centre_x) ** 2 < radius**2,
        rows=(y + centre_y) % period < period // 2,
        columns=(x + centre_x) % period < period // 2,
    )
    ground, colour = rng.integers(0, 90, 3), rng.integers(150, 255, 3)
    image = np.where(shapes[kind][..., None], colour, ground) + rng.normal(0, 12, (size, size, 3))
    return image.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope='session')
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of images: labelled/CLASS/*.png and val/CLASS/*.png, and unlabelled/*.png without a class."""
    folder, rng = tmp_path_factory.mktemp('drawn'), np.random.default_rng(0)
    for split, count in (('labelled', 48), ('val', 32), ('unlabelled', 24)):
        for kind in CLASSES:
            target = folder / split / ('' if split == 'unlabelled' else kind)
            target.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                Image.fromarray(draw(kind, rng)).save(target / f'{kind[0]}{index}.png')
    return folder
