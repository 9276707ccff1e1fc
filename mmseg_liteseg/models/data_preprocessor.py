"""Data pre-processing with a check that mmseg's leaves to a broadcast."""

from __future__ import annotations

from typing import Any

from mmseg.models.data_preprocessor import SegDataPreProcessor

from mmseg_liteseg.registry import MODELS


@MODELS.register_module()
class LiteSegDataPreProcessor(SegDataPreProcessor):
    """mmseg's SegDataPreProcessor that refuses images whose channels do not fit ``mean``.

    Without the check a grey image is normalised to three channels by broadcasting, without a word.
    Arguments are those of SegDataPreProcessor.

    Raises:
        ValueError: (in forward) an image has another number of channels than ``mean``; names the image.
    """

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Batch of the data loader -> ``inputs`` (N, C, H, W), normalised, and ``data_samples``."""
        self._check_channels(data)
        return super().forward(data, training)

    def _check_channels(self, data: dict) -> None:
        if not self._enable_normalize:
            return
        expected = self.mean.numel()
        samples = data.get('data_samples') or [None] * len(data['inputs'])
        for image, sample in zip(data['inputs'], samples):
            if image.ndim != 3 or image.shape[0] != expected:
                name = sample.get('img_path') if sample is not None else None
                raise ValueError(
                    f'{name or "an image"} has shape {tuple(image.shape)}, expected ({expected}, H, W): '
                    f'mean holds {expected} channels'
                )
