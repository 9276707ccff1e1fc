"""CamVid (http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/) with its usual 11 classes."""

from __future__ import annotations

import os.path as osp
from typing import Any

from mmengine import fileio
from mmseg.datasets import BaseSegDataset

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.images import shown
from mmseg_liteseg.registry import DATASETS

from .classes import CAMVID_METAINFO

_IMAGE_SUFFIXES = ('.png', '.jpg')


@DATASETS.register_module()
class CamVidDataset(BaseSegDataset):
    """CamVid as written by ``tools/dataset_converters/camvid.py``.

    Args:
        img_suffix: Ending of the images; by default .png (as released) or .jpg, whichever the folder holds.
        seg_map_suffix: Ending of the label images.
        **kwargs: Those of mmseg's ``BaseSegDataset``; labels are 0..10 and 255, so ``reduce_zero_label`` stays False.

    Raises:
        FileNotFoundError: When loaded and the image folder is missing or empty, or an image has no label, or a label
            no image.
    """

    METAINFO = CAMVID_METAINFO

    def __init__(self, img_suffix: str | None = None, seg_map_suffix: str = '.png', **kwargs: Any) -> None:
        if kwargs.setdefault('reduce_zero_label', False):
            raise SettingError('reduce_zero_label: expected False, as class 0 of CamVid is the sky')
        super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Lists images and labels, after a look at what is there."""
        names = self._list_names('img_path')
        if self.img_suffix is None:
            self.img_suffix = self._find_suffix(names)
        images = {name[: -len(self.img_suffix)] for name in names if name.endswith(self.img_suffix)}
        labels = {name[: -len(self.seg_map_suffix)] for name in self._list_names('seg_map_path')}
        self._require_pairs(images - labels, 'seg_map_path', f'label ({self.seg_map_suffix})', len(images))
        # a dead link is no file to the listing: its label is what is left of it
        self._require_pairs(labels - images, 'img_path', f'image ({self.img_suffix})', len(labels))
        return super().load_data_list()

    def _require_pairs(self, missing: set[str], prefix: str, what: str, total: int) -> None:
        if missing:
            raise FileNotFoundError(
                f'{self.data_prefix[prefix]}: no {what} for {len(missing)} of {total}, such as {shown(min(missing))}'
            )

    def _list_names(self, prefix: str) -> list[str]:
        folder = self.data_prefix[prefix]
        suffix = self.seg_map_suffix if prefix == 'seg_map_path' else self.img_suffix or _IMAGE_SUFFIXES
        names = []
        if fileio.isdir(folder, backend_args=self.backend_args):
            names = list(fileio.list_dir_or_file(folder, list_dir=False, suffix=suffix, backend_args=self.backend_args))
        if not names:
            out = self.data_root or osp.dirname(folder)
            raise FileNotFoundError(
                f'{folder}: no files ending in {suffix}. Convert CamVid first, for example: '
                f'python tools/dataset_converters/camvid.py PATH_TO_CAMVID --out {out}'
            )
        return names

    def _find_suffix(self, names: list[str]) -> str:
        suffixes = {osp.splitext(name)[1] for name in names}
        if len(suffixes) > 1:
            raise SettingError(
                f'{self.data_prefix["img_path"]}: both {" and ".join(sorted(suffixes))} images; name one in img_suffix'
            )
        return suffixes.pop()
