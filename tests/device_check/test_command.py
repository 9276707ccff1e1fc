import argparse

import pytest

from mmseg_liteseg.device_check import command
from mmseg_liteseg.device_check.command import DeviceCheckError, out_folder


def args(**changes):
    return argparse.Namespace(**{**dict(device='cpu', out=None, minutes=0.0, weights='x'), **changes})


def test_without_a_gpu_nothing_is_written(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    with pytest.raises(DeviceCheckError, match=r'no CUDA GPU here.*--device cpu --out DIR'):
        out_folder(args(device='cuda'))
    with pytest.raises(DeviceCheckError, match='docs/gpu is for GPUs'):
        out_folder(args())


def test_folders(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    assert str(out_folder(args(device='cuda'))) == 'docs/gpu'
    assert str(out_folder(args(out='x/y'))) == 'x/y'


def test_a_failed_check_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(command, 'operator_checks', lambda device: {'one': lambda: 1 / 0})
    monkeypatch.setattr(command, 'model_checks', lambda device, weights: {})
    told = []
    assert command.run(args(out=str(tmp_path)), 'python tools/check_gpu.py', told.append) is False
    assert '0 passed, 1 failed, 0 skipped' in told
    assert (tmp_path / 'check.md').is_file()
