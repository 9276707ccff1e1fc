from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize(
    ('weights', 'words'),
    [
        ([1.0, 2.0, 3.0], 'class_weight holds 3 numbers for num_classes=2'),
        ([1.0], 'class_weight holds 1 number'),
        ([1.0, float('nan')], 'class_weight holds [1.0, nan]'),
        ([1.0, -1.0], 'class_weight holds [1.0, -1.0]'),
        ([0.0, 0.0], 'class_weight is 0 for all classes'),
        ('nowhere.npy', 'class_weight names nowhere.npy: no such file'),
    ],
)
def test_class_weight(project, weights, words):
    project.head['loss_decode']['class_weight'] = weights
    assert words in project.only('no-class-weight' if isinstance(weights, str) else 'class-weight')


def test_class_weight_from_a_file_and_by_formula(project, tmp_path):
    project.head['loss_decode']['class_weight'] = str(tmp_path / 'weights.npy')
    np.save(tmp_path / 'weights.npy', np.ones(2))
    assert project.inspect().findings == []
    np.save(tmp_path / 'weights.npy', np.ones(3))
    assert '3 numbers for num_classes=2' in project.only('class-weight')
    project.head['loss_decode']['class_weight'] = 'enet'
    assert project.inspect().findings == []


def test_one_logit_with_a_softmax(project):
    project.head.update(out_channels=1, sampler=None)
    line = project.only('head')
    assert 'model.decode_head: ' in line
    assert 'use_sigmoid=True' in line


@pytest.mark.parametrize('keep_sampler', [True, False])
def test_one_logit_with_a_sigmoid_is_fine(project, keep_sampler):
    project.head.update(out_channels=1, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True))
    if not keep_sampler:
        project.head['sampler'] = None
    assert project.inspect().findings == []


@pytest.mark.parametrize('loss', [dict(type='CrossEntropyLoss', use_sigmoid=True), dict(type='mmseg_liteseg.DiceLoss')])
def test_the_sampler_beside_losses_that_it_is_not_for(project, loss):
    project.head['loss_decode'] = [loss]
    assert 'set sampler=None' in project.only('head')


def test_the_sampler_with_other_losses_beside_cross_entropy(project):
    project.head['loss_decode'] = [dict(type='CrossEntropyLoss'), dict(type='mmseg_liteseg.DiceLoss')]
    assert project.inspect().findings == []


def test_one_logit_with_a_softmax_and_the_sampler_kept(project):
    project.head['out_channels'] = 1
    line = project.only('head')
    assert 'set sampler=None' in line
    assert 'use_sigmoid=True' in line


def test_ignore_index_of_the_head_alone(project):
    """Masks without 255: what the padding writes is found, not blamed on a file."""
    crop = dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=(32, 32))
    project.data()['pipeline'].insert(2, crop)
    project.head['ignore_index'] = 0
    findings = project.inspect().findings
    errors = [str(finding) for finding in findings if finding.kind == 'ignore-index' and finding.severity == 'error']
    assert len(errors) == 1
    assert 'ignore_index is 0, but train_dataloader.dataset.pipeline.RandomScaleCrop.seg_pad_value pads' in errors[0]
    warnings = [str(finding) for finding in findings if finding.severity == 'warning']
    assert any('ignores label 0, but val_evaluator ignores 255' in line for line in warnings)


def test_padding_of_whole_batches(project):
    project.cfg['model']['data_preprocessor'].update(size=(64, 64), seg_pad_val=9)
    assert 'model.data_preprocessor.seg_pad_val pads labels with 9' in project.only('ignore-index')
