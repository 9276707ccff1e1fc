from __future__ import annotations

import numpy as np
import pytest


def both(project, **changes):
    for split in ('train', 'val'):
        project.data(split)['metainfo'].update(changes)


def test_num_classes_forgotten(project):
    project.head['num_classes'] = 11
    findings = project.inspect().findings
    assert {finding.kind for finding in findings if finding.severity == 'error'} == {'num-classes'}
    line = str(findings[0])
    assert 'model.decode_head.num_classes is 11, but the train data has 2 classes: left, right' in line
    assert 'set num_classes=2 in model.decode_head' in line


def test_num_classes_of_auxiliary_heads_count_too(project):
    project.cfg['model']['auxiliary_head'] = [dict(type='FCNHead', num_classes=2), dict(type='FCNHead', num_classes=3)]
    assert {finding.kind for finding in project.inspect().findings} == {'num-classes'}
    assert 'model.auxiliary_head[1].num_classes is 3' in str(project.inspect().findings[0])


def test_no_metainfo(project):
    del project.data('val')['metainfo']
    line = str(project.inspect().findings[0])
    assert 'val: the data set has no names of classes' in line
    assert "metainfo=dict(classes=('background', 'object')" in line


def test_metainfo_of_older_releases(project):
    project.data()['metainfo'] = dict(CLASSES=('left', 'right'))
    assert 'metainfo holds CLASSES: the key is classes' in project.only('no-classes')


def test_names_need_not_be_text(project):
    both(project, classes=(1, 2))
    assert project.inspect().findings == []


def test_a_string_instead_of_a_list(project):
    both(project, classes='water')
    findings = project.inspect().findings
    assert {finding.kind for finding in findings} == {'classes-not-a-list'}
    assert "classes is the string 'water', which counts as 5 names of one letter" in str(findings[0])
    assert "write classes=('water',) with a comma" in str(findings[0])


def test_a_file_of_names_is_no_mistake(project, tmp_path):
    (tmp_path / 'names.txt').write_text('left\nright\n')
    both(project, classes=str(tmp_path / 'names.txt'))
    assert project.inspect().findings == []


@pytest.mark.parametrize(
    ('palette', 'kind', 'words'),
    [
        ([[0, 0, 0]], 'palette-length', 'palette has 1 colours for 2 classes'),
        ([[0, 0, 0]] * 3, 'palette-length', 'palette has 3 colours for 2 classes'),
        ([[0, 0, 0], [0, 0, 256]], 'palette-colour', r'palette holds [0, 0, 256]'),
        ([[0, 0, 0], 'red'], 'palette-colour', "palette holds 'red'"),
    ],
)
def test_palette(project, palette, kind, words):
    project.data()['metainfo']['palette'] = palette
    assert words in project.only(kind)


def test_no_palette_is_fine_and_equal_colours_are_a_warning(project):
    both(project, palette=[])
    assert project.inspect().findings == []
    project.data()['metainfo']['palette'] = [[1, 2, 3]] * 2
    assert 'two classes have one colour' in project.only('palette-double', 'warning')


def test_names_unknown_to_a_data_set_with_names_of_its_own(project):
    project.data().update(type='mmseg_liteseg.CamVidDataset')
    line = project.only('unknown-classes')
    assert "CamVidDataset has no class 'left', 'right'" in line
    assert "type='BaseSegDataset'" in line


def test_a_choice_of_known_names_is_fine(project):
    project.head['num_classes'] = 2
    for split in ('train', 'val'):
        project.data(split).update(type='mmseg_liteseg.CamVidDataset', metainfo=dict(classes=('sky', 'building')))
    assert [finding for finding in project.inspect().findings if finding.severity == 'error'] == []


def test_names_in_another_order(project):
    project.data('val')['metainfo']['classes'] = ('right', 'left')
    findings = project.inspect().findings
    assert {finding.kind for finding in findings} == {'other-classes'}
    assert 'val: classes differ in names or order from those of train_dataloader.dataset' in str(findings[0])


@pytest.mark.parametrize(
    ('weights', 'words'),
    [
        ([1.0, 2.0, 3.0], 'class_weight holds 3 numbers for num_classes=2'),
        ([1.0], 'class_weight holds 1 numbers'),
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


def test_one_logit_with_the_sampler_kept(project):
    project.head.update(out_channels=1, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True))
    line = project.only('sampler-logits')
    assert 'needs a softmax over the classes, but out_channels=1' in line
    assert 'set sampler=None in model.decode_head' in line
    project.head['sampler'] = None
    assert project.inspect().findings == []


@pytest.mark.parametrize('loss', [None, dict(type='CrossEntropyLoss')])
def test_one_logit_with_a_softmax(project, loss):
    project.head.update(out_channels=1, sampler=None, loss_decode=loss)
    assert 'use_sigmoid=True' in project.only('one-logit')


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
