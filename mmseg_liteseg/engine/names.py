"""Names for what a test writes of each image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmseg_liteseg.images import output_names
from mmseg_liteseg.images.naming import with_ending


class ResultNames:
    """A name of its own for each image of a data set, however the set is put together.

    Args:
        dataset: Of mmengine, or a wrapper around one or several.
        flat: Without folders, where names are enough.

    Attributes:
        paths: Of the images, as far as the data set tells them.
    """

    def __init__(self, dataset: Any, flat: bool = False) -> None:
        self._flat = flat
        get_info = getattr(dataset, 'get_data_info', None)
        infos = [get_info(index) for index in range(len(dataset))] if get_info is not None else []
        paths = [info['img_path'] for info in infos if info.get('img_path')]
        self.paths = paths
        self._root = _root_of(dataset, paths)
        self._names = output_names(paths, self._root, flat)

    def of(self, path: str, ending: str) -> Path:
        """Relative path of the result of an image."""
        if path not in self._names:  # of a data set that does not say what it holds
            self._names = {**self._names, **output_names([*self._names, path], self._root, self._flat)}
        return with_ending(self._names[path], ending)


def _root_of(dataset: Any, paths: list[str]) -> str:
    root = (getattr(dataset, 'data_prefix', None) or {}).get('img_path') or ''
    if root:
        return root
    folders = {os.path.dirname(path) for path in paths}
    if not folders or any('://' in path for path in paths) or len({os.path.isabs(path) for path in paths}) > 1:
        return ''
    return os.path.commonpath(folders)
