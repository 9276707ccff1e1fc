"""Scenes as files: mmengine reads ``synthetic://144x192/seed0/images/val_00012.png`` as if it were on a disk.

So mmseg's own loading transforms, visualisation hooks, inferencer and tools work on scenes as on any data set.
"""

from __future__ import annotations

import re
from collections import OrderedDict

import cv2
import numpy as np
from mmengine.fileio import BaseStorageBackend, register_backend

from mmseg_liteseg.errors import SettingError

from .scene import SPLITS, render_scene

PREFIX = 'synthetic'
_FORM = f'{PREFIX}://HEIGHTxWIDTH/seedSEED/images/SPLIT_INDEX.png (or labels/)'
_PATH = re.compile(rf'{PREFIX}://(\d+)x(\d+)/seed(\d+)/(images|labels)/({"|".join(SPLITS)})_(\d+)\.png')


def scene_path(kind: str, seed: int, split: str, index: int, height: int, width: int) -> str:
    """Path of a scene's picture (kind 'images') or labels (kind 'labels')."""
    return f'{PREFIX}://{height}x{width}/seed{seed}/{kind}/{split}_{index:05d}.png'


class SyntheticBackend(BaseStorageBackend):
    """Draws the scene that a path names and returns it as a PNG file.

    Args:
        cache_mb: Scenes are kept, newest first, until they take this many megabytes in this process; at least one
            is, since its picture and labels are read one after the other.
    """

    def __init__(self, cache_mb: float = 128) -> None:
        if cache_mb < 0:
            raise SettingError(f'cache_mb: expected 0 or more, got {cache_mb}')
        self.cache_bytes = cache_mb * 2**20
        self._cache: OrderedDict = OrderedDict()
        self._used = 0

    def exists(self, filepath: str) -> bool:
        """Whether ``filepath`` names a scene."""
        return _PATH.fullmatch(str(filepath)) is not None

    def get(self, filepath: str) -> bytes:
        """PNG file of a picture (3 channels, BGR in OpenCV) or of labels (1 channel).

        Raises:
            FileNotFoundError: ``filepath`` does not name a scene.
        """
        match = _PATH.fullmatch(str(filepath))
        if match is None:
            raise FileNotFoundError(f'{filepath}: no such scene, expected {_FORM}, SPLIT one of {", ".join(SPLITS)}')
        height, width, seed, kind, split, index = match.groups()
        files = self._files(int(seed), split, int(index), int(height), int(width))
        return files[kind == 'labels']

    def get_text(self, filepath: str) -> str:
        """Not there: scenes are no text."""
        raise NotImplementedError(f'{filepath}: scenes are images, not text')

    def _files(self, *scene: int | str) -> tuple[bytes, bytes]:
        """Picture and labels of a scene, from the cache or drawn now."""
        if scene in self._cache:
            self._cache.move_to_end(scene)
            return self._cache[scene]
        files = tuple(_encode(array) for array in render_scene(*scene))
        self._cache[scene] = files
        self._used += sum(map(len, files))
        while self._used > self.cache_bytes and len(self._cache) > 1:
            _, dropped = self._cache.popitem(last=False)
            self._used -= sum(map(len, dropped))
        return files


def _encode(array: np.ndarray) -> bytes:
    """An array as a PNG file, stored uncompressed: time matters here, size does not."""
    return cv2.imencode('.png', array, [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()


register_backend(PREFIX, SyntheticBackend, force=True, prefixes=PREFIX)
