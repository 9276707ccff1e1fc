"""Test-time augmentation as PaddleSeg does (aug_inference in paddleseg/core/infer.py)."""

from __future__ import annotations

from typing import Sequence

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, Compose

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MultiScaleFlip(BaseTransform):
    """Scaled copies of an image, each plain and mirrored. To be used with ``mmseg_liteseg.LiteSegTTAModel``.

    Sizes are ``int(factor * size + 0.5)``, height and width each for itself (mmcv's Resize with ``keep_ratio`` may be a
    pixel off). Labels must be loaded by ``transforms``: they stay at full size.

    With ``cascade`` every scale is made from the one before instead of from the image: 1.25 comes from 1.0, which comes
    from 0.75. PaddleSeg did this until February 2023 (https://github.com/PaddlePaddle/PaddleSeg/pull/2933), so the
    published multi-scale results hold it.

    Args:
        scale_factors: Factors, in PaddleSeg's order.
        flip: Whether to add the mirrored copies.
        cascade: Whether to scale in a cascade.
        transforms: What to do with every copy: load the labels and pack.

    Raises:
        SettingError: If there is no factor, or one is not positive.
    """

    def __init__(
        self,
        transforms: list[dict],
        scale_factors: Sequence[float] = (0.75, 1.0, 1.25),
        flip: bool = True,
        cascade: bool = False,
    ) -> None:
        if not scale_factors or min(scale_factors) <= 0:
            raise SettingError(f'scale_factors {scale_factors}: expected one or more positive factors')
        self.scale_factors = tuple(scale_factors)
        self.flip = flip
        self.cascade = cascade
        self.transforms = Compose([TRANSFORMS.build(transform) for transform in transforms])

    def transform(self, results: dict) -> dict:
        """Gives every packed key a list, in the order (scale, plain), (scale, mirrored), (next scale, plain)..."""
        full = results['img'].astype(np.float32, copy=False)
        height, width = full.shape[:2]
        image = full
        packed = []
        for factor in self.scale_factors:
            size = (max(int(width * factor + 0.5), 1), max(int(height * factor + 0.5), 1))
            image = mmcv.imresize(image if self.cascade else full, size, interpolation='bilinear', backend='cv2')
            for flip in (False, True) if self.flip else (False,):
                copied = {
                    **results,
                    # the scaled image is mirrored, as there, not the mirrored one scaled
                    'img': image[:, ::-1] if flip else image,
                    'img_shape': image.shape[:2],
                    'scale': size,
                    'scale_factor': (size[0] / width, size[1] / height),
                    'keep_ratio': False,
                    'flip': flip,
                    'flip_direction': 'horizontal' if flip else None,
                    'seg_fields': [*results.get('seg_fields', [])],
                }
                packed.append(self.transforms(copied))
        return {key: [item[key] for item in packed] for key in packed[0]}

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale_factors={self.scale_factors}, flip={self.flip}, cascade={self.cascade}, '
            f'transforms={self.transforms})'
        )
