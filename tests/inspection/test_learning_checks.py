from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.inspection.learning_checks import check_learning

SPOTS = np.indices((48, 64))[1] // 32


def findings(project, kind):
    return [finding for finding in project.inspect().findings if finding.kind == kind]


def test_0_255_masks_of_two_classes(project):
    project.map_masks(lambda mask: mask * 255)
    found = project.inspect().findings
    assert [(finding.kind, finding.split, finding.severity) for finding in found] == [
        ('zero-255', 'train', 'error'),
        ('zero-255', 'val', 'error'),
    ]
    assert '255 is ignored, so everything that was marked is left out' in str(found[0])
    assert 'write 1 instead of 255' in str(found[0])


def test_some_masks_of_0_255_are_void_borders(project):
    project.write_mask('train', 0, SPOTS * 255)
    assert not project.inspect().failed


def test_all_ignored(project):
    project.map_masks(lambda mask: mask * 0 + 255, 'train')
    line = project.only('nothing-labelled')
    assert 'train: nothing is labelled in 4 masks, which hold 255' in line


def test_all_background(project):
    project.map_masks(lambda mask: mask * 0, 'train')
    assert "train: class 'left' alone is labelled in 4 masks" in project.only('one-class')


def test_one_of_them_is_a_warning_or_a_note(project):
    project.write_mask('train', 0, SPOTS * 0 + 255)
    assert '1 of 4 masks are ignored as a whole' in project.only('all-ignored', 'warning')
    project.write_mask('train', 0, SPOTS * 0)
    assert [(finding.kind, finding.severity) for finding in project.inspect().findings] == [('all-background', 'note')]


def test_reduce_zero_label_where_0_is_a_class(project):
    for split in ('train', 'val'):
        project.data(split)['reduce_zero_label'] = True
    found = findings(project, 'one-class')
    assert found[0].severity == 'error'
    assert 'set reduce_zero_label=False' in str(found[0])


def test_verdicts_on_all_masks_wait_until_all_are_read(project):
    """A sample of a set with rare objects may hold background alone."""
    project.map_masks(lambda mask: mask * 0, 'train')
    scan = project.inspect().of('train')[0]
    scan.facts.pop()
    setup = project.inspect().setup
    assert [finding.severity for finding in check_learning(setup, 'train', [scan])] == ['warning']


def test_ignoring_a_class(project):
    project.head['ignore_index'] = 0
    assert '0 is ignored: leave ignore_index at 255 if it is a class' in str(findings(project, 'one-class')[0])


def three_classes(project):
    project.head['num_classes'] = 3
    for split in ('train', 'val'):
        project.data(split)['metainfo'] = dict(classes=('a', 'b', 'c'))


def test_reduce_zero_label_that_loses_the_last_class(project):
    three_classes(project)
    for split in ('train', 'val'):
        project.data(split)['reduce_zero_label'] = True
    project.map_masks(lambda mask: np.indices(mask.shape)[1] // 22)
    found = findings(project, 'absent-class')
    assert 'train: no mask holds c' in str(found[0])
    assert 'set reduce_zero_label=False' in str(found[0])


@pytest.mark.parametrize('split', ['train', 'val'])
def test_absent_classes(project, split):
    three_classes(project)
    other = {'train': 'val', 'val': 'train'}[split]
    project.map_masks(lambda mask: np.indices(mask.shape)[1] // 22, other)
    assert f'{split}: no mask holds c' in project.only('absent-class', 'warning')


def test_most_pixels_ignored(project):
    def void(mask):
        mask = mask.copy()
        mask[:44] = 255
        return mask

    project.map_masks(void, 'train')
    assert 'train: 92% of all pixels are ignored (label 255)' in project.only('ignored-share', 'warning')
