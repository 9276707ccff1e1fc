"""Processes that load data: they end with the training, and not before it."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import warnings

import numpy as np
import torch

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def start_worker(worker_id: int, disable_subprocess_warning: bool = False) -> None:
    """Starts a data loader's worker, as its ``worker_init_fn``.

    Ctrl-C, timeout and schedulers signal the whole process group, and torch raises wherever the training is as soon as
    a worker dies of it; so each gets a group of its own. The system ends it when the training's process is gone: torch
    alone looks for that every five seconds.
    """
    if hasattr(os, 'setpgid'):  # not on Windows
        os.setpgid(0, 0)
    if sys.platform == 'linux':
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the system was asked
            os._exit(1)
    seed = torch.initial_seed() % 2**32  # torch gives each worker its own
    random.seed(seed)
    np.random.seed(seed)
    if disable_subprocess_warning and worker_id:
        warnings.simplefilter('ignore')
