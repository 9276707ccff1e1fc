"""Data pre-processing with PaddleSeg's rounding, and checks that mmseg's leaves to a broadcast."""

from __future__ import annotations

from typing import Any, Sequence

import torch
from mmseg.models.data_preprocessor import SegDataPreProcessor
from mmseg.structures import SegDataSample
from torch import Tensor

from mmseg_liteseg.datasets.transforms.loading import read_any
from mmseg_liteseg.errors import DataError, SettingError
from mmseg_liteseg.images import check_range, decode_mask, shown
from mmseg_liteseg.registry import MODELS

# Images whose values are looked at: a wrong mean shows at once, and later ones cost nothing.
_CHECKED = 32


@MODELS.register_module()
class LiteSegDataPreProcessor(SegDataPreProcessor):
    """mmseg's SegDataPreProcessor, normalising as PaddleSeg does: (x / 255 - mean / 255) / (std / 255), in this order.

    mmseg's (x - mean) / std differs from it by up to 6e-8 for mean = std = 127.5. Images may have any number of
    channels and any depth, as long as ``mean`` and ``std`` are theirs: images with other channels are refused (a grey
    one would be normalised to three by broadcasting, without a word), and so are values that cannot be meant.

    Args:
        mean: By channel, in the values of the images as loaded: 0 to 255 for those of 8 bits.
        std: Likewise.
        **kwargs: The others of SegDataPreProcessor. Without ``size`` and ``size_divisor`` a training batch is padded to
            its largest image, where mmseg fails; the crops of our pipelines have one size and need no padding.

    Raises:
        SettingError: mean and std differ in length, or two channels of one or more than three are to be swapped.
        DataError: (in forward) an image has another number of channels than ``mean``, or values that do not belong to
            it, or a mask of another shape; names the file.
    """

    def __init__(self, mean: Sequence[float] | None = None, std: Sequence[float] | None = None, **kwargs: Any) -> None:
        _check_channels_of(mean, std, kwargs)
        self._range = (mean, std)
        mean, std = ([value / 255 for value in values] if values is not None else None for values in (mean, std))
        if kwargs.get('size') is None:
            kwargs.setdefault('size_divisor', 1)
        known = mean is None or len(mean) in (1, 3)  # mmengine knows no others
        super().__init__(mean=mean if known else None, std=std if known else None, **kwargs)
        if not known:
            self._enable_normalize = True
            self.register_buffer('mean', torch.tensor(mean).view(-1, 1, 1), persistent=False)
            self.register_buffer('std', torch.tensor(std).view(-1, 1, 1), persistent=False)
        # A tensor, as CUDA divides by a number through its reciprocal, which rounds otherwise.
        self.register_buffer('_full_scale', torch.tensor(255.0), persistent=False)
        self._looked_at = 0

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Batch of the data loader -> ``inputs`` (N, C, H, W), normalised, and ``data_samples``."""
        for image, sample in zip(data['inputs'], data.get('data_samples') or ()):
            _check_mask(image, sample, training)
        if self._enable_normalize:
            self._check(data)
            data = self.cast_data(data)
            data = {**data, 'inputs': [image.float() / self._full_scale for image in data['inputs']]}
        # mean and std were divided by 255 as well: what is left to super() is (x - mean) / std
        return super().forward(data, training)

    def _check(self, data: dict) -> None:
        """Channels of all images, values of the first ones."""
        expected = self.mean.numel()
        samples = data.get('data_samples') or [None] * len(data['inputs'])
        for image, sample in zip(data['inputs'], samples):
            name = shown((sample.get('img_path') if sample is not None else None) or 'an image')
            if image.ndim != 3 or image.shape[0] != expected:
                raise DataError(
                    f'{name} has shape {tuple(image.shape)}, expected ({expected}, H, W): '
                    f'mean holds {expected} channels'
                )
            self._check_values(image, name)

    def _check_values(self, image: Tensor, name: str) -> None:
        # values on a GPU are not looked at: reading them back would wait for it in every step
        if self._looked_at < _CHECKED and image.device.type == 'cpu':
            self._looked_at += 1
            check_range(image.numpy(), *self._range, name)


def _check_mask(image: Tensor, sample: SegDataSample | None, training: bool) -> None:
    """Finds masks that are none or of another size, whoever loaded them: stacking them fails without a name."""
    labels = sample.get('gt_sem_seg') if sample is not None else None
    if labels is None:
        return
    # a test's masks keep their size while images are resized
    size = tuple(image.shape[-2:]) if training else tuple(sample.get('ori_shape', labels.data.shape[-2:]))[:2]
    if labels.data.ndim == 3 and tuple(labels.data.shape[-2:]) == size:
        return
    path = sample.get('seg_map_path')
    if path is not None:
        decode_mask(read_any(path, None), shown(path))  # of colours it says more
    raise DataError(
        f'mask {shown(path or "of an image")}: shape {tuple(labels.data.shape)}, but its image '
        f'{shown(sample.get("img_path") or "")} has {size[0]} x {size[1]} pixels (height x width)'
    )


def _check_channels_of(mean: Sequence[float] | None, std: Sequence[float] | None, kwargs: dict) -> None:
    if (mean is None) != (std is None) or (mean is not None and len(mean) != len(std)):
        raise SettingError(f'data_preprocessor: mean and std must have one value per channel, got {mean} and {std}')
    for name in ('bgr_to_rgb', 'rgb_to_bgr'):
        # of one channel there is nothing to swap; of four nobody knows which
        if mean is not None and kwargs.get(name) and len(mean) not in (1, 3):
            raise SettingError(
                f'data_preprocessor.{name}: it swaps the first and last of 3 channels, mean has {len(mean)}: set it to '
                'False, and give mean and std in the order of the file'
            )
