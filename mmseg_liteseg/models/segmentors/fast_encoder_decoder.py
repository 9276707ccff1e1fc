"""EncoderDecoder whose post-processing costs a small part of the network's time."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.segmentors import EncoderDecoder
from mmseg.structures import SegDataSample
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.ops import upsample_argmax
from mmseg_liteseg.ops.bilinear import Axis
from mmseg_liteseg.registry import MODELS

from ..decode_heads.fused_loss import fuse_losses
from ..decode_heads.labels import check_labels, check_masks
from .channels_last import ChannelsLast
from .distillation import Distillation
from .lazy_logits import Geometry, LazySegLogits
from .replaceable import check_replaced, check_test_cfg

# Methods that make up mmseg's way from logits to labels. Where a class overrides one, that way is taken.
_SEGMENTOR_STEPS = ('inference', 'whole_inference', 'encode_decode', 'postprocess_result')
_HEAD_STEPS = ('predict', 'predict_by_feat')


@MODELS.register_module()
class FastEncoderDecoder(EncoderDecoder):
    """mmseg's EncoderDecoder with the same predictions, without ever holding one full-size channel per class.

    ::

        image -> backbone -> neck -> decode_head -> logits at 1/8 -> upsample_argmax -> pred_sem_seg
                                                        '-> (when read) seg_logits at the original size

    mmseg resizes the logits to the network's input, removes the padding, flips back, resizes to the original size and
    takes the argmax; `mmseg_liteseg.ops.upsample_argmax` gives the labels in one step. ``seg_logits`` is computed when
    it is read, so test-time augmentation gets it; ``test_cfg=dict(mode='whole', seg_logits=True)`` computes it always.

    A head with ``multi_label`` gives masks: ``pred_sem_seg`` (K, H, W), 0 and 1.

    Slide mode, models with one output channel, heads with a ``predict`` of their own and tracing take mmseg's way.

    Args:
        *args: Of EncoderDecoder.
        distillation: Arguments of `Distillation`: a teacher whose predictions the student learns from, beside the
            labels. It costs nothing at inference.
        fused_loss: Lets mmseg's heads compute their losses fused where that gives the same, see
            `mmseg_liteseg.models.decode_heads.fused_loss`.
        **kwargs: Of EncoderDecoder.

    Raises:
        SettingError: The config is of a segmentor that this one cannot replace, or test_cfg has no way to predict; or
            of the distillation, about the teacher itself when training starts.
    """

    # whose steps are replaced: segmentor and head
    _hosts = (EncoderDecoder, BaseDecodeHead)

    def __init__(self, *args: Any, distillation: dict | None = None, fused_loss: bool = True, **kwargs: Any) -> None:
        if not args:  # a config's settings come by name
            check_replaced(self._hosts[0].__name__, kwargs)
        super().__init__(*args, **kwargs)
        check_test_cfg(self.test_cfg)
        self._layout = ChannelsLast()
        self.distillation = None if distillation is None else Distillation(**distillation)
        if fused_loss:
            fuse_losses(self)

    def init_weights(self) -> None:
        """As EncoderDecoder, and builds the teacher: the runner calls this when training starts, and only then."""
        super().init_weights()
        if self.distillation is not None:
            self.distillation.prepare(self._head)

    def loss(self, inputs: Tensor, data_samples: list[SegDataSample]) -> dict:
        """Images (N, C, H, W) and samples with ``gt_sem_seg`` -> losses, as EncoderDecoder, and ``distill.loss_kl``."""
        return self._layout.call(self, self._loss, inputs, data_samples)

    def _loss(self, inputs: Tensor, data_samples: list[SegDataSample]) -> dict:
        if self.distillation is None:
            return super().loss(inputs, data_samples)
        # for trainings without the runner, which never call init_weights
        self.distillation.prepare(self._head)
        with self.distillation.watching(self._head) as logits:
            losses = super().loss(inputs, data_samples)
        losses['distill.loss_kl'] = self.distillation.loss(
            logits[0], inputs, data_samples, self._head, self.data_preprocessor
        )
        return losses

    def predict(self, inputs: Tensor, data_samples: list[SegDataSample] | None = None) -> list[SegDataSample]:
        """Images (N, C, H, W) -> samples with ``pred_sem_seg`` (1, H, W), int64, and ``seg_logits`` (C, H, W)."""
        labelled = [sample for sample in data_samples or () if 'gt_sem_seg' in sample]
        if labelled:  # metrics would count a label beyond the classes as an error of the model
            check = check_masks if self._multi_label else check_labels
            check(labelled, self._head.num_classes, self._head.ignore_index)
        if not self._predicts_directly():
            return self._threshold(super().predict(inputs, data_samples))
        logits = self._forward(inputs)
        if data_samples is None:
            data_samples = [SegDataSample() for _ in inputs]
            metas = [dict(ori_shape=inputs.shape[2:], img_shape=inputs.shape[2:])] * len(inputs)
        else:
            metas = [sample.metainfo for sample in data_samples]
        return self._label(logits, metas, data_samples)

    def why_hosts_way(self) -> str | None:
        """Why ``predict`` takes mmseg's way from logits to labels; None if it takes the fast one.

        Example:
            >>> head = dict(type='FCNHead', in_channels=64, channels=8, num_classes=2)
            >>> backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=4)
            >>> slide = dict(mode='slide', crop_size=(64, 64), stride=(43, 43))
            >>> FastEncoderDecoder(backbone, head, test_cfg=slide).why_hosts_way()
            "test_cfg.mode is 'slide'"
        """
        head, cfg = self._head, self.test_cfg or {}
        if cfg.get('mode', 'whole') != 'whole':
            return f'test_cfg.mode is {cfg["mode"]!r}'
        if cfg.get('seg_logits', False):
            return 'test_cfg.seg_logits asks for logits of full size'
        if self.out_channels == 1 and not self._multi_label:
            return 'one logit, which has no argmax'
        for owner, base, steps in zip((self, head), self._hosts, (_SEGMENTOR_STEPS, _HEAD_STEPS)):
            for name in steps:
                if getattr(type(owner), name) is not getattr(base, name):
                    return f'{type(owner).__name__} has its own {name}'
        return None

    def _predicts_directly(self) -> bool:
        # the direct way branches on values, of which a trace would keep the example's
        return not torch.jit.is_tracing() and self.why_hosts_way() is None

    def _label(self, logits: Tensor, metas: list[dict], data_samples: list[SegDataSample]) -> list[SegDataSample]:
        """Writes the results of logits (N, C, h, w) into the samples, images of one geometry at a time."""
        size = _first_size(metas[0])
        groups: dict[Geometry, list[int]] = {}
        for i, meta in enumerate(metas):
            groups.setdefault(_geometry(meta, logits.shape[2:], size, self.align_corners), []).append(i)
        for geometry, members in groups.items():
            group = logits if len(members) == len(logits) else logits[members]
            for i, labels in zip(members, self._labels(group, geometry)):
                data_samples[i].set_data(
                    dict(seg_logits=LazySegLogits.of(logits[i], geometry), pred_sem_seg=PixelData(data=labels))
                )
        return data_samples

    @property
    def _head(self) -> BaseDecodeHead:
        """The head that predicts."""
        return self.decode_head

    @property
    def _multi_label(self) -> bool:
        return getattr(self._head, 'multi_label', False)

    def _labels(self, logits: Tensor, geometry: Geometry) -> Tensor:
        """(N, C, h, w) -> labels (N, 1, H, W), or masks (N, C, H, W)."""
        if self._multi_label:
            return _to_masks(geometry.apply(logits), self._head.threshold)
        return upsample_argmax(logits, geometry.rows, geometry.columns)[:, None]

    def _threshold(self, data_samples: list[SegDataSample] | Tensor) -> list[SegDataSample] | Tensor:
        """Replaces the argmax over classes that mmseg's way ends with where each class is a yes or no of its own."""
        if self._multi_label and isinstance(data_samples, list):
            for sample in data_samples:
                # of a single channel mmseg gives probabilities
                logits = sample.seg_logits.data if self.out_channels > 1 else sample.seg_logits.data.logit()
                sample.seg_logits.data = logits
                sample.pred_sem_seg = PixelData(data=_to_masks(logits, self._head.threshold))
        return data_samples


