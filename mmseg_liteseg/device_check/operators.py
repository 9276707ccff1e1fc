"""Operators on the device against float64 on the CPU."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Callable

import torch
from torch import Tensor

from mmseg_liteseg.ops import Targets, ohem_cross_entropy, upsample_argmax
from mmseg_liteseg.ops.backend import use_triton
from mmseg_liteseg.ops.bilinear import Axis, axis_map
from mmseg_liteseg.ops.kernel_checks import LABEL_MAP, OHEM_LOSS, widest_gap
from mmseg_liteseg.ops.self_check import SelfCheck
from mmseg_liteseg.ops.upsampler import RowUpsampler

from .outcome import Measured, NotHere

CLASSES = (2, 150)
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
# float32 rounds to 6e-8; sums over taps, classes and pixels have up to a few hundred terms of either sign. Half
# precision is read exactly and computed in float32.
BOUND = 1e-5


def operator_checks(device: torch.device) -> dict[str, Callable[[], Measured]]:
    """Checks by name."""
    checks: dict[str, Callable[[], Measured]] = {}
    for title, kernel in (('label map', LABEL_MAP), ('OHEM loss', OHEM_LOSS)):
        checks[f'{title}: kernels are in use'] = partial(kernels_in_use, kernel, device)
    for classes, dtype in itertools.product(CLASSES, DTYPES):
        about = f'{classes} classes, {str(dtype)[6:]}'
        checks[f'label map: {about}'] = partial(label_map, device, classes, dtype)
        checks[f'OHEM loss and gradient: {about}'] = partial(ohem, device, classes, dtype)
    for classes in CLASSES:
        checks[f'label map: first of equal classes, {classes} classes'] = partial(tied_labels, device, classes)
        checks[f'OHEM loss: all logits equal, {classes} classes'] = partial(ohem_of_ties, device, classes)
        checks[f'OHEM loss: all pixels ignored, {classes} classes'] = partial(ohem_of_nothing, device, classes)
    checks['upsampling and its adjoint: odd sizes'] = partial(upsampling, device)
    return checks


def kernels_in_use(check: SelfCheck, device: torch.device) -> Measured:
    """Whether a kernel's own proof went well: it gives way to torch silently, but for the log."""
    if not use_triton(torch.zeros(1, device=device)):
        raise NotHere('no Triton kernels on a CPU' if device.type == 'cpu' else 'no Triton 3, or switched off')
    return Measured(float(not check.passes(torch.zeros(1, device=device).device, torch.float32)), 0.0)


