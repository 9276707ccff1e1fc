"""Merging of test-time augmentation in PaddleSeg's two ways."""

from __future__ import annotations

import torch
from mmengine.structures import PixelData
from mmseg.models.segmentors import SegTTAModel
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS

_MERGES = ('softmax', 'logits')


@MODELS.register_module()
class LiteSegTTAModel(SegTTAModel):
    """Sums the copies' probabilities or averages their logits, at the image's full size.

    PaddleSeg summed softmax until February 2023, which the published results of PP-LiteSeg come from, and has averaged
    logits since (https://github.com/PaddlePaddle/PaddleSeg/pull/2933). mmseg's SegTTAModel averages softmax. With
    ``multi_label`` each class's sigmoid takes the place of softmax, and is averaged.
    The pipeline that goes with it is ``mmseg_liteseg.MultiScaleFlip``.

    Args:
        module: The segmentor, as config or built.
        merge: 'softmax' or 'logits'.
        data_preprocessor: As for mmengine's BaseTTAModel; the module's own, if its config has one, wins.

    Raises:
        SettingError: If ``merge`` is unknown, or (when merging) the model has a single output channel.
    """

    def __init__(
        self, module: dict | nn.Module, merge: str = 'softmax', data_preprocessor: dict | nn.Module | None = None
    ) -> None:
        if merge not in _MERGES:
            raise SettingError(f'merge {merge!r}: expected one of {", ".join(_MERGES)}')
        # mmengine's runner hands the config's variable of this name to the outermost model; the module's own may differ
        own = isinstance(module, dict) and module.get('data_preprocessor')
        super().__init__(module, data_preprocessor=None if own else data_preprocessor)
        self.merge = merge

    def merge_preds(self, data_samples_list: list[tuple[SegDataSample, ...]]) -> list[SegDataSample]:
        """One sample per image, with ``pred_sem_seg`` (1, H, W) and the merged scores (C, H, W) as ``seg_logits``."""
        return [self._merge_samples(samples) for samples in data_samples_list]

    def _merge_samples(self, samples: tuple[SegDataSample, ...]) -> SegDataSample:
        scores = 0
        for sample in samples:
            scores = scores + self._score(sample.seg_logits.data)
            del sample.seg_logits  # 160 MB a copy for Cityscapes
        if self.merge == 'logits' or self._multi_label:
            scores /= len(samples)
        merged = samples[0]
        merged.set_data(
            dict(
                seg_logits=PixelData(data=scores),
                pred_sem_seg=PixelData(data=self._label(scores)),
            )
        )
        return merged

    def _label(self, scores: Tensor) -> Tensor:
        if not self._multi_label:
            return scores.argmax(dim=0, keepdim=True)
        probabilities = scores.sigmoid() if self.merge == 'logits' else scores
        return (probabilities > self.module.decode_head.threshold).to(torch.uint8)

    @property
    def _multi_label(self) -> bool:
        return getattr(getattr(self.module, 'decode_head', None), 'multi_label', False)

    def _score(self, logits: Tensor) -> Tensor:
        if self._multi_label:
            return logits if self.merge == 'logits' else logits.sigmoid()
        if logits.shape[0] == 1:
            raise SettingError('LiteSegTTAModel: expected two or more classes; use mmseg.SegTTAModel for one')
        return logits.softmax(dim=0) if self.merge == 'softmax' else logits
