"""What save_best and early stopping wait for must be among the results."""

from __future__ import annotations

import pytest


def _best(value):
    return dict(checkpoint=dict(type='CheckpointHook', save_best=value, interval=1))


@pytest.mark.parametrize(
    ('metrics', 'best', 'words'),
    [
        (['mDice'], 'mIoU', "is 'mIoU', but val_evaluator gives aAcc, mDice, mAcc"),
        (['mIoU'], 'miou', "write 'mIoU'"),
        (['mIoU'], ['mIoU', 'mFscore'], "let val_evaluator.iou_metrics hold 'mFscore'"),
    ],
)
def test_a_result_that_does_not_come(project, metrics, best, words):
    project.cfg['val_evaluator'] = dict(type='IoUMetric', iou_metrics=metrics)
    project.cfg['default_hooks'] = _best(best)
    assert words in project.only('no-such-result')


@pytest.mark.parametrize(
    ('evaluator', 'best'),
    [
        (dict(type='IoUMetric'), 'mIoU'),
        (dict(type='IoUMetric', iou_metrics=['mFscore']), 'mFscore'),
        (dict(type='IoUMetric', prefix='val'), 'val/mIoU'),
        (dict(type='IoUMetric'), 'auto'),
        (dict(type='CityscapesMetric', output_dir='x'), 'anything'),
    ],
)
def test_results_that_do(project, evaluator, best):
    project.cfg['val_evaluator'] = evaluator
    project.cfg['default_hooks'] = _best(best)
    assert project.inspect().findings == []


def test_early_stopping(project):
    project.cfg['custom_hooks'] = [dict(type='EarlyStoppingHook', monitor='mDice')]
    assert 'custom_hooks[0].monitor' in project.only('no-such-result')
