"""Learning from a larger segmentor's predictions beside the labels."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import Any, Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import revert_sync_batchnorm
from mmseg.models.decode_heads import PointHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.ops.distillation import kl_divergence
from mmseg_liteseg.registry import MODELS

from ..losses.base import check_number
from ..samplers.ohem import OHEMPixelSampler
from ..teacher import Teacher, load_whole, read_model

# weights that only the teacher's own training used
_NOT_NEEDED = ('auxiliary_head.', 'decode_head.aux_heads.')
PIXELS = ('all', 'labelled', 'hard')


class Distillation:
    """Per-pixel KL divergence from a frozen teacher's prediction, at the resolution of the student's logits.

    Held outside the student's modules: no optimiser, checkpoint, export or process group sees the teacher, and copies
    of the student (EMA) share it. It is built when training starts; a model for inference never looks for it.

    Args:
        teacher: A config file, or a segmentor as a dict.
        checkpoint: The teacher's weights.
        temperature: Softens both predictions.
        loss_weight: Factor of the divergence.
        pixels: Which take part: 'all', as the teacher needs no labels; 'labelled', without the ignored ones; or 'hard',
            those that the head's OHEM keeps, of the labels brought to the logits' resolution.

    Raises:
        SettingError: A value is out of range.
    """

    def __init__(
        self,
        teacher: Mapping[str, Any] | str,
        checkpoint: str,
        temperature: float = 1.0,
        loss_weight: float = 1.0,
        pixels: str = 'all',
    ) -> None:
        check_number(loss_weight, 'distillation.loss_weight')
        check_number(temperature, 'distillation.temperature')
        if temperature == 0:
            raise SettingError('distillation.temperature must be above 0, got 0')
        if pixels not in PIXELS:
            raise SettingError(f'distillation.pixels must be one of {", ".join(PIXELS)}, got {pixels!r}')
        self._config, self._checkpoint = teacher, checkpoint
        self.temperature, self.loss_weight, self.pixels = temperature, loss_weight, pixels
        self._teacher: Teacher | None = None

    def __deepcopy__(self, memo: dict) -> Distillation:
        return self

    def prepare(self, head: nn.Module) -> None:
        """Builds the teacher, once.

        Raises:
            SettingError: It does not go with the student's head, or see `build_teacher`.
            CheckpointFileError: See `build_teacher`.
        """
        if self._teacher is not None:
            return
        if self.pixels == 'hard' and not isinstance(head.sampler, OHEMPixelSampler):
            raise SettingError("distillation.pixels='hard' needs decode_head.sampler to be our OHEMPixelSampler")
        if head.out_channels < 2 or getattr(head, 'multi_label', False):
            raise SettingError('distillation needs a softmax over two classes or more in the student')
        if not hasattr(head, 'conv_seg'):
            raise SettingError(
                "distillation reads the student's logits from decode_head.conv_seg, and this head has none: "
                'leave model.distillation out or choose another head'
            )
        teacher = build_teacher(self._config, self._checkpoint)
        channels = teacher.model.out_channels
        if channels != head.out_channels or getattr(teacher.model.decode_head, 'multi_label', False):
            raise SettingError(
                f'distillation.teacher has {channels} classes, the student {head.out_channels}: they must be the same'
            )
        self._teacher = teacher

    @contextmanager
    def watching(self, head: nn.Module) -> Iterator[list[Tensor]]:
        """Notes the main branch's logits (N, C, h, w) while the head computes its losses."""
        found: list[Tensor] = []
        handle = head.conv_seg.register_forward_hook(lambda _module, _inputs, output: found.append(output))
        try:
            yield found
        finally:
            handle.remove()

    def loss(
        self, logits: Tensor, inputs: Tensor, data_samples: Sequence[SegDataSample], head: nn.Module, given: nn.Module
    ) -> Tensor:
        """The divergence, a scalar.

        Args:
            logits: The student's, (N, C, h, w).
            inputs: The student's images.
            data_samples: With ``gt_sem_seg``.
            head: The student's.
            given: The student's data preprocessor.
        """
        expected = self._teacher.logits(inputs, given)
        if expected.shape[2:] != logits.shape[2:]:
            expected = F.interpolate(
                expected.float(), logits.shape[2:], mode='bilinear', align_corners=head.align_corners
            )
        weight = self._weight(logits, data_samples, head)
        return self.loss_weight * kl_divergence(logits, expected, self.temperature, weight)

    @torch.no_grad()
    def _weight(self, logits: Tensor, data_samples: Sequence[SegDataSample], head: nn.Module) -> Tensor | None:
        """(N, h, w), 1 where a pixel takes part; None for all."""
        if self.pixels == 'all':
            return None
        label = torch.stack([sample.gt_sem_seg.data for sample in data_samples])
        # nearest-exact takes the middle of a cell of pixels, nearest its corner
        small = F.interpolate(label.float(), logits.shape[2:], mode='nearest-exact')[:, 0].long()
        if self.pixels == 'labelled':
            return (small != head.ignore_index).to(logits)
        return head.sampler.keep(logits.detach(), small, label.numel()).to(logits)


def build_teacher(config: Mapping[str, Any] | str, checkpoint: str) -> Teacher:
    """Builds a segmentor that teaches, with its weights.

    Args:
        config: A config file, or the ``model`` of one.
        checkpoint: ``.pth`` or ``.pdparams``, a path or an address.

    Raises:
        SettingError: There is no such config, or it holds no segmentor whose head gives logits per pixel.
        CheckpointFileError: The checkpoint cannot be read, or does not hold every tensor of the model in its shape.
    """
    cfg = copy.deepcopy(read_model(config, 'distillation.teacher'))
    if not isinstance(cfg.get('decode_head'), (dict, list, tuple)):
        raise SettingError('distillation.teacher: expected a segmentor with a decode_head')
    cfg.update(train_cfg=None, pretrained=None)
    for part in ('backbone', 'neck', 'decode_head'):  # the checkpoint fills everything: nothing else is to be fetched
        if isinstance(cfg.get(part), dict):
            cfg[part].pop('init_cfg', None)
    cfg.pop('distillation', None)
    # SyncBN does not run on a CPU, and in eval mode BN computes the same
    model = revert_sync_batchnorm(MODELS.build(cfg))
    head = model.decode_head[-1] if isinstance(model.decode_head, nn.ModuleList) else model.decode_head
    if not isinstance(head, BaseDecodeHead) or isinstance(head, PointHead):
        raise SettingError(
            f'distillation.teacher has a {type(head).__name__}, which gives no logits of a class per pixel: choose a '
            "teacher whose head is one of mmseg's with conv_seg"
        )
    load_whole(model, checkpoint, 'distillation.checkpoint', _NOT_NEEDED)
    return Teacher(model)
