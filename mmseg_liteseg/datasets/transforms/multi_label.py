"""Loading and packing of one mask per class."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine import fileio
from mmengine.structures import PixelData
from mmseg.datasets.transforms import PackSegInputs

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.images import decode_bands
from mmseg_liteseg.registry import TRANSFORMS

IGNORED = 255


@TRANSFORMS.register_module()
class LoadMultiLabelAnnotations(BaseTransform):
    """Reads the masks of an image: files with a band per class, or a file per class (see `MultiLabelDataset`).

    A mask holds 0 where its class is not, and one other value where it is: 1 and 255 are both common.

    Args:
        ignore_value: Value of the pixels that say nothing of the class; they become 255, the model's ignore_index.
        backend_args: Of mmengine's file backend.

    Raises:
        DataError: (when called) a mask has more values than two, its size differs from the image's or from another
            mask's, or the number of masks is not that of the classes; names the file.

    Example:
        >>> LoadMultiLabelAnnotations()({'seg_map_paths': ['both.tif']})['gt_seg_map'].shape  # doctest: +SKIP
        (480, 640, 2)
    """

    def __init__(self, ignore_value: int | None = None, backend_args: dict | None = None) -> None:
        self.ignore_value, self.backend_args = ignore_value, backend_args

    def transform(self, results: dict) -> dict:
        """Adds ``gt_seg_map`` (H, W, K), uint8: 0, 1 and, where ignored, 255."""
        if 'seg_map_path' not in results:  # a picture that comes from no data set has no masks, and none is missed
            return results
        paths = results.get('seg_map_paths') or [results['seg_map_path']]
        bands = [self._read(path) for path in paths if path is not None]
        shapes = {band.shape[:2] for band in bands} | {tuple(results['ori_shape'])}
        if len(shapes) > 1:
            raise DataError(
                f'{next(filter(None, paths))}: the masks of an image must have its size, found '
                + ', '.join(f'{height}x{width}' for height, width in sorted(shapes))
            )
        absent = np.zeros((*shapes.pop(), 1), np.uint8)
        present = iter(bands)
        masks = np.concatenate([absent if path is None else next(present) for path in paths], axis=2)
        results['gt_seg_map'] = masks
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def _read(self, path: str) -> np.ndarray:
        """(H, W, bands), uint8: 0, 1, 255."""
        bands = decode_bands(fileio.get(path, backend_args=self.backend_args), path)
        return np.stack([self._to_mask(bands[..., i], path, i) for i in range(bands.shape[2])], axis=2)

    def _to_mask(self, band: np.ndarray, path: str, index: int) -> np.ndarray:
        ignored = np.zeros(band.shape, bool) if self.ignore_value is None else band == self.ignore_value
        values = np.unique(band[~ignored])
        if (values != 0).sum() > 1:
            raise DataError(
                f'{path}: band {index} holds the values {", ".join(f"{v:g}" for v in values[:6])}, expected 0 and one '
                'other. A mask of class indices needs LoadAnnotations; a value that says nothing is ignore_value'
            )
        mask = (band != 0).astype(np.uint8)
        mask[ignored] = IGNORED
        return mask

    def __repr__(self) -> str:
        return f'{type(self).__name__}(ignore_value={self.ignore_value})'


@TRANSFORMS.register_module()
class PackMultiLabelInputs(PackSegInputs):
    """mmseg's PackSegInputs for ``gt_seg_map`` (H, W, K): the sample holds it as (K, H, W)."""

    def transform(self, results: dict) -> dict:
        """Packs image and masks."""
        masks = results.pop('gt_seg_map', None)
        if masks is not None and masks.ndim == 2:  # OpenCV drops a single channel
            masks = masks[..., None]
        packed = super().transform(results)
        if masks is not None:
            channels = np.ascontiguousarray(masks.transpose(2, 0, 1))
            packed['data_samples'].gt_sem_seg = PixelData(data=torch.from_numpy(channels).long())
        return packed
