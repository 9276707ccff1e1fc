"""Settings of the whole suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from mmengine.registry import init_default_scope

from tests.disks import disk  # noqa: F401 (a fixture)
from tests.helpers import REPO, forget_runs

# Tiny tensors gain nothing from threads, and parallel workers (-n) or child processes would fight over the cores; but
# what is tested must hold with several too: tests/cpus.py sets these.
THREADS = os.environ.get('TEST_THREADS', '1')
torch.set_num_threads(int(THREADS))
os.environ['OMP_NUM_THREADS'] = THREADS
if os.environ.get('TEST_ONEDNN') == '0':
    torch.backends.mkldnn.set_flags(False)
if os.environ.get('ONEDNN_MAX_CPU_ISA') == 'SSE41':
    # torch reads it at its first large convolution. OpenVINO must not: it would ask for AVX-512 code without AVX.
    torch.conv2d(torch.zeros(2, 16, 64, 64), torch.zeros(32, 16, 3, 3))
    del os.environ['ONEDNN_MAX_CPU_ISA']
# Without a GPU the Triton kernels run in Triton's interpreter, which has to be chosen before anything imports Triton.
if not torch.cuda.is_available():
    os.environ.setdefault('TRITON_INTERPRET', '1')
# A busy machine is no fault: without this a drawn case that takes over 200 ms fails.
settings.register_profile('untimed', deadline=None)
settings.load_profile('untimed')


@pytest.fixture(autouse=True)
def _alone() -> None:
    """Each test starts as a tool does: in mmseg's scope, with nothing left of earlier runs."""
    forget_runs()
    init_default_scope('mmseg')
    torch.manual_seed(0)  # random tensors must not depend on which tests ran before


@pytest.fixture(scope='session')
def shared_reference() -> Path:
    """Folder of the full reference outputs, for extra checks; the suite's own cases in tests/data need none of it."""
    folder = REPO.parent / 'shared' / 'reference'
    if not folder.is_dir():
        pytest.skip('no reference folder beside the repository')
    return folder
