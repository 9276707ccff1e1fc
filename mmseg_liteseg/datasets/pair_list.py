"""Images and masks as a list names them, wherever they lie and whatever they are called."""

from __future__ import annotations

import os.path as osp
import re
from typing import Any

from mmengine import fileio
from mmseg.datasets import BaseSegDataset

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.registry import DATASETS
from mmseg_liteseg.wording import count

ABSENT = '-'
"""In the place of a class's mask: the class is not in the image."""


@DATASETS.register_module()
class PairListDataset(BaseSegDataset):
    """A data set whose list has an image and its mask in every line.

    PaddleSeg's format (its ``Dataset`` with ``train_path``): two columns, by a tab where names hold blanks. Paths are
    relative to ``data_root``, or absolute. Suffixes may differ from line to line.

    With ``multi_label`` a line holds an image and what `LoadMultiLabelAnnotations` reads: a mask for each class in the
    order of the classes, ``-`` for a class that the image lacks, or a single file with a band per class.

    Args:
        ann_file: The list.
        multi_label: Whether a pixel may belong to several classes.
        data_prefix: Means nothing here, so that a config may inherit from another data set's.
        **kwargs: Those of mmseg's ``BaseSegDataset``, save suffixes.

    Raises:
        DataError: When loaded, if the list is empty or not there, a line has not two columns, or a file is missing.
    """

    def __init__(
        self, ann_file: str, multi_label: bool = False, data_prefix: dict | None = None, **kwargs: Any
    ) -> None:
        self.multi_label = multi_label
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Reads the list."""
        if not fileio.isfile(self.ann_file, backend_args=self.backend_args):
            raise DataError(f'{self.ann_file}: no such list of images and masks')
        try:
            # Windows' editors begin a file with a byte order mark
            text = fileio.get_text(self.ann_file, encoding='utf-8-sig', backend_args=self.backend_args)
        except UnicodeDecodeError as error:
            raise DataError(f'{self.ann_file}: the list is no UTF-8 (byte {error.start}); save it as UTF-8') from error
        # not splitlines, which also ends lines at characters that names may hold
        rows = [(number, line) for number, line in enumerate(re.split('\r?\n', text), 1) if line.strip()]
        if not rows:
            raise DataError(f'{self.ann_file}: the list is empty; expected a line "image mask" for each image')
        return [self._read_row(number, line) for number, line in rows]

    def _read_row(self, number: int, line: str) -> dict:
        columns = [column.strip() for column in (line.split('\t') if '\t' in line else line.split())]
        classes = self.metainfo.get('classes') or ()
        several = self.multi_label and len(columns) == 1 + len(classes)
        if len(columns) != 2 and not several:
            masks = f'its mask, or {count(len(classes), "mask")}' if self.multi_label else 'its mask'
            raise DataError(
                f'{self.ann_file}: line {number} has {count(len(columns), "column")}, expected an image and {masks} '
                f'(divided by a tab if names hold blanks): {line[:80]}'
            )
        image = self._find(number, columns[0])
        masks = [None if several and column == ABSENT else self._find(number, column) for column in columns[1:]]
        info = dict(
            img_path=image,
            seg_map_path=next((mask for mask in masks if mask), image),
            label_map=self.label_map,
            reduce_zero_label=self.reduce_zero_label,
            seg_fields=[],
        )
        return dict(info, seg_map_paths=masks) if self.multi_label else info

    def _find(self, number: int, column: str) -> str:
        path = osp.join(self.data_root or '', column)
        if not fileio.exists(path, backend_args=self.backend_args) and '\\' in column:  # written on Windows
            path = osp.join(self.data_root or '', column.replace('\\', '/'))
        if not fileio.exists(path, backend_args=self.backend_args):
            raise DataError(f'{self.ann_file}: line {number} names {path}, which is not there')
        return path
