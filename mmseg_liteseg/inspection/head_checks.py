"""The config against itself: class weights, what a head refuses, the ignored label."""

from __future__ import annotations

import copy
import os
import warnings
from typing import Iterator, Sequence

import numpy as np
from mmseg.models.losses.utils import get_class_weight

from mmseg_liteseg.datasets.class_weights import is_formula
from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.registry import MODELS

from .finding import Finding
from .setup import Head, Setup, bare


def check_heads(setup: Setup) -> list[Finding]:
    """What the heads' settings contradict each other, the metrics or the padding in."""
    findings = []
    for head in setup.heads:
        found = list(_check_weights(head))
        # the head would only say of the weights what is said already
        findings += found or list(_check_build(head))
    return [*findings, *_check_ignored(setup)]


def _check_weights(head: Head) -> Iterator[Finding]:
    """class_weight: one number for each class."""
    for loss in head.losses:
        weights, where = loss.get('class_weight'), (f'{head.where}.loss_decode.class_weight',)
        if is_formula(weights):
            continue
        if isinstance(weights, str):
            if not os.path.isfile(weights):
                yield Finding('error', 'no-class-weight', f'class_weight names {weights}: no such file', where)
                continue
            weights = get_class_weight(weights)
        if weights is None or head.num_classes is None or loss.get('use_sigmoid'):  # there the host has other uses
            continue
        weights = np.asarray(weights)
        if weights.shape != (head.num_classes,):
            yield Finding(
                'error',
                'class-weight',
                f'class_weight holds {weights.size} numbers for num_classes={head.num_classes}',
                where,
                cure='give one weight per class, in the order of the classes',
            )
        elif weights.dtype.kind not in 'iuf' or not np.isfinite(weights).all() or (weights < 0).any():
            yield Finding('error', 'class-weight', f'class_weight holds {weights.tolist()}', where, cure='give numbers')
        elif not weights.any():
            yield Finding(
                'error', 'class-weight', 'class_weight is 0 for all classes', where, cure='nothing is learned'
            )


def _check_build(head: Head) -> Iterator[Finding]:
    """Our heads say themselves what does not go together: logits, losses, sampler, levels."""
    if not str(head.cfg.get('type')).startswith('mmseg_liteseg.'):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the training's own head says the same
            # building pops fields, and the config is still to be trained from
            built = MODELS.build(copy.deepcopy(dict(head.cfg)))
        if hasattr(built, 'check_losses'):
            built.check_losses()
    except LiteSegError as error:
        yield Finding('error', 'head', f'{head.where}: {error}')


def _check_ignored(setup: Setup) -> Iterator[Finding]:
    """ignore_index of heads, metric and padding."""
    if not setup.heads:
        return
    head = setup.heads[0]
    ignored, allowed = setup.ignore_index, range(setup.num_classes or 0)
    where = (f'{head.where}.ignore_index',)
    for other in setup.heads[1:]:
        if other.cfg.get('ignore_index', 255) != ignored:
            what = f'{other.where} ignores {other.cfg.get("ignore_index", 255)}, {head.where} ignores {ignored}'
            yield Finding('error', 'ignore-index', what, where, cure='give all heads the same ignore_index')
    for name, value in _paddings(setup):
        if value != ignored and value not in allowed:
            yield Finding(
                'error',
                'ignore-index',
                f'{head.where}.ignore_index is {ignored}, but {name} pads labels with {value}',
                where,
                'padding would be neither a class nor ignored',
                f'set {name.rsplit(".", 1)[-1]}={ignored} there, or leave ignore_index at 255 and write 255 into masks',
            )
    for split in ('val', 'test'):
        for metric in _metrics(setup, split):
            counted = metric.get('ignore_index', 255)
            if bare(metric.get('type')) == 'IoUMetric' and counted != ignored:
                yield Finding(
                    'warning',
                    'ignore-index',
                    f'{head.where} ignores label {ignored}, but {split}_evaluator ignores {counted}',
                    (f'{split}_evaluator.ignore_index',),
                    'what was not trained counts as wrong, or the other way round',
                    f'set ignore_index={ignored} in {split}_evaluator as well',
                    split=split,
                )


def _paddings(setup: Setup) -> Iterator[tuple[str, int]]:
    """Where label maps are padded in training, and with what."""
    pre = setup.preprocessor
    if pre.get('size') or pre.get('size_divisor'):
        yield 'model.data_preprocessor.seg_pad_val', pre.get('seg_pad_val', 255)
    for part in setup.of('train'):
        for step in part.steps('RandomScaleCrop', 'RandomPaddingCrop'):
            yield f'{part.where}.pipeline.{bare(step["type"])}.seg_pad_value', step.get('seg_pad_value', 255)


def _metrics(setup: Setup, split: str) -> Sequence[dict]:
    evaluator = setup.cfg.get(f'{split}_evaluator') or []
    return [evaluator] if isinstance(evaluator, dict) else list(evaluator)
