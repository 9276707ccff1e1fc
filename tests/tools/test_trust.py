"""A checkpoint that would run something, through every tool and every door of the host's that takes one."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys

import pytest
import torch
from mmengine.config import Config
from mmseg.apis import MMSegInferencer, init_model

from mmseg_liteseg.checkpoint.errors import UnsafeCheckpointError
from tests.checkpoint.attacks import config_program, forget_trust, hidden, payloads
from tests.helpers import REPO
from tests.tools.conftest import run_alone
from tools import (
    convert_mmdeploy,
    convert_paddle,
    export,
    publish_model,
    quantize,
    report,
    train,
    verify_export,
)
from tools import test as test_tool

PRETRAINED = ('model.backbone.init_cfg.type=Pretrained', 'model.backbone.init_cfg.checkpoint=FILE')
COMMANDS = {
    'train load_from': (train, ['CONFIG', '--work-dir', 'OUT', '--cfg-options', 'load_from=FILE']),
    'train resume': (train, ['CONFIG', '--work-dir', 'OUT', '--resume', '--cfg-options', 'load_from=FILE']),
    'train Pretrained': (train, ['CONFIG', '--work-dir', 'OUT', '--cfg-options', *PRETRAINED]),
    'test': (test_tool, ['CONFIG', 'FILE', '--work-dir', 'OUT']),
    'report': (report, ['CONFIG', 'FILE', '--work-dir', 'OUT']),
    'export': (export, ['CONFIG', 'FILE', '--out', 'OUT']),
    'quantize': (quantize, ['CONFIG', 'FILE', '--out', 'OUT']),
    'verify_export': (verify_export, ['OUT', 'CONFIG', 'FILE', '--dump-inputs']),
    'publish': (publish_model, ['FILE', 'OUT.pth']),
    'convert': (convert_paddle, ['FILE', 'OUT.pdparams']),
    'mmdeploy': (
        convert_mmdeploy,
        [str(REPO / 'configs/deploy/segmentation_onnxruntime_dynamic.py'), 'CONFIG', 'FILE', '--out', 'OUT'],
    ),
}


@pytest.fixture(autouse=True)
def without_trust(monkeypatch):
    forget_trust(monkeypatch)


@pytest.fixture
def marker(tmp_path):
    return tmp_path / 'pwned'


@pytest.fixture
def file(tmp_path, marker):
    """A checkpoint that would run something."""
    torch.save(hidden(payloads(marker)['system'], 'meta'), tmp_path / 'stranger.pth')
    return tmp_path / 'stranger.pth'


@pytest.mark.parametrize('name', COMMANDS)
def test_tools_refuse_it_in_one_line(name, tiny_config, file, marker, tmp_path, capsys):
    if name == 'mmdeploy' and importlib.util.find_spec('mmdeploy') is None:
        pytest.skip('mmdeploy is not installed')
    tool, arguments = COMMANDS[name]
    words = {'CONFIG': tiny_config, 'FILE': file, 'OUT': tmp_path / 'out'}
    for word, value in words.items():
        arguments = [argument.replace(word, str(value)) for argument in arguments]
    with pytest.raises(SystemExit) as stopped:
        run_alone(tool.main, arguments)
    assert stopped.value.code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert 'stranger.pth refers to' in last
    assert '.system' in last
    assert '--trust-checkpoint, or TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1' in last
    assert not marker.exists()


def test_the_users_word_is_taken(file, marker, tmp_path):
    run_alone(publish_model.main, [file, tmp_path / 'out.pth', '--trust-checkpoint'])
    assert marker.exists()


@pytest.mark.parametrize('custom_imports', [True, False])
def test_the_hosts_own_doors(custom_imports, tiny_config, file, marker):
    cfg = Config.fromfile(tiny_config)
    if not custom_imports:
        cfg.pop('custom_imports')
    for load in (init_model, MMSegInferencer):
        with pytest.raises(UnsafeCheckpointError, match='stranger'):
            load(cfg.copy(), str(file), device='cpu')
    assert not marker.exists()


def test_a_config_that_names_our_types_is_enough(tiny_config, file, marker, tmp_path):
    """In a process of its own, which never imported the package: as installed, Python does it at its start."""
    text = Config.fromfile(tiny_config).pretty_text
    own = tmp_path / 'own.py'
    own.write_text(re.sub(r'^custom_imports = .*?\n(?=\S)', '', text, flags=re.MULTILINE | re.DOTALL))
    assert 'custom_imports' not in own.read_text()
    code = (
        'import mmseg_liteseg.startup\nfrom mmseg.apis import MMSegInferencer\n'
        f'MMSegInferencer({str(own)!r}, {str(file)!r}, device="cpu")'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, env={**os.environ, 'PYTHONPATH': str(REPO)}
    )
    assert 'UnsafeCheckpointError' in done.stderr.decode().splitlines()[-1]
    assert not marker.exists()


def test_a_config_in_the_file_is_not_run(tiny_config, marker, tmp_path, capsys):
    """The host runs it when it resumes, and where a model is made of a checkpoint alone."""
    path = tmp_path / 'program.pth'
    torch.save(config_program(marker), path)
    with pytest.raises(UnsafeCheckpointError, match='program'):
        MMSegInferencer(None, weights=str(path), device='cpu')
    arguments = [tiny_config, '--work-dir', tmp_path / 'out', '--resume', '--cfg-options', f'load_from={path}']
    with pytest.raises(SystemExit):
        run_alone(train.main, arguments)
    assert 'a config that is a program' in capsys.readouterr().err.splitlines()[-1]
    assert not marker.exists()


# They build networks anew, or read what they wrote themselves.
WITHOUT_CHECKPOINTS = {
    'build_tensorrt',
    'check_dataset',
    'check_families',
    'get_flops',
    'kill_test',
    'new_dataset',
    'study',
}


@pytest.mark.parametrize('tool', sorted({path.stem for path in REPO.glob('tools/*.py')} - WITHOUT_CHECKPOINTS))
def test_tools_have_the_option_that_refusals_name(tool, capsys):
    with pytest.raises(SystemExit):
        importlib.import_module(f'tools.{tool}').parse_args(['--help'])
    assert '--trust-checkpoint' in capsys.readouterr().out