def _to_masks(logits: Tensor, threshold: float) -> Tensor:
    return (logits.sigmoid() > threshold).to(torch.uint8)


def _first_size(meta: dict) -> tuple[int, int]:
    """Size of the first resize, which BaseDecodeHead.predict_by_feat takes from the batch's first image."""
    shape = meta['img_shape']
    if not isinstance(shape, torch.Size):
        shape = meta.get('pad_shape', shape)
    return int(shape[0]), int(shape[1])


def _geometry(meta: dict, in_size: torch.Size, size: tuple[int, int], align_corners: bool) -> Geometry:
    """The way of BaseSegmentor.postprocess_result."""
    left, right, top, bottom = meta.get('img_padding_size', meta.get('padding_size', (0, 0, 0, 0)))
    direction = meta.get('flip_direction') if meta.get('flip') else None
    if meta.get('flip') and direction not in ('horizontal', 'vertical'):
        raise SettingError(f"flip_direction must be 'horizontal' or 'vertical', got {direction!r}")

    def axis(dim: int, before: int, after: int, flip: bool) -> Axis:
        stop = size[dim] - int(after)
        return Axis(int(in_size[dim]), size[dim], int(before), stop, flip, int(meta['ori_shape'][dim]), align_corners)

    return Geometry(
        rows=axis(0, top, bottom, direction == 'vertical'), columns=axis(1, left, right, direction == 'horizontal')
    )
