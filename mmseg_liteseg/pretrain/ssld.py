"""SSLD, the distillation behind PaddleSeg's encoders: a student learns a teacher's predictions and needs no labels.

Paper: https://arxiv.org/abs/2103.05959. Documentation and code of its authors:
https://github.com/PaddlePaddle/PaddleClas/blob/develop/docs/zh_CN/training/advanced/ssld.md
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from mmengine.structures import BaseDataElement
from mmpretrain.models import ImageClassifier
from torch import Tensor

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
            It may have a normalisation of its own; without one it gets the student's images as they are.
        teacher_checkpoint: The teacher's weights; not needed where ``teacher`` says where they are.
        divergence: Loss between the two logits.
        **kwargs: The student: backbone, neck, head, ... of mmpretrain's ImageClassifier.

    Raises:
        SettingError: Nothing says where the teacher's weights are, or (in loss) the two have other numbers of classes.
        CheckpointMismatchError: The teacher's weights do not fit it.

    Example:
        >>> teacher = dict(type='TimmClassifier', model_name='resnet18', pretrained=True)
        >>> model = SSLDClassifier(teacher, backbone=..., head=...)  # doctest: +SKIP
    """

    def __init__(
        self,
        teacher: Mapping[str, Any] | str,
        teacher_checkpoint: str | None = None,
        divergence: dict = dict(type='mmseg_liteseg.JSDivergence'),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.divergence = MODELS.build(divergence)
        # a Teacher is no module, so that its weights are in no state_dict and no optimiser
        self.teacher = build_teacher(teacher, teacher_checkpoint)

    def loss(self, inputs: Tensor, data_samples: Sequence[BaseDataElement] | None = None) -> dict[str, Tensor]:
        """Images (N, 3, H, W) -> ``loss`` and ``agreement``."""
        student = self.head(self.extract_feat(inputs))
        teacher = self.teacher.logits(inputs, self.data_preprocessor)
        loss = self.divergence(student, teacher)
        return dict(loss=loss, agreement=(student.argmax(1) == teacher.argmax(1)).to(loss).mean())

    def _apply(self, *args: Any, **kwargs: Any) -> SSLDClassifier:
        """Takes the teacher along to another device or type; torch does so with modules only."""
        super()._apply(*args, **kwargs)
        self.teacher.model._apply(*args, **kwargs)
        return self
