"""Whole models on the device: prediction, a training step, SyncBN, and going on from a checkpoint."""

from __future__ import annotations

import copy
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn

from mmseg_liteseg.benchmark.case import parse_model
from mmseg_liteseg.benchmark.models import build, load_config
from mmseg_liteseg.benchmark.scenes import batch_of, samples_of
from mmseg_liteseg.deploy.network import GRAPHS
from mmseg_liteseg.deploy.optimize import BOUNDS, optimize
from mmseg_liteseg.models import OHEMPixelSampler

from .outcome import Measured, NotHere
from .resume import resume

SIZE = (96, 160)
# A thin PP-LiteSeg: the checks are about operators, not about width.
THIN = dict(
    backbone=dict(base_channels=16, norm_cfg=dict(type='BN')),
    neck=dict(in_channels=256, channels=16, norm_cfg=dict(type='BN')),
    decode_head=dict(
        in_channels=(64, 128, 256, 16),
        decoder_channels=(8, 8, 16),
        channels=8,
        aux_channels=(8, 8),
        num_classes=11,
        norm_cfg=dict(type='BN'),
        sampler=dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=2000),
    ),
)


def model_checks(device: torch.device, weights: str) -> dict[str, Callable[[], Measured]]:
    """Checks by name.

    Args:
        device: Where to run.
        weights: Path of a checkpoint and its config, without their endings.
    """
    checks: dict[str, Callable[[], Measured]] = {}
    for size in ((360, 480), (719, 959)):
        checks['predict against mmseg, to {}x{}'.format(*size)] = partial(predict, device, weights, size)
    for precision in ('fp32', 'fp16', 'bf16'):
        checks[f'optimize, {precision}'] = partial(optimized, device, weights, precision)
    checks['training step against the stock path, fp32'] = partial(training_step, device, False)
    checks['training step against the stock path, AMP'] = partial(training_step, device, True)
    checks['SyncBN in one process'] = partial(sync_bn, device)
    checks['going on from a checkpoint'] = partial(resume, device, thin_config)
    return checks


def thin_config() -> Config:
    """Model, data and schedule of the synthetic streets, thin and short."""
    cfg = Config.fromfile(parse_model('ppliteseg_stdc1_1xb4-1200_synthetic-144x192', SIZE).config)
    cfg.merge_from_dict(dict(model=copy.deepcopy(THIN)))
    return cfg


def thin_model(device: torch.device) -> nn.Module:
    """In training mode."""
    init_default_scope('mmseg')
    return build(thin_config(), SIZE).to(device).train()


def predict(device: torch.device, weights: str, size: tuple[int, int]) -> Measured:
    """How far behind mmseg's largest logit the predicted classes are, as a share of the largest of all."""
    if not all(Path(weights + ending).is_file() for ending in ('.py', '.pth')):
        raise NotHere(f'no {weights}.py and .pth: name another checkpoint (--weights)')
    model = parse_model(f'{weights}.py', (360, 480))
    fast = build(load_config(model), model.size, f'{weights}.pth').to(device)
    images, samples = batch_of(1, model.size).to(device), samples_of(1, model.size, size, str(device))
    with torch.no_grad():
        (ours,) = fast.predict(images, copy.deepcopy(samples))
        (stock,) = EncoderDecoder.predict(fast, images, copy.deepcopy(samples))
    logits, labels = stock.seg_logits.data, ours.pred_sem_seg.data
    behind = (logits.amax(0) - logits.gather(0, labels)[0]).max() / logits.abs().max()
    differ = float((labels != stock.pred_sem_seg.data).float().mean())
    # two ways to interpolate in float32, each off by a few units in the last place of the largest logit
    return Measured(float(behind), 1e-5, f'{100 * differ:.4f}% of the pixels differ')


