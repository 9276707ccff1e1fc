"""The Triton kernels against the torch path, in a small case of odd sizes each."""

from __future__ import annotations

import torch
from torch import Tensor

from .bilinear import Axis, axis_map
from .self_check import SelfCheck

# float32 rounds to 6e-8; the kernels' sums have a few dozen terms.
BOUND = 1e-5


def _draw(shape: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    """Logits, the same ones everywhere, and no change to the global random state."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device, dtype)


def label_map_difference(device: torch.device, dtype: torch.dtype) -> float:
    """How far behind the largest logit those of the kernels' labels are, as a share of the largest of all.

    0 where the labels are the exact ones; two classes that tie within rounding may take each other's place.
    """
    from . import label_map_kernels

    logits = _draw((2, 6, 5, 7), device, dtype)
    rows, columns = Axis(5, 23, 1, 22, False, 19, False), Axis(7, 61, 0, 55, True, 139, False)
    labels = label_map_kernels.upsample_argmax(logits, rows, columns).cpu()
    tall, wide = (torch.from_numpy(axis_map(axis).dense(axis.in_size)) for axis in (rows, columns))
    exact = tall @ logits.cpu().double() @ wide.t()
    if labels.shape != exact.shape[:1] + exact.shape[2:] or not 0 <= labels.min() <= labels.max() < 6:
        return float('inf')
    behind = exact.amax(1) - exact.gather(1, labels[:, None])[:, 0]
    return float(behind.max() / exact.abs().max())


def ohem_difference(device: torch.device, dtype: torch.dtype) -> float:
    """Largest difference of loss, probabilities and gradient to the torch path in float64 on the CPU, as a share.

    Infinite where other pixels are kept or found right.
    """
    from .ohem_kernels import TritonSums
    from .ohem_sums import ChunkedSums
    from .targets import Targets

    logits, generator = _draw((2, 4, 2, 3), device, dtype), torch.Generator().manual_seed(1)
    label = torch.randint(0, 4, (2, 17, 33), generator=generator)
    label[torch.rand(label.shape, generator=generator) < 0.2] = 255
    weight = torch.tensor([0.5, 2.0, 1.0, 0.0])
    exact = ChunkedSums(logits.cpu().double(), Targets(label, 255), False, weight.double(), True)
    sums = TritonSums(logits, Targets(label.to(device), 255), False, weight.to(logits), True)
    exact.run(below=0.5)
    # both passes end where no probability lies close by, so that rounding decides about no pixel
    first, second = (widest_gap(exact.prob[exact.targets.valid], *share) for share in ((0.3, 0.5), (0.6, 0.8)))
    # anew: the run above was for the probabilities, and its sums are in it
    exact = ChunkedSums(exact.logits, exact.targets, False, exact.class_weight, True)
    for one in (exact, sums):
        one.run(below=first)
        one.run(below=second, start=first)
    if (int(sums.kept), int(sums.correct)) != (int(exact.kept), int(exact.correct)):
        return float('inf')
    pairs = [(sums.loss, exact.loss), (sums.gradient, exact.gradient)]
    pairs.append((sums.prob.cpu()[exact.targets.valid], exact.prob[exact.targets.valid]))
    # torch's maximum, unlike Python's, does not step over a NaN
    return float(torch.stack([(a.cpu().double() - b).abs().max() / b.abs().max() for a, b in pairs]).max())


def widest_gap(values: Tensor, low: float, high: float) -> float:
    """Middle of the widest gap between values, of those whose rank is in the given shares."""
    ordered = values.sort().values[int(low * len(values)) : int(high * len(values))]
    widest = int(ordered.diff().argmax())
    return float(ordered[widest : widest + 2].mean())


LABEL_MAP = SelfCheck('label map kernels', label_map_difference, BOUND)
OHEM_LOSS = SelfCheck('OHEM loss kernels', ohem_difference, BOUND)
