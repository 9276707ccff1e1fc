from __future__ import annotations

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
        ([[0, 0, 0]], 'palette-length', 'palette has 1 colour for 2 classes'),
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