def draw(shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0) -> Tensor:
    """Logits on the CPU, the same ones on every machine."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def label_map(device: torch.device, classes: int, dtype: torch.dtype) -> Measured:
    """How far behind the largest logit the chosen class is, at odd sizes, cropped, flipped, up and down."""
    worst = 0.0
    for rows, columns in (
        (Axis(9, 72, 0, 72, False, 143, False), Axis(17, 136, 0, 136, False, 271, False)),
        (Axis(9, 53, 3, 50, True, 31, True), Axis(17, 67, 0, 61, False, 153, True)),
    ):
        logits = draw((2, classes, rows.in_size, columns.in_size), dtype)
        labels = upsample_argmax(logits.to(device), rows, columns).cpu()
        tall, wide = (torch.from_numpy(axis_map(axis).dense(axis.in_size)) for axis in (rows, columns))
        for image, label in zip(logits.double(), labels):
            exact = tall @ image @ wide.t()
            behind = exact.amax(0) - exact.gather(0, label[None])[0]
            worst = max(worst, float(behind.max() / exact.abs().max()))
    return Measured(worst, BOUND)


def tied_labels(device: torch.device, classes: int) -> Measured:
    """Share of pixels that are not of the first class where all are equal."""
    rows, columns = Axis(5, 40, 0, 40, False, 77, False), Axis(7, 56, 0, 56, False, 111, False)
    labels = upsample_argmax(torch.zeros((1, classes, 5, 7), device=device), rows, columns)
    return Measured(float((labels != 0).float().mean()), 0.0)


def ohem(device: torch.device, classes: int, dtype: torch.dtype) -> Measured:
    """Loss and gradient where few pixels are hard, so that the second pass runs, and where all below a bound are."""
    logits, label = draw((2, classes, 9, 13), dtype), _labels(classes, (67, 101))
    prob = _probabilities(logits.double(), label)
    thresh = widest_gap(prob, 0.3, 0.6)  # rounding decides about no pixel
    cases = [(thresh, 10), (0.0, int((prob < widest_gap(prob, 0.3, 0.6)).sum()) + 1)]
    return Measured(max(_ohem_difference(device, logits, label, *case) for case in cases), BOUND)


def ohem_of_ties(device: torch.device, classes: int) -> Measured:
    """All probabilities are the same: all pixels are kept or none."""
    logits, label = torch.zeros((2, classes, 5, 7)), _labels(classes, (33, 45))
    return Measured(max(_ohem_difference(device, logits, label, t, 10) for t in (0.0, 0.99)), BOUND)


def ohem_of_nothing(device: torch.device, classes: int) -> Measured:
    """Loss and gradient are 0, and no NaN."""
    logits, label = draw((2, classes, 5, 7), torch.float32), torch.full((2, 33, 45), 255)
    loss, gradient = _ohem(logits.to(device), label.to(device), 0.7, 10)
    return Measured(float(loss.abs() + gradient.abs().max()), 0.0)


def upsampling(device: torch.device) -> Measured:
    """Difference to float64, as a share of the largest value, both ways."""
    results = []
    for where, dtype in ((device, torch.float32), (torch.device('cpu'), torch.float64)):
        image = draw((3, 9, 13), torch.float32).to(where, dtype)
        upsampler = RowUpsampler((9, 13), (67, 101), False, 10, image)
        wide = upsampler.widen(image)
        up = torch.cat([upsampler.up(wide, i) for i in range(len(upsampler.chunks))], 1)
        results.append((up.cpu().double(), upsampler.narrow(wide).cpu().double()))
    return Measured(max(_share(found, exact) for found, exact in zip(*results)), BOUND)


def _labels(classes: int, size: tuple[int, int]) -> Tensor:
    """Labels (2, H, W), some of them 255."""
    generator = torch.Generator().manual_seed(1)
    label = torch.randint(0, classes, (2, *size), generator=generator)
    label[torch.rand(label.shape, generator=generator) < 0.2] = 255
    return label


def _probabilities(logits: Tensor, label: Tensor) -> Tensor:
    full = torch.nn.functional.interpolate(logits, label.shape[1:], mode='bilinear', align_corners=False)
    valid = label != 255
    return full.softmax(1).gather(1, (label * valid)[:, None])[:, 0][valid]


def _ohem(logits: Tensor, label: Tensor, thresh: float, min_kept: int) -> tuple[Tensor, Tensor]:
    logits = logits.clone().requires_grad_()
    loss, _ = ohem_cross_entropy(logits, Targets(label, 255), thresh, min_kept)
    loss.backward()
    return loss.detach().cpu().double(), logits.grad.cpu().double()


def _ohem_difference(device: torch.device, logits: Tensor, label: Tensor, thresh: float, min_kept: int) -> float:
    exact = _ohem(logits.double(), label, thresh, min_kept)
    # the gradient comes back in the type of the logits: kept in float32, it shows what was computed
    found = _ohem(logits.float().to(device), label.to(device), thresh, min_kept)
    low_loss, _ = _ohem(logits.to(device), label.to(device), thresh, min_kept)
    return max(_share(low_loss, exact[0]), *(_share(a, b) for a, b in zip(found, exact)))


def _share(found: Tensor, exact: Tensor) -> float:
    return float((found - exact).abs().max() / exact.abs().max().clamp(min=1e-30))
