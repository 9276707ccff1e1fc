"""Synthetic street scenes as a data set of MMSegmentation."""

from __future__ import annotations

from mmseg.datasets import BaseSegDataset

from mmseg_liteseg.errors import SettingError

from ..registry import DATASETS
from .classes import CAMVID_METAINFO
from .synthetic import SPLITS, scene_path

_MIN_SIDE = 32


@DATASETS.register_module()
class SyntheticStreetDataset(BaseSegDataset):
    """Street scenes with CamVid's 11 classes, drawn on demand: nothing to download, nothing on the disk.

    Its image paths (``synthetic://...``) are read by mmseg's own ``LoadImageFromFile`` and ``LoadAnnotations`` through
    a file backend of mmengine, hence every pipeline, hook and tool of mmseg works on it.

    Args:
        split: 'train', 'val' or 'test'; they share no scene.
        length: Number of scenes.
        size: Height and width of the pictures, at least 32 pixels each.
        seed: Another seed, other scenes; 0 to 2**32 - 1.
        **kwargs: As for BaseSegDataset (pipeline, indices, metainfo, ...).

    Raises:
        SettingError: An argument is none of these.

    Example:
        >>> dataset = SyntheticStreetDataset(split='val', length=3)
        >>> dataset[2]['img_path']
        'synthetic://144x192/seed0/images/val_00002.png'
    """

    METAINFO = CAMVID_METAINFO

    def __init__(
        self, split: str = 'train', length: int = 1000, size: tuple = (144, 192), seed: int = 0, **kwargs: object
    ) -> None:
        if split not in SPLITS:
            raise SettingError(f'split: expected one of {", ".join(SPLITS)}, got {split!r}')
        if not _is_int(length) or length < 1:
            raise SettingError(f'length: expected a positive integer, got {length!r}')
        if (
            not isinstance(size, (tuple, list))
            or len(size) != 2
            or not all(_is_int(n) and n >= _MIN_SIDE for n in size)
        ):
            raise SettingError(f'size: expected (height, width), integers of at least {_MIN_SIDE}, got {size!r}')
        if not _is_int(seed) or not 0 <= seed < 2**32:
            raise SettingError(f'seed: expected an integer from 0 to 2**32 - 1, got {seed!r}')
        self.split, self.length, self.size, self.seed = split, length, tuple(size), seed
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        """One entry per scene, in mmseg's form."""
        return [
            {
                'img_path': scene_path('images', self.seed, self.split, index, *self.size),
                'seg_map_path': scene_path('labels', self.seed, self.split, index, *self.size),
                'label_map': self.label_map,
                'reduce_zero_label': self.reduce_zero_label,
                'seg_fields': [],
            }
            for index in range(self.length)
        ]


def _is_int(value: object) -> bool:
    """Whether ``value`` is a whole number (a bool is not)."""
    return isinstance(value, int) and not isinstance(value, bool)
