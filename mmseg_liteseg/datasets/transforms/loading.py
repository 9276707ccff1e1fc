"""Loading of pictures and masks by the package's own reader, which names the file in one line if there is a fault."""

from __future__ import annotations

from typing import Any

import mmseg.registry
import numpy as np
from mmcv.transforms import LoadImageFromFile as HostLoadImageFromFile
from mmengine import fileio
from mmseg.datasets.transforms import LoadAnnotations as HostLoadAnnotations

from mmseg_liteseg.images import ImageFileError, decode_image, decode_mask, read_file, shown
from mmseg_liteseg.images.files import reason_of
from mmseg_liteseg.registry import TRANSFORMS
from mmseg_liteseg.visualization.host_reader import lend_reader

from .checks import check_sizes

_IGNORED = 255


# In mmseg's registry too, which had no such name: MMSegInferencer and inference_model know the loading transform by
# exactly this one. Sound files of 8 bits come out as from mmcv's, bit for bit.
@mmseg.registry.TRANSFORMS.register_module(force=True)
@TRANSFORMS.register_module()
class LoadImageFromFile(HostLoadImageFromFile):
    """mmcv's LoadImageFromFile for any depth and number of bands.

    ``color_type='unchanged'`` gives what the file holds: 1, 3, 4 or N channels of 8, 16 or 32 bits. Whatever is not
    8 bits becomes float32, as transforms and tensors take no other type. EXIF's orientation is honoured whatever the
    ``color_type``, unless it ends in ``_ignore_orientation``. Other arguments are mmcv's; with an ``imdecode_backend``
    other than 'cv2' its code reads.

    Raises:
        ImageFileError: (when called) a file is missing, broken, or does not hold what ``color_type`` asks for.

    Example:
        >>> LoadImageFromFile()({'img_path': 'synthetic://64x96/seed0/images/val_00000.png'})['img'].shape
        (64, 96, 3)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lend_reader()  # by now whoever will draw on these images has been imported

    def transform(self, results: dict) -> dict | None:
        """Adds ``img``, its shape and, as ``img_depth``, the type of the file's values."""
        if self.file_client_args is not None or self.imdecode_backend != 'cv2':
            return super().transform(results)
        path = results['img_path']
        try:
            image = decode_image(read_any(path, self.backend_args), shown(path), self.color_type)
        except ImageFileError:
            if self.ignore_empty:
                return None
            raise
        results['img_depth'] = str(image.dtype)
        results['img'] = image.astype(np.float32) if self.to_float32 or image.dtype != np.uint8 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


@TRANSFORMS.register_module()
class LoadAnnotations(HostLoadAnnotations):
    """mmseg's LoadAnnotations, with a look at what it loads.

    - Colours are refused, naming the mode and the cure; 16 bits are not cut to 8.
    - Image and mask must have one size, before anything resizes them.
    - A picture that comes from no data set (MMSegInferencer) has no mask, and none is missed.

    Arguments are mmseg's.

    Raises:
        ImageFileError: (when called) the mask is missing, broken, no index image, or of another size than its image.
    """

    def _load_seg_map(self, results: dict) -> None:
        path = results.get('seg_map_path')
        if path is None:
            if 'reduce_zero_label' in results:  # as mmseg's data sets say
                image = shown(results.get('img_path', 'an image'))
                raise ImageFileError(f'image {image}: its data set names no mask, set data_prefix.seg_map_path')
            return
        if self.imdecode_backend != 'pillow':
            super()._load_seg_map(results)
        else:
            results['gt_seg_map'] = self._relabel(decode_mask(read_any(path, self.backend_args), shown(path)), results)
            results['seg_fields'].append('gt_seg_map')
        if 'ori_shape' in results:
            check_sizes(results, results['ori_shape'])

    def _relabel(self, labels: np.ndarray, results: dict) -> np.ndarray:
        """As mmseg: shifts labels down where 0 means nothing, and applies the classes that were chosen."""
        reduced = results.get('reduce_zero_label', False)
        if self.reduce_zero_label not in (None, reduced):
            raise ValueError(
                f'LoadAnnotations.reduce_zero_label is {self.reduce_zero_label}, that of the data set {reduced}: '
                'leave it to the data set'
            )
        if reduced:
            nothing = (labels == 0) | (labels == _IGNORED)
            labels = np.where(nothing, _IGNORED, labels - (~nothing).astype(labels.dtype)).astype(labels.dtype)
        found = labels.copy()
        for old, new in (results.get('label_map') or {}).items():
            found[labels == old] = new
        return found


def read_any(path: str, backend_args: dict[str, Any] | None) -> bytes:
    """Reads a file of a disk, or of whatever mmengine's backends reach.

    Raises:
        ImageFileError: it cannot be read; names the file and why.
    """
    try:
        backend = fileio.get_file_backend(path, backend_args=backend_args, enable_singleton=True)
        if isinstance(backend, fileio.LocalBackend):
            return read_file(path)
        return backend.get(path)
    except ImageFileError:
        raise
    except Exception as error:  # backends raise what their libraries do
        raise ImageFileError(f'image {shown(path)}: cannot be read ({reason_of(error)})') from error
