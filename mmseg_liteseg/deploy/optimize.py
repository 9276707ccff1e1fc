"""A segmentor made fast for inference, with the same interface and, within a checked bound, the same outputs."""

from __future__ import annotations

import copy
from typing import Any

import torch
from mmengine.model import revert_sync_batchnorm
from mmseg.models.segmentors import CascadeEncoderDecoder, EncoderDecoder
from torch import Tensor, nn

from .errors import DeployError
from .fields import brief, check_choice, check_real
from .fold import fold_batch_norm
from .network import GraphedNetwork, Network

DTYPES = dict(fp32=torch.float32, bf16=torch.bfloat16, fp16=torch.float16)
# Largest difference of the logits, as a share of the largest logit, that a precision may cause.
# fp32: another order of the sums; 2e-4 was seen with random weights, 8e-7 with trained ones.
BOUNDS = dict(fp32=1e-3, bf16=1e-1, fp16=2e-2)


def optimize(
    model: EncoderDecoder,
    precision: str = 'fp32',
    example: Tensor | None = None,
    bound: float | None = None,
) -> EncoderDecoder:
    """A copy of a segmentor for inference alone: predicts, slides, and serves mmseg's tools as before, but faster.

    Folds BN into convolutions, drops what only training uses, and runs the network in channels_last and one precision;
    on a GPU as a CUDA graph. Attributes of the result: ``difference``, the one that was found, and ``precision``.

    Args:
        model: With weights, on the device that it will run on. It is left as it is. One that is optimized already is
            copied, and cannot change its precision.
        precision: 'fp32', 'bf16' or 'fp16'. Worth it where the processor computes in it: a GPU, a CPU with AMX.
        example: Normalised images (N, C, H, W) to compare both models on; a random one by default.
        bound: Of the difference, as a share of the largest logit; `BOUNDS` by default.

    Raises:
        DeployError: The precision is unknown, the model is no plain EncoderDecoder, or the logits differ by more than
            ``bound``.

    Example:
        >>> fast = optimize(init_model(config, checkpoint, 'cuda:0'), precision='fp16')  # doctest: +SKIP
        >>> inference_model(fast, 'street.png').pred_sem_seg.data.shape  # doctest: +SKIP
        torch.Size([1, 1024, 2048])
    """
    check_choice('precision', precision, tuple(DTYPES))
    if isinstance(model, _Optimized):
        return _again(model, precision)
    if not isinstance(model, EncoderDecoder) or isinstance(model, CascadeEncoderDecoder):
        raise DeployError(f'model: expected an EncoderDecoder, got {type(model).__name__}')
    if bound is not None:
        check_real('bound', bound, 0)
    _check_example(model, example)
    fast = revert_sync_batchnorm(copy.deepcopy(model)).eval().requires_grad_(False)
    fold_batch_norm(fast)
    drop_auxiliaries(fast)
    device = next(fast.parameters()).device
    network: nn.Module = Network(fast, DTYPES[precision])
    if device.type == 'cuda':
        network = GraphedNetwork(network)
    _take_network(fast, network)
    fast.difference, fast.precision = compare(model, fast, example), precision
    _check(fast.difference, precision, bound, device)
    return fast


def drop_auxiliaries(model: EncoderDecoder) -> None:
    """Removes, in place, the heads that only training uses: mmseg's and FLDHead's own."""
    if model.with_auxiliary_head:
        del model.auxiliary_head
    if hasattr(model.decode_head, 'aux_heads'):
        model.decode_head.aux_heads = nn.ModuleList()


@torch.no_grad()
def compare(plain: EncoderDecoder, fast: EncoderDecoder, example: Tensor | None = None) -> float:
    """Largest difference of two models' logits, as a share of the largest logit of ``plain``; inf if it is no number.

    Args:
        plain: Runs as it is, in eval mode.
        fast: Compared with it.
        example: Normalised images (N, C, H, W); one of noise, 256 x 512, by default.
    """
    weight = next(p for p in plain.backbone.parameters() if p.ndim == 4)
    if example is None:
        generator = torch.Generator().manual_seed(0)
        example = torch.randn((1, weight.shape[1], 256, 512), generator=generator)
    example = example.to(weight)
    training = plain.training
    expected = plain.eval()(example, mode='tensor').float()
    # back to how it was handed over
    plain.train(training)
    difference = (fast(example, mode='tensor') - expected).abs().max() / expected.abs().max()
    return float(difference) if difference.isfinite() else float('inf')


def _check_example(model: EncoderDecoder, example: Any) -> None:
    """None, or images that the model takes.

    Raises:
        DeployError: it is something else.
    """
    if example is None:
        return
    channels = next(p for p in model.backbone.parameters() if p.ndim == 4).shape[1]
    images = isinstance(example, Tensor) and example.ndim == 4 and example.is_floating_point()
    if not images or example.shape[1] != channels or not example.numel() or not example.isfinite().all():
        found = f'{tuple(example.shape)}, {example.dtype}' if isinstance(example, Tensor) else brief(example)
        raise DeployError(f'example: expected normalised images (N, {channels}, H, W), float32, got {found}')


class _Optimized:
    """Mixed in before the segmentor's class: its features are the logits already."""

    network: nn.Module
    precision: str

    def extract_feat(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)

    def loss(self, *args: Any, **kwargs: Any) -> dict:
        raise DeployError('an optimized model is for inference alone: train the model that it was made from')


def _again(model: _Optimized, precision: str) -> Any:
    if model.precision != precision:
        raise DeployError(
            f'precision: the model is optimized for {model.precision} already, and {precision} cannot be made of it: '
            'optimize the model that it was made from'
        )
    return copy.deepcopy(model)


class _LogitsHead:
    """Mixed in before the head's class, which resizes, thresholds and so on."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs


def _take_network(model: EncoderDecoder, network: nn.Module) -> None:
    """Replaces backbone, neck and the layers of the head by ``network``."""
    # a copy: the network holds the head whose layers run
    model.decode_head = _mixed_in(_LogitsHead, copy.copy(model.decode_head))
    model.decode_head.__dict__['_modules'] = {}  # the network has them
    del model.backbone
    if model.with_neck:
        del model.neck
    model.network = network
    _mixed_in(_Optimized, model)


def _mixed_in(mixin: type, module: nn.Module) -> nn.Module:
    base = type(module)
    module.__class__ = type(f'Optimized{base.__name__}', (mixin, base), {})
    return module


def _check(difference: float, precision: str, bound: float | None, device: torch.device) -> None:
    if bound is None:
        tf32 = device.type == 'cuda' and torch.backends.cudnn.allow_tf32
        bound = max(BOUNDS[precision], 1e-2 if tf32 else 0)
    if not difference <= bound:
        raise DeployError(
            f'the optimized model differs by {difference:.2g} of the largest logit, more than {bound:.2g} ({precision})'
        )