def optimized(device: torch.device, weights: str, precision: str) -> Measured:
    """Difference that `optimize` found itself, and on a GPU whether its CUDA graph is in use."""
    if device.type == 'cpu' and precision == 'fp16':
        raise NotHere('fp16 is for GPUs')
    if device.type == 'cpu' and precision == 'bf16' and not _convolves_bfloat16():
        # without oneDNN torch's own convolution rounds the sums as well: 0.14 of the largest logit was seen
        raise NotHere('bf16 on a CPU is for those with AVX-512')
    model = thin_model(device).eval()
    fast = optimize(model, precision)
    dtype = fast.network.network.dtype if device.type == 'cuda' else None
    if dtype and not GRAPHS.passes(torch.zeros(1, device=device).device, dtype):
        raise RuntimeError('the CUDA graph is not used: see the log')
    tf32 = device.type == 'cuda' and torch.backends.cudnn.allow_tf32
    return Measured(fast.difference, max(BOUNDS[precision], 1e-2 if tf32 else 0))


def _convolves_bfloat16() -> bool:
    """Whether oneDNN does, by what it may use: ONEDNN_MAX_CPU_ISA can forbid what the CPU's flags promise."""
    onednn = torch.backends.mkldnn
    return onednn.is_available() and bool(onednn.enabled) and torch.ops.mkldnn._is_mkldnn_bf16_supported()


class StockPathSampler(OHEMPixelSampler):
    """The same sampler by another type, for which the head computes mmseg's way."""


def training_step(device: torch.device, amp: bool) -> Measured:
    """Largest difference of losses and gradients, as a share."""
    if amp and device.type == 'cpu':
        raise NotHere('mixed precision is for GPUs')
    ours = thin_model(device)
    stock = copy.deepcopy(ours)
    sampler = stock.decode_head.sampler
    stock.decode_head.sampler = StockPathSampler(stock.decode_head, thresh=sampler.thresh, min_kept=sampler.min_kept)
    found, expected = (_losses_and_gradients(model, device, amp) for model in (ours, stock))
    worst = max(float((found[k] - v).norm() / v.norm().clamp(min=1e-8)) for k, v in expected.items())
    # The features are the same: only the loss is computed in another way. In fp32 that is rounding, magnified by the
    # way back through BN. Under AMP mmseg upsamples in half precision, and hard pixels near the threshold change.
    return Measured(worst, 1e-1 if amp else 1e-3)


def _losses_and_gradients(model: nn.Module, device: torch.device, amp: bool) -> dict[str, Tensor]:
    with torch.autocast(device.type, enabled=amp):
        losses = model.loss(batch_of(2, SIZE).to(device), samples_of(2, SIZE, device=str(device)))
    losses = {name: value for name, value in losses.items() if 'loss' in name}
    sum(losses.values()).backward()
    values = {name: value.detach().double() for name, value in losses.items()}
    # what lies before BN has no gradient but rounding
    named = model.decode_head.named_parameters()
    gradients = {name: p.grad.double() for name, p in named if not name.endswith('conv.bias')}
    return {**values, **gradients}


def sync_bn(device: torch.device) -> Measured:
    """Logits in training mode with SyncBN against those with BN."""
    if device.type == 'cpu':
        raise NotHere('SyncBN is for GPUs')
    plain = thin_model(device)
    synced = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(plain))
    images = batch_of(2, SIZE).to(device)
    with one_process_group('nccl'), torch.no_grad():
        found, expected = synced(images, mode='tensor'), plain(images, mode='tensor')
    return Measured(float((found - expected).abs().max() / expected.abs().max()), 1e-3)


@contextmanager
def one_process_group(backend: str) -> Iterator[Any]:
    """A process group of this process alone."""
    with tempfile.TemporaryDirectory() as folder:
        torch.distributed.init_process_group(backend, init_method=f'file://{folder}/group', rank=0, world_size=1)
        try:
            yield torch.distributed.group.WORLD
        finally:
            torch.distributed.destroy_process_group()
