from __future__ import annotations

import socket

import pytest
import torch
from mmengine.config import Config

from mmseg_liteseg.engine.cpu import adapt_to_cpu, sync_bn_to_bn

needs_cpu = pytest.mark.skipif(torch.cuda.is_available(), reason='needs a machine without a GPU')


def test_sync_bn_is_found_at_any_depth():
    model = Config(
        dict(
            model=dict(
                norm_cfg=dict(type='SyncBN', eps=1e-3),
                heads=[dict(norm_cfg=dict(type='SyncBN')), dict(norm_cfg=dict(type='BN'))],
                branches=(dict(norm_cfg=dict(type='MMSyncBN')),),
                type='EncoderDecoder',
            )
        )
    ).model
    assert sync_bn_to_bn(model) == 3
    assert model.norm_cfg == dict(type='BN', eps=1e-3)
    assert model.heads[0].norm_cfg.type == 'BN'
    assert model.branches[0]['norm_cfg']['type'] == 'BN'
    assert sync_bn_to_bn(model) == 0


@needs_cpu
def test_single_process_keeps_everything_else():
    cfg = Config(dict(model=dict(type='X', norm_cfg=dict(type='BN')), launcher='none'))
    assert adapt_to_cpu(cfg) == []
    assert 'model_wrapper_cfg' not in cfg


@needs_cpu
@pytest.mark.parametrize(
    ('launcher', 'names'),
    [
        ('pytorch', ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')),
        ('slurm', ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID')),
        ('mpi', ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK')),
    ],
)
def test_every_launcher_meets_over_gloo(monkeypatch, launcher, names):
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'):
        monkeypatch.setenv(name, '7')  # of an outer run; slurm and mpi have their own
    for name, value in zip(names, '010'):
        monkeypatch.setenv(name, value)
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        monkeypatch.setenv('MASTER_PORT', str(probe.getsockname()[1]))
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    cfg = Config(dict(model=dict(norm_cfg=dict(type='SyncBN')), launcher=launcher, sync_bn='torch'))
    try:
        notes = adapt_to_cpu(cfg)
        assert torch.distributed.get_backend() == 'gloo'
        assert (torch.distributed.get_rank(), torch.distributed.get_world_size()) == (0, 1)
    finally:
        torch.distributed.destroy_process_group()
    assert len(notes) == 2
    assert cfg.model_wrapper_cfg.device_ids is None
    assert 'sync_bn' not in cfg
