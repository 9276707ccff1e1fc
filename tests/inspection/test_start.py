from __future__ import annotations

import pytest

from mmseg_liteseg.inspection import InspectionError
from mmseg_liteseg.inspection.start import check_start


def test_it_says_what_was_found(project):
    assert check_start(project.config()) == [
        'data: train: 4 images, all read; sizes 48x64 (4)',
        'data: val: 3 images, all read; sizes 48x64 (3)',
        'data: 2 classes in train: left 50.0%, right 50.0%; ignored 0.0%',
    ]


def test_an_error_is_one_line_that_says_how_to_go_on(project, capsys):
    project.mask('val', 1).unlink()
    with pytest.raises(InspectionError) as raised:
        check_start(project.config())
    assert str(raised.value).startswith('val: 1 of 3 samples have no mask file (')
    assert str(raised.value).endswith(
        '[no-mask; python tools/check_dataset.py CONFIG looks at all files, data_check=False trains without a check]'
    )
    assert '\n' not in str(raised.value)
    assert capsys.readouterr().err == ''


def test_several_errors_have_a_line_each_and_the_first_is_raised(project, capsys):
    project.head['num_classes'] = 3
    project.mask('val', 1).unlink()
    with pytest.raises(InspectionError, match=r'^model.decode_head.num_classes is 3.*\[num-classes; 2 more above;'):
        check_start(project.config())
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith('error: ') for line in lines)
    assert any('no mask file' in line for line in lines)


def test_warnings_go_to_the_log(project):
    project.image('train', 9, '.jpg').write_bytes(b'')
    assert check_start(project.config())[-1].startswith('warning: train: 1 picture beside the 4 used does not')


def test_the_test_data_warns_only(project):
    project.test_is_val = False
    project.cfg['test_dataloader']['dataset']['metainfo'] = dict(classes=('a', 'b', 'c'))
    assert check_start(project.config())[-1].startswith(
        'warning: model.decode_head.num_classes is 2, but the test data'
    )


def test_it_can_be_left_out(project, monkeypatch):
    project.head['num_classes'] = 3
    project.cfg['data_check'] = False
    assert check_start(project.config()) == []
    project.cfg['data_check'] = dict(seconds=1)
    monkeypatch.setenv('RANK', '1')
    assert check_start(project.config()) == []
    monkeypatch.setenv('RANK', '0')
    with pytest.raises(InspectionError):
        check_start(project.config())


@pytest.mark.parametrize(
    ('value', 'words'),
    [
        ('no', "data_check: expected True, False or dict(seconds=...), got 'no'"),
        (dict(second=1), 'data_check: expected'),
        (dict(seconds=-1), 'data_check.seconds: expected a number from 0 on, got -1'),
    ],
)
def test_misspelt_options(project, value, words):
    project.cfg['data_check'] = value
    with pytest.raises(InspectionError) as raised:
        check_start(project.config())
    assert words in str(raised.value)


def steps(loader):
    return [step['type'] for step in loader['dataset']['pipeline']]


def test_labels_are_checked_when_they_are_loaded(project):
    cfg = project.config()
    check_start(cfg)
    for split in ('train', 'val'):
        types = steps(cfg[f'{split}_dataloader'])
        assert types == ['LoadImageFromFile', 'LoadAnnotations', 'mmseg_liteseg.CheckLabels', 'PackSegInputs']
    assert cfg.val_dataloader.dataset.pipeline[2] == dict(
        type='mmseg_liteseg.CheckLabels', num_classes=2, ignore_index=255
    )
    assert steps(cfg.test_dataloader) == ['LoadImageFromFile', 'LoadAnnotations', 'PackSegInputs']


def test_loading_inside_other_transforms_is_guarded_too(project):
    load = project.data()['pipeline'][:2]
    project.data()['pipeline'][:2] = [dict(type='mmseg_liteseg.CachedLoading', transforms=load, max_bytes=0)]
    cfg = project.config()
    check_start(cfg)
    cached = cfg.train_dataloader.dataset.pipeline[0]
    assert [step['type'] for step in cached['transforms']][-1] == 'mmseg_liteseg.CheckLabels'


def test_nothing_is_added_where_the_check_is_left_out(project):
    project.cfg['data_check'] = False
    cfg = project.config()
    check_start(cfg)
    assert 'mmseg_liteseg.CheckLabels' not in steps(cfg.train_dataloader)
