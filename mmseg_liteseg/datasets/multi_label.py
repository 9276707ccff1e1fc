"""Several classes at a pixel: one mask per class instead of one class per pixel."""

from __future__ import annotations

import os.path as osp
from typing import Any

from mmengine import fileio
from mmseg.datasets import BaseSegDataset

from mmseg_liteseg.errors import DataError, SettingError
from mmseg_liteseg.registry import DATASETS

LAYOUTS = ('bands', 'folders')


@DATASETS.register_module()
class MultiLabelDataset(BaseSegDataset):
    """A data set with a mask for each class, for `LoadMultiLabelAnnotations`.

    ::

        layout='bands'                       layout='folders'
        ann_dir/street.tif  (N bands)        ann_dir/road/street.png
                                             ann_dir/wet/street.png

    Args:
        layout: 'bands': a file per image holds a band per class, in the order of the classes. 'folders': a folder per
            class, of the class's name, holds a file per image.
        missing_is_empty: With 'folders': whether a missing file says that the class is not in the image. Else it is an
            error.
        **kwargs: Those of mmseg's ``BaseSegDataset``; ``metainfo`` must name the classes.

    Raises:
        SettingError: An unknown layout, or no classes.
        DataError: When loaded, if a mask is missing; names it.

    Example:
        >>> MultiLabelDataset(layout='columns')
        Traceback (most recent call last):
        ...
        mmseg_liteseg.errors.SettingError: MultiLabelDataset.layout must be one of bands, folders, got 'columns'
    """

    def __init__(self, layout: str = 'bands', missing_is_empty: bool = False, **kwargs: Any) -> None:
        if layout not in LAYOUTS:
            raise SettingError(f'MultiLabelDataset.layout must be one of {", ".join(LAYOUTS)}, got {layout!r}')
        if not (self.METAINFO.get('classes') or (kwargs.get('metainfo') or {}).get('classes')):
            raise SettingError('MultiLabelDataset.metainfo must name the classes, in the order of their masks')
        self.layout, self.missing_is_empty = layout, missing_is_empty
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        """As mmseg does, with the masks' paths as ``seg_map_paths``; None for a class that the image lacks."""
        infos = super().load_data_list()
        for info in infos:
            if 'seg_map_path' in info:
                info['seg_map_paths'] = self._paths(info['seg_map_path'])
                # what names the sample in messages
                info['seg_map_path'] = next((path for path in info['seg_map_paths'] if path), info['seg_map_path'])
        return infos

    def _paths(self, path: str) -> list[str | None]:
        if self.layout == 'bands':
            return [path]
        root = self.data_prefix['seg_map_path']
        paths = [osp.join(root, name, osp.relpath(path, root)) for name in self.metainfo['classes']]
        return [self._checked(path) for path in paths]

    def _checked(self, path: str) -> str | None:
        if fileio.exists(path, backend_args=self.backend_args):
            return path
        if self.missing_is_empty:
            return None
        raise DataError(
            f'{path}: no such mask. Every class needs one for every image; missing_is_empty=True takes a missing one '
            'for an empty one'
        )
