from __future__ import annotations

import pytest

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.inspection.command import check_dataset


def test_outputs_and_verdict(project, tmp_path, capsys):
    assert check_dataset(project.config(), tmp_path / 'a', samples=1) is False
    assert {path.name for path in (tmp_path / 'a').iterdir()} == {'findings.json', 'pictures.png'}
    project.head['num_classes'] = 3
    assert check_dataset(project.config(), tmp_path / 'b', samples=0) is True
    assert {path.name for path in (tmp_path / 'b').iterdir()} == {'findings.json'}
    assert '[num-classes]' in capsys.readouterr().out


@pytest.mark.parametrize(('options', 'words'), [(dict(workers=0), '--workers'), (dict(samples=-1), '--samples')])
def test_numbers_out_of_range(project, tmp_path, options, words):
    with pytest.raises(SettingError, match=words):
        check_dataset(project.config(), tmp_path, **options)


def test_a_config_without_data(project, tmp_path):
    for split in ('train', 'val', 'test'):
        project.cfg[f'{split}_dataloader'] = None
    project.test_is_val = False
    with pytest.raises(SettingError, match='no train_dataloader or val_dataloader'):
        check_dataset(project.config(), tmp_path)
