"""How sure a model is of each pixel, without torch and without full-size channels."""

from __future__ import annotations

from typing import Iterable, Tuple

import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Interface

from .label_map import resize_tiles
from .sizing import sigmoid

Confidence = Tuple[np.ndarray, np.ndarray]
"""Labels (H, W) and the probability (H, W), float32, of each pixel's label."""


def labels_with_confidence(
    output: np.ndarray, interface: Interface, sizes: Iterable[tuple[int, int]], dtype: type
) -> Confidence:
    """Labels, and their probabilities: of the softmax, or of the sigmoid of one logit for two classes.

    Args:
        output: (C, h, w) logits.
        interface: Of the artefact.
        sizes: (H, W) of one resize or of two, one after the other.
        dtype: Of the labels.

    Raises:
        DeployError: the artefact gives labels, or a mask for each class.
    """
    check_has_scores(interface)
    sizes = list(sizes)
    labels, confidence = np.empty(sizes[-1], dtype), np.empty(sizes[-1], np.float32)
    for place, logits in resize_tiles(output, sizes, interface.align_corners):
        if interface.threshold is not None:
            share = sigmoid(logits[0])
            chosen = share > interface.threshold
            labels[place], confidence[place] = chosen, np.where(chosen, share, 1 - share)
        else:
            best = logits.argmax(0)
            # the largest of the softmax
            confidence[place] = 1 / np.exp(logits - logits.max(0)).sum(0)
            labels[place] = best
    return labels, confidence


def check_has_scores(interface: Interface) -> None:
    """Refuses artefacts of which nobody can tell how sure they are.

    Raises:
        DeployError: says how to export one that can.
    """
    if interface.output == 'labels':
        raise DeployError('scores: this model gives labels alone; export it with --output scores (or logits)')
    if interface.multi_label:
        raise DeployError('scores: a model with a mask for each class has no single label to be sure of')


def mark_unsure(mask: np.ndarray, confidence: np.ndarray, least: float, label: int) -> np.ndarray:
    """The mask with ``label`` where the confidence is below ``least``.

    Example:
        >>> mark_unsure(np.uint8([[1, 2]]), np.float32([[0.9, 0.3]]), 0.5, 255)
        array([[  1, 255]], dtype=uint8)
    """
    return np.where(confidence < least, mask.dtype.type(label), mask)
