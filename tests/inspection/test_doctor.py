from __future__ import annotations

import pytest


def test_a_sound_project_has_no_findings(project):
    inspection = project.inspect()
    assert inspection.findings == []
    assert inspection.splits == ['train', 'val']  # test is val
    assert inspection.sizes('train') == {(48, 64): 4}
    labels = inspection.labels('val')
    assert (labels.pixels, labels.images, labels.masks) == ({0: 3 * 48 * 32, 1: 3 * 48 * 32}, {0: 3, 1: 3}, 3)


@pytest.mark.parametrize('kind', ['RepeatDataset', 'ConcatDataset', 'mmseg_liteseg.SeededDataset'])
def test_wrapped_data_sets_are_unwrapped(project, kind):
    inner = project.data()
    wrappers = dict(
        RepeatDataset=dict(times=3, dataset=inner),
        ConcatDataset=dict(datasets=[inner, dict(type='RepeatDataset', times=2, dataset=inner)]),
    )
    project.cfg['train_dataloader']['dataset'] = dict(type=kind, **wrappers.get(kind, dict(dataset=inner)))
    inspection = project.inspect()
    assert inspection.findings == []
    assert len(inspection.of('train')) == (2 if kind == 'ConcatDataset' else 1)
    project.mask('train', 0).unlink()
    assert {finding.kind for finding in project.inspect().findings} == {'no-mask'}


def test_drawn_scenes_are_looked_at_too(project):
    scenes = dict(type='mmseg_liteseg.SyntheticStreetDataset', length=10, size=(32, 48), pipeline=[])
    project.head['num_classes'] = 11
    project.test_is_val = False
    for split in ('train', 'val', 'test'):
        project.cfg[f'{split}_dataloader']['dataset'] = dict(scenes, split=split)
    whole, short = project.inspect(), project.inspect(splits=('train', 'val'), seconds=5)
    assert not whole.failed
    assert [len(scan.facts) for scan in whole.scans] == [10, 10, 10]
    assert [len(scan.facts) for scan in short.scans] == [8, 8]


def test_a_time_bounds_what_is_read(project):
    inspection = project.inspect(seconds=0)
    assert all(0 < len(scan.facts) <= len(scan.part.samples) for scan in inspection.scans)


def test_progress_is_shown_for_each_data_set(project):
    seen = []

    def track(items, total, name):
        items = list(items)
        seen.append((name, total, len(items)))
        return items

    project.inspect(track=track)
    assert seen[:2] == [('train_dataloader.dataset', 4, 4), ('val_dataloader.dataset', 3, 3)]
    assert {name for name, _, _ in seen[2:]} == {'crops'}
