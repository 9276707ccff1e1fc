from __future__ import annotations

import mmengine.registry
import mmseg.registry
import pytest
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import Registry
from mmseg.models.backbones import STDCNet as HostSTDCNet

import mmseg_liteseg
from mmseg_liteseg import registry
from mmseg_liteseg.models import STDCNet


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
        ('HOOKS', 'PaintHook'),
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


def test_configs_can_inherit_by_package():
    assert mmseg_liteseg.__version__
    assert MODULE2PACKAGE['mmseg_liteseg'] == 'mmseg_liteseg'
    assert MODULE2PACKAGE['mmseg'] == 'mmseg'
