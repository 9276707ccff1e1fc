from __future__ import annotations

import argparse

import pytest
from mmengine.config import Config

from mmseg_liteseg.engine import launch


def test_a_process_without_a_gpu_of_its_own_is_refused(monkeypatch):
    monkeypatch.setattr(launch, 'is_cuda_available', lambda: True)
    monkeypatch.setattr(launch.torch.cuda, 'device_count', lambda: 2)
    for name, value in (('RANK', '2'), ('WORLD_SIZE', '3'), ('LOCAL_RANK', '2')):
        monkeypatch.setenv(name, value)
    with pytest.raises(launch.LaunchError, match='process 2 of this machine has no GPU of its own: 2 visible'):
        launch.build_runner(Config(dict(launcher='pytorch')))


def test_a_file_is_no_work_folder(tmp_path):
    config, taken = tmp_path / 'own.py', tmp_path / 'taken'
    for path in (config, taken):
        path.write_text('model = dict()')
    args = argparse.Namespace(config=str(config), cfg_options=None, launcher='none', work_dir=str(taken), local_rank=0)
    with pytest.raises(launch.LaunchError, match=r'^--work-dir .*taken: expected a folder, found a file$'):
        launch.load_config(args)


def test_a_work_folder_that_cannot_be_written_is_said_first(tmp_path):
    config, taken = tmp_path / 'own.py', tmp_path / 'taken'
    for path in (config, taken):
        path.write_text('model = dict()')
    args = argparse.Namespace(config=str(config), cfg_options=None, launcher='none', local_rank=0)
    args.work_dir = str(taken / 'below')
    reason = (
        rf'^{args.work_dir}: cannot be written \(Not a directory in {taken}\); name another folder with --work-dir$'
    )
    with pytest.raises(launch.LaunchError, match=reason):
        launch.load_config(args)
