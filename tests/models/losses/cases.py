"""Small batches for the losses, and each loss once more, pixel by pixel in plain Python."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def make_case(shape: tuple = (2, 4, 6, 7), ignored: float = 0.2, absent: int | None = None) -> tuple[Tensor, Tensor]:
    """Logits (N, C, H, W), float64, and labels (N, H, W), some of them 255 and one class possibly absent."""
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=rng, dtype=torch.float64) * 2
    label = torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=rng)
    # patches, so that not every pixel lies on an edge
    label[:, : shape[2] // 2, : shape[3] // 2] = 0
    if absent is not None:
        label[label == absent] = (absent + 1) % shape[1]
    label[torch.rand(label.shape, generator=rng) < ignored] = 255
    return logits.requires_grad_(), label


def probabilities(logits: Tensor) -> list:
    """Nested lists [n][y][x][c]."""
    return [
        [[[math.exp(v) / sum(map(math.exp, pixel)) for v in pixel] for pixel in row] for row in image]
        for image in logits.detach().movedim(1, -1).tolist()
    ]


def plain_dice(logits: Tensor, label: Tensor, smooth: float = 1.0, present: bool = True, weight: list | None = None):
    """Mean over classes of 1 - (2 I + smooth) / (P + T + smooth)."""
    prob, classes, total, norm = probabilities(logits), logits.shape[1], 0.0, 0.0
    pixels = [(prob[n][y][x], int(label[n, y, x])) for n, y, x in (label != 255).nonzero().tolist()]
    for c in range(classes):
        inside = sum(p[c] for p, y in pixels if y == c)
        predicted, count = sum(p[c] for p, _ in pixels), sum(y == c for _, y in pixels)
        if present and not count:
            continue
        w = 1.0 if weight is None else weight[c]
        total += w * (1 - (2 * inside + smooth) / (predicted + count + smooth))
        norm += w
    return total / norm


def plain_boundary(logits: Tensor, label: Tensor, kernel: int = 5, base=0.5, edge=0.5, weight: list | None = None):
    """Two weighted means of the cross entropy."""
    prob, half = probabilities(logits), kernel // 2
    sums = dict.fromkeys(('all', 'all_w', 'edge', 'edge_w'), 0.0)
    height, width = label.shape[1:]
    for n, y, x in (label != 255).nonzero().tolist():
        true = int(label[n, y, x])
        window = label[n, max(0, y - half) : min(height, y + half + 1), max(0, x - half) : min(width, x + half + 1)]
        w = 1.0 if weight is None else weight[true]
        loss = -math.log(prob[n][y][x][true])
        sums['all'] += w * loss
        sums['all_w'] += w
        if len(set(window.flatten().tolist()) - {255}) > 1:
            sums['edge'] += w * loss
            sums['edge_w'] += w
    return base * sums['all'] / sums['all_w'] + (edge * sums['edge'] / sums['edge_w'] if sums['edge_w'] else 0.0)


def plain_lovasz(logits: Tensor, label: Tensor, weight: list | None = None) -> float:
    """Lovasz extension of 1 - Jaccard at the errors, by its definition as a sum over the sorted errors."""
    prob, losses = probabilities(logits), []
    pixels = [(prob[n][y][x], int(label[n, y, x])) for n, y, x in (label != 255).nonzero().tolist()]
    for c in range(logits.shape[1]):
        foreground = sum(y == c for _, y in pixels)
        if not foreground:
            continue
        ranked = sorted((abs((y == c) - p[c]), y == c) for p, y in pixels)[::-1]
        missed = wrong = 0
        before = loss = 0.0
        for error, is_class in ranked:
            missed, wrong = missed + is_class, wrong + (not is_class)
            jaccard = 1 - (foreground - missed) / (foreground + wrong)
            loss += error * (jaccard - before)
            before = jaccard
        losses.append(loss * (1.0 if weight is None else weight[c]))
    return sum(losses) / len(losses)
