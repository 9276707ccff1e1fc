"""Images and masks as a list names them, wherever they lie and whatever they are called."""

from __future__ import annotations

import os.path as osp
from typing import Any

from mmengine import fileio
from mmseg.datasets import BaseSegDataset

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.registry import DATASETS


@DATASETS.register_module()
class PairListDataset(BaseSegDataset):
    """A data set whose list has an image and its mask in every line.

    PaddleSeg's format (its ``Dataset`` with ``train_path``): two columns, by a tab where names hold blanks. Paths are
    relative to ``data_root``, or absolute. Suffixes may differ from line to line.

    Args:
        ann_file: The list.
        **kwargs: Those of mmseg's ``BaseSegDataset``, save suffixes and prefixes, which mean nothing here.

    Raises:
        DataError: When loaded, if the list is empty or not there, a line has not two columns, or a file is missing.
    """

    def __init__(self, ann_file: str, **kwargs: Any) -> None:
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Reads the list."""
        if not fileio.isfile(self.ann_file, backend_args=self.backend_args):
            raise DataError(f'{self.ann_file}: no such list of images and masks')
        text = fileio.get_text(self.ann_file, encoding='utf-8', backend_args=self.backend_args)
        rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if not rows:
            raise DataError(f'{self.ann_file}: the list is empty; expected a line "image mask" for each image')
        return [self._read_row(number, line) for number, line in rows]

    def _read_row(self, number: int, line: str) -> dict:
        columns = line.split('\t') if '\t' in line else line.split()
        if len(columns) != 2:
            raise DataError(
                f'{self.ann_file}: line {number} has {len(columns)} columns, expected an image and its mask '
                f'(divided by a tab if names hold blanks): {line[:80]}'
            )
        image, mask = (osp.join(self.data_root or '', column.strip()) for column in columns)
        for path in (image, mask):
            if not fileio.exists(path, backend_args=self.backend_args):
                raise DataError(f'{self.ann_file}: line {number} names {path}, which is not there')
        return dict(
            img_path=image,
            seg_map_path=mask,
            label_map=self.label_map,
            reduce_zero_label=self.reduce_zero_label,
            seg_fields=[],
        )
