"""Gives the host's inferencer, ``show_result_pyplot`` and pictures' hook our reader for what they draw on."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from mmengine import fileio

from mmseg_liteseg.images import read_picture, shown

# They read pictures for nothing else: what a network sees comes from a pipeline.
_DRAWING = ('mmseg.apis.inference', 'mmseg.apis.mmseg_inferencer', 'mmseg.engine.hooks.visualization_hook')


def lend_reader() -> None:
    """Lets the host's modules that draw on pictures, as far as they are imported, read them by ``read_picture``.

    mmcv's gives them nothing at all for more than four bands or floats, and nearly black pictures for 12 bits in 16.
    There is no setting for that reader. mmcv itself stays as it is: whoever trains by its loader gets what it gives.
    """
    for name in _DRAWING:
        module = sys.modules.get(name)
        if module is not None and isinstance(getattr(module, 'mmcv', None), ModuleType):
            # the module's own name alone: everybody else's mmcv stays
            module.mmcv = _Mmcv(module.mmcv)


class _Mmcv:
    """mmcv, but for two functions."""

    def __init__(self, host: ModuleType) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def imfrombytes(
        self, content: bytes, flag: str = 'color', channel_order: str = 'bgr', backend: str | None = None
    ) -> np.ndarray:
        """(H, W, 3), uint8, whatever the file's depth and channels; other flags and backends are mmcv's own."""
        if flag != 'color' or backend not in (None, 'cv2'):
            return self._host.imfrombytes(content, flag, channel_order, backend)
        return _ordered(read_picture(content, 'to draw on'), channel_order)

    def imread(self, source: Any, flag: str = 'color', channel_order: str = 'bgr', **kwargs: Any) -> np.ndarray:
        """As ``imfrombytes``, from a file; arrays are given back as mmcv does."""
        if flag != 'color' or kwargs or not isinstance(source, (str, Path)):
            return self._host.imread(source, flag, channel_order, **kwargs)
        return _ordered(read_picture(fileio.get(source), shown(source)), channel_order)


def _ordered(picture: np.ndarray, channel_order: str) -> np.ndarray:
    return np.ascontiguousarray(picture[..., ::-1]) if channel_order.lower() == 'rgb' else picture
