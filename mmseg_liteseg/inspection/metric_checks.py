"""The config against itself: the figure by which checkpoints are chosen is one that the validation gives."""

from __future__ import annotations

from typing import Any, Iterator

from .finding import Finding
from .setup import Setup, bare

# What the metrics call their results, https://github.com/open-mmlab/mmsegmentation (evaluation/metrics/iou_metric.py)
_OF_IOU = {'mIoU': ('mIoU', 'mAcc'), 'mDice': ('mDice', 'mAcc'), 'mFscore': ('mFscore', 'mPrecision', 'mRecall')}
_OF_MULTI_LABEL = ('mIoU', 'mF1')


def check_metrics(setup: Setup) -> list[Finding]:
    """What ``save_best`` and EarlyStoppingHook wait for must come, else the first validation ends the training."""
    given = _given(setup)
    if given is None:
        return []
    # mmengine looks for the name after the first validation, hours into a training
    return [_fault(where, name, given) for where, name in _wanted(setup) if name not in given]


def _given(setup: Setup) -> list[str] | None:
    """Names of the results; None where a metric of another kind decides."""
    evaluator = setup.cfg.get('val_evaluator') or []
    names: list[str] = []
    for metric in [evaluator] if isinstance(evaluator, dict) else list(evaluator):
        kind, prefix = bare(metric.get('type')), metric.get('prefix')
        if kind == 'IoUMetric':
            kinds = metric.get('iou_metrics', ['mIoU'])
            found = ['aAcc', *(name for key in kinds for name in _OF_IOU.get(key, (key,)))]
        elif kind == 'MultiLabelMetric':
            found = list(_OF_MULTI_LABEL)
        else:
            return None
        names += [f'{prefix}/{name}' if prefix else name for name in found]
    return names or None


def _wanted(setup: Setup) -> Iterator[tuple[str, str]]:
    hooks: dict[str, Any] = {
        **{f'default_hooks.{name}': hook for name, hook in (setup.cfg.get('default_hooks') or {}).items()},
        **{f'custom_hooks[{index}]': hook for index, hook in enumerate(setup.cfg.get('custom_hooks') or ())},
    }
    for where, hook in hooks.items():
        if not isinstance(hook, dict):
            continue
        best = hook.get('save_best')
        for name in [best] if isinstance(best, str) else list(best or ()):
            if name != 'auto':
                yield f'{where}.save_best', name
        if bare(hook.get('type')) == 'EarlyStoppingHook' and isinstance(hook.get('monitor'), str):
            yield f'{where}.monitor', hook['monitor']


def _fault(where: str, name: str, given: list[str]) -> Finding:
    same = next((other for other in given if other.lower() == name.lower()), None)
    cure = f'write {same!r}' if same else f'name one of them, or let val_evaluator.iou_metrics hold {name!r}'
    what = f'{where} is {name!r}, but val_evaluator gives {", ".join(given)}'
    return Finding('error', 'no-such-result', what, (where,), 'the first validation would end the training', cure)
