"""SSLD, the distillation behind PaddleSeg's encoders: a student learns a teacher's predictions and needs no labels.

Paper: https://arxiv.org/abs/2103.05959. Documentation and code of its authors:
https://github.com/PaddlePaddle/PaddleClas/blob/develop/docs/zh_CN/training/advanced/ssld.md
"""

from __future__ import annotations

import re
from typing import Any, Mapping, Sequence

import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from mmpretrain.models import ImageClassifier
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.models.layers.checks import check_positive_int
from mmseg_liteseg.registry import MODELS

from .teacher import build_teacher


@MODELS.register_module()
class SSLDClassifier(ImageClassifier):
    """A classifier that is trained on a frozen teacher's predictions.

    ::

        images -> student -> logits --- divergence -> loss
               '-> teacher -> logits --'

    Labels are not looked at, and need not be there. The log holds ``agreement`` besides the loss: the share of the
    batch for which both name the same class. Predictions, checkpoints and parameters are the student's alone.

    Args:
        teacher: Model of mmpretrain as a dictionary (``TimmClassifier`` for those of timm), or a config file with one.
            It may have a normalisation of its own (timm's models have the one that timm knows of them); without one
            it gets the student's images as they are.
        teacher_checkpoint: The teacher's weights; not needed where ``teacher`` says where they are.
        teacher_size: Height and width, or one number for both, to which the teacher's images are resized; needed where
            it takes one size only, as many transformers do, and the student's is another.
        divergence: Loss between the two logits.
        **kwargs: The student: backbone, neck, head, ... of mmpretrain's ImageClassifier.

    Raises:
        SettingError: Nothing says where the teacher's weights are, teacher_size is no size, or (in loss) the two have
            other numbers of classes, or the teacher takes no such images.
        CheckpointMismatchError: The teacher's weights do not fit it.

    Example:
        >>> teacher = dict(type='TimmClassifier', model_name='resnet18', pretrained=True)
        >>> model = SSLDClassifier(teacher, backbone=..., head=...)  # doctest: +SKIP
    """

    def __init__(
        self,
        teacher: Mapping[str, Any] | str,
        teacher_checkpoint: str | None = None,
        teacher_size: int | Sequence[int] | None = None,
        divergence: dict = dict(type='mmseg_liteseg.JSDivergence'),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.divergence = MODELS.build(divergence)
        self.teacher_size = _check_size(teacher_size)
        # a Teacher is no module, so that its weights are in no state_dict and no optimiser
        self.teacher = build_teacher(teacher, teacher_checkpoint)

    def loss(self, inputs: Tensor, data_samples: Sequence[BaseDataElement] | None = None) -> dict[str, Tensor]:
        """Images (N, 3, H, W) -> ``loss`` and ``agreement``."""
        student = self.head(self.extract_feat(inputs))
        teacher = self._teacher_logits(inputs)
        loss = self.divergence(student, teacher)
        return dict(loss=loss, agreement=(student.argmax(1) == teacher.argmax(1)).to(loss).mean())

    def _teacher_logits(self, inputs: Tensor) -> Tensor:
        """Images (N, C, H, W) -> logits (N, classes)."""
        images = inputs
        if self.teacher_size is not None:
            images = F.interpolate(inputs, self.teacher_size, mode='bilinear', antialias=True)
        try:
            return self.teacher.logits(images, self.data_preprocessor)
        except (AssertionError, RuntimeError) as error:  # timm's transformers assert the size
            reason = ' '.join(str(error).split())[:160]
            if isinstance(error, RuntimeError) and not re.search(r'channels|size|shape', reason):
                raise
            raise SettingError(
                f'teacher: takes no images of shape {tuple(images.shape)} ({reason}): set model.teacher_size to the '
                'height and width it was trained at, or choose a teacher with as many channels'
            ) from error

    def _apply(self, *args: Any, **kwargs: Any) -> SSLDClassifier:
        """Takes the teacher along to another device or type; torch does so with modules only."""
        super()._apply(*args, **kwargs)
        self.teacher.model._apply(*args, **kwargs)
        return self


def _check_size(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
    if len(pair) != 2:
        raise SettingError(f'teacher_size must be a height and a width, or one number for both, got {size!r}')
    return tuple(check_positive_int(value, 'teacher_size') for value in pair)
