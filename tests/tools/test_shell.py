"""The shell scripts pass on what they get; a stand-in for Python or srun prints its arguments, one a line."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.helpers import REPO

TOOLS = REPO / 'tools'


@pytest.fixture
def stand_in(tmp_path):
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name in ('srun', 'my python'):
        (folder / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def call(script, arguments, folder, **variables):
    environment = {**os.environ, 'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}', 'PYTHON': 'my python'}
    for name in ('PORT', 'NNODES', 'NODE_RANK', 'MASTER_ADDR', 'GPUS', 'GPUS_PER_NODE', 'SRUN_ARGS', 'CPUS_PER_TASK'):
        environment.pop(name, None)
    command = ['bash', str(TOOLS / script), *arguments]
    return subprocess.run(command, env={**environment, **variables}, capture_output=True, text=True, cwd=folder)


@pytest.mark.parametrize(
    ('script', 'tool', 'positional'),
    [('dist_train.sh', 'train.py', ['my config.py']), ('dist_test.sh', 'test.py', ['my config.py', 'my weights.pth'])],
)
def test_processes_of_one_machine(stand_in, script, tool, positional):
    done = call(script, [*positional, '3', '--work-dir', 'a b'], stand_in, PORT='1234')
    lines = done.stdout.splitlines()
    assert '--nproc_per_node=3' in lines
    assert '--master_port=1234' in lines
    expected = [str(TOOLS / tool), *positional, '--launcher', 'pytorch', '--work-dir', 'a b']
    assert lines[-len(expected) :] == expected


@pytest.mark.parametrize(
    ('script', 'tool', 'positional'),
    [
        ('slurm_train.sh', 'train.py', ['my config.py']),
        ('slurm_test.sh', 'test.py', ['my config.py', 'my weights.pth']),
    ],
)
def test_slurm(stand_in, script, tool, positional):
    arguments = ['part', 'job', *positional, '--work-dir', 'a b']
    lines = call(script, arguments, stand_in, GPUS='8', SRUN_ARGS='--time 1:00').stdout.splitlines()
    assert lines[:3] == ['-p', 'part', '--job-name=job']
    assert {'--ntasks=8', '--gres=gpu:4', '--ntasks-per-node=4', '--time', '1:00'} <= set(lines)
    expected = ['my python', '-u', str(TOOLS / tool), *positional, '--launcher', 'slurm', '--work-dir', 'a b']
    assert lines[-len(expected) :] == expected
    lines = call(script, arguments, stand_in, GPUS='2', GPUS_PER_NODE='0').stdout.splitlines()
    assert not [line for line in lines if line.startswith('--gres')]


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_too_few_arguments_show_the_usage(stand_in, script):
    done = call(script, ['one'], stand_in)
    assert done.returncode == 2
    assert 'usage:' in done.stderr
