"""Fits a config that was written for GPUs to a machine without one, so that the same command runs there."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.device import get_device

_SYNC_TYPES = {'SyncBN': 'BN', 'MMSyncBN': 'BN', 'NaiveSyncBN': 'BN'}
_RANK_SOURCES = {
    'slurm': {'RANK': 'SLURM_PROCID', 'WORLD_SIZE': 'SLURM_NTASKS', 'LOCAL_RANK': 'SLURM_LOCALID'},
    'mpi': {
        'RANK': 'OMPI_COMM_WORLD_RANK',
        'WORLD_SIZE': 'OMPI_COMM_WORLD_SIZE',
        'LOCAL_RANK': 'OMPI_COMM_WORLD_LOCAL_RANK',
    },
}


def adapt_to_cpu(cfg: Config) -> list[str]:
    """Changes ``cfg`` and joins the process group as the CPU needs it; does nothing where there is an accelerator.

    torch's SyncBatchNorm runs on GPUs only, so SyncBN becomes BN. In a distributed run the processes meet over gloo:
    mmengine's own start would ask for a GPU per process.

    Returns:
        What was changed, in words for the log.
    """
    if get_device() != 'cpu':
        return []
    notes = []
    changed = sync_bn_to_bn(cfg.model)
    if cfg.pop('sync_bn', None) or changed:
        notes.append(f'No GPU: SyncBN became BN in {changed} places of the model config, statistics are per process.')
    if cfg.launcher != 'none':
        join_gloo_group(cfg.launcher, cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout'))
        # mmengine's default names a GPU per process, which DDP refuses for a model on the CPU
        cfg.model_wrapper_cfg = ConfigDict(
            type='MMDistributedDataParallel',
            device_ids=None,
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
        notes.append(
            f'No GPU: {torch.distributed.get_world_size()} processes share the work on the CPU, connected by gloo.'
        )
    return notes


def sync_bn_to_bn(node: Any) -> int:
    """Replaces the type of every SyncBN in a tree of dicts and lists, in place; returns how many there were."""
    if isinstance(node, dict):
        found = node.get('type') in _SYNC_TYPES if isinstance(node.get('type'), str) else False
        if found:
            node['type'] = _SYNC_TYPES[node['type']]
        return int(found) + sum(sync_bn_to_bn(value) for value in node.values())
    if isinstance(node, (list, tuple)):
        return sum(sync_bn_to_bn(value) for value in node)
    return 0


def join_gloo_group(launcher: str, timeout: float | None = None) -> None:
    """Joins the processes that ``launcher`` started, with torch's own variable names and default port.

    Args:
        launcher: What started them.
        timeout: Seconds that they wait for one of them; None for gloo's own.
    """
    for name, source in _RANK_SOURCES.get(launcher, {}).items():
        os.environ[name] = os.environ.get(source, '0')
    # torch.distributed.run's default
    os.environ.setdefault('MASTER_PORT', '29500')
    if 'MASTER_ADDR' not in os.environ:
        os.environ['MASTER_ADDR'] = _first_slurm_node() if launcher == 'slurm' else '127.0.0.1'
    options = {} if timeout is None else dict(timeout=timedelta(seconds=timeout))
    torch.distributed.init_process_group('gloo', **options)


def _first_slurm_node() -> str:
    """The host that the others connect to: Slurm's list is in a short form that scontrol alone can read."""
    command = ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]
