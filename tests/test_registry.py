from __future__ import annotations

import subprocess
import sys

import mmengine.registry
import mmseg.registry
import pytest
from mmengine.registry import Registry
from mmseg.models.backbones import STDCNet as HostSTDCNet

from mmseg_liteseg import registry
from mmseg_liteseg.models import STDCNet
from tests.helpers import REPO


@pytest.mark.parametrize('name', mmseg.registry.__all__)
def test_every_registry_of_the_host_has_a_child_of_ours(name):
    child, parent = getattr(registry, name), getattr(mmseg.registry, name)
    assert (child.name, child.scope, child.parent) == (parent.name, 'mmseg_liteseg', parent)
    assert parent.children['mmseg_liteseg'] is child
    if hasattr(mmengine.registry, name):
        assert getattr(mmengine.registry, name).children['mmseg_liteseg'] is child


def test_exports_are_the_hosts():
    assert set(registry.__all__) == set(mmseg.registry.__all__)


def test_found_by_prefix_from_every_scope():
    sibling = Registry('model', parent=mmengine.registry.MODELS, scope='sibling')  # as mmpretrain's or mmdeploy's
    try:
        for models in (registry.MODELS, mmseg.registry.MODELS, mmengine.registry.MODELS, sibling):
            assert models.get('mmseg_liteseg.STDCNet') is STDCNet
    finally:
        del mmengine.registry.MODELS.children['sibling']


@pytest.mark.parametrize(
    ('kind', 'name'),
    [
        ('MODELS', 'SPPM'),
        ('MODELS', 'FLDHead'),
        ('MODELS', 'UAFM'),
        ('MODELS', 'SpatialUAFM'),
        ('MODELS', 'ChannelUAFM'),
        ('TASK_UTILS', 'OHEMPixelSampler'),
        ('DATASETS', 'CamVidDataset'),
        ('DATASETS', 'SyntheticStreetDataset'),
        ('DATASETS', 'SeededDataset'),
        ('DATASETS', 'TolerantDataset'),
        ('TRANSFORMS', 'LoadAnnotations'),
        ('TRANSFORMS', 'LoadImageFromFile'),
        ('DATA_SAMPLERS', 'StreamSampler'),
        ('HOOKS', 'PaintHook'),
        ('HOOKS', 'PredictionsHook'),
        ('LOOPS', 'TolerantTestLoop'),
        ('HOOKS', 'HistoryHook'),
        ('HOOKS', 'GuardHook'),
        ('HOOKS', 'ResumeHook'),
        ('HOOKS', 'SafeCheckpointHook'),
        ('HOOKS', 'SkippedFilesHook'),
        ('HOOKS', 'StopHook'),
        ('RUNNERS', 'SafeRunner'),
    ],
)
def test_public_types_are_registered(kind, name):
    assert getattr(mmseg.registry, kind).get(f'mmseg_liteseg.{name}').__name__ == name


def test_names_do_not_collide_with_the_hosts():
    assert mmseg.registry.MODELS.get('STDCNet') is HostSTDCNet
    assert registry.MODELS.get('STDCNet') is STDCNet


def test_the_hosts_types_are_found_through_ours():
    assert registry.MODELS.get('EncoderDecoder') is mmseg.registry.MODELS.get('EncoderDecoder')
    assert registry.MODELS.get('mmseg.STDCNet') is HostSTDCNet


# A fork per module: torch and the host are imported once, nothing of ours by an earlier one.
INHERIT = """
import importlib, os, sys
import torch, mmseg.registry
from mmengine.config.utils import MODULE2PACKAGE
MODULE2PACKAGE.pop('mmseg_liteseg', None)  # where the package is installed, a line at Python's start has done it
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(f'mmseg_liteseg.{name}')
        print(name, MODULE2PACKAGE.get('mmseg_liteseg'), MODULE2PACKAGE['mmseg'], flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
# It imports the registry only to build a model (see check_config).
LATE = {'checkpoint.convert_file'}


def test_configs_can_inherit_by_package_wherever_one_is_read():
    package = REPO / 'mmseg_liteseg'
    files = [file for file in package.rglob('*.py') if 'Config.fromfile(' in file.read_text()]
    names = {'.'.join(file.relative_to(package).with_suffix('').parts) for file in files}
    assert len(names) > len(LATE)
    names -= LATE
    command = [sys.executable, '-W', 'ignore', '-c', INHERIT, *sorted(names)]
    output = subprocess.run(command, cwd=REPO, stdout=subprocess.PIPE, check=True).stdout.decode()
    found = [line for line in output.splitlines() if line.startswith(tuple(names))]  # the host prints a line of its own
    assert found == [f'{name} mmseg_liteseg mmseg' for name in sorted(names)]
