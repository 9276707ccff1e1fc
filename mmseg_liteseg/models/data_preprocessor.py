"""Data pre-processing with PaddleSeg's rounding, and a check that mmseg's leaves to a broadcast."""

from __future__ import annotations

from typing import Any, Sequence

import torch
from mmseg.models.data_preprocessor import SegDataPreProcessor

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.registry import MODELS


@MODELS.register_module()
class LiteSegDataPreProcessor(SegDataPreProcessor):
    """mmseg's SegDataPreProcessor, normalising as PaddleSeg does: (x / 255 - mean / 255) / (std / 255), in this order.

    mmseg's (x - mean) / std differs from it by up to 6e-8 for mean = std = 127.5. Images whose channels do not fit
    ``mean`` are refused: a grey image would be normalised to three channels by broadcasting, without a word.

    Args:
        mean: By channel, for values 0..255.
        std: By channel, for values 0..255.
        **kwargs: The others of SegDataPreProcessor. Without ``size`` and ``size_divisor`` a training batch is padded to
            its largest image, where mmseg fails; the crops of our pipelines have one size and need no padding.

    Raises:
        DataError: (in forward) an image has another number of channels than ``mean``; names the image.
    """

    def __init__(self, mean: Sequence[float] | None = None, std: Sequence[float] | None = None, **kwargs: Any) -> None:
        mean, std = ([value / 255 for value in values] if values is not None else None for values in (mean, std))
        if kwargs.get('size') is None:
            kwargs.setdefault('size_divisor', 1)
        super().__init__(mean=mean, std=std, **kwargs)
        # A tensor, as CUDA divides by a number through its reciprocal, which rounds otherwise.
        self.register_buffer('_full_scale', torch.tensor(255.0), persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Batch of the data loader -> ``inputs`` (N, C, H, W), normalised, and ``data_samples``."""
        self._check_channels(data)
        if self._enable_normalize:
            data = self.cast_data(data)
            data = {**data, 'inputs': [image.float() / self._full_scale for image in data['inputs']]}
        return super().forward(data, training)

    def _check_channels(self, data: dict) -> None:
        if not self._enable_normalize:
            return
        expected = self.mean.numel()
        samples = data.get('data_samples') or [None] * len(data['inputs'])
        for image, sample in zip(data['inputs'], samples):
            if image.ndim != 3 or image.shape[0] != expected:
                name = sample.get('img_path') if sample is not None else None
                raise DataError(
                    f'{name or "an image"} has shape {tuple(image.shape)}, expected ({expected}, H, W): '
                    f'mean holds {expected} channels'
                )
