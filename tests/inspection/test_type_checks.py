"""Types and arguments that no registry knows, with what is like them."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ('place', 'step', 'words'),
    [
        ('pipeline', dict(type='RandomFlp', prob=0.5), ("'RandomFlp'", "'RandomFlip' is there")),
        ('pipeline', dict(type='mmseg_liteseg.RandomDistrot'), ("'RandomDistort' is there",)),
        ('pipeline', dict(type='RandomFlip', probb=0.5), ("RandomFlip has no argument 'probb'", "'prob' is there")),
        ('val_evaluator', dict(type='IoUMetrics'), ("'IoUMetric' is there",)),
        ('optimizer', dict(type='Adamm', lr=0.1), ("'Adam",)),
        ('loss', dict(type='CrossEntropyLos'), ("'CrossEntropyLoss' is there",)),
        (
            'loss',
            dict(type='CrossEntropyLoss', ignore_index=254),
            ("'ignore_index'", 'it belongs to model.decode_head'),
        ),
    ],
)
def test_misspelt(project, place, step, words):
    if place == 'pipeline':
        project.data()['pipeline'].insert(1, step)
    elif place == 'optimizer':
        project.cfg['optim_wrapper']['optimizer'] = step
    elif place == 'loss':
        project.head['loss_decode'] = step
    else:
        project.cfg[place] = step
    found = [str(finding) for finding in project.inspect().findings if finding.kind.startswith('unknown-')]
    assert len(found) == 1
    assert all(word in found[0] for word in words), found


def test_a_class_of_the_users_own_is_no_fault(project):
    class Own:
        def __init__(self, **kwargs):
            pass

    project.cfg['custom_hooks'] = [dict(type=Own, anything=1)]
    assert project.inspect().findings == []
