"""Types and arguments that no registry knows, with what is like them."""

from __future__ import annotations

import pytest
from mmengine.config import Config

from mmseg_liteseg.benchmark.names import resolve
from mmseg_liteseg.inspection.doctor import inspect_config


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


def test_transforms_of_a_wrapper(project):
    inner = project.data()
    split = next(i for i, step in enumerate(inner['pipeline']) if step['type'] == 'PackSegInputs')
    outer = [dict(type='RandomFlpi', prob=0.5), *inner['pipeline'][split:]]
    inner['pipeline'] = inner['pipeline'][:split]
    project.cfg['train_dataloader']['dataset'] = dict(type='MultiImageMixDataset', dataset=inner, pipeline=outer)
    (found,) = project.inspect().findings
    assert found.kind == 'unknown-type'
    assert "'RandomFlpi'" in str(found)


def test_names_are_looked_up_as_a_runner_does(project):
    # ours of the same name has no eps; the config says nothing of our scope
    project.head['loss_decode'] = [dict(type='CrossEntropyLoss'), dict(type='DiceLoss', eps=1e-3)]
    assert project.inspect().findings == []


@pytest.mark.parametrize('name', ['mmseg::stdc/stdc1_4xb12-80k_cityscapes-512x1024.py', 'mmseg::dsdl/voc.py'])
def test_what_mmseg_ships_is_no_fault(name):
    cfg = Config.fromfile(resolve(name)[1])
    errors = [str(finding) for finding in inspect_config(cfg, splits=()).findings if finding.severity == 'error']
    assert errors == []


def test_albumentations_own_transforms(project):
    project.data()['pipeline'].insert(2, dict(type='Albu', transforms=[dict(type='VerticalFlip', p=0.5)]))
    assert project.inspect().findings == []
