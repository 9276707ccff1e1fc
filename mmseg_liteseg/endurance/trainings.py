"""Trainings in processes of their own, which can be killed."""

from __future__ import annotations

import copy
import multiprocessing
import os
import random
import socket
import sys
import time
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from .moments import MomentHook, Moments


class Training:
    """A training, forked, which goes on with what its folder holds.

    Args:
        config: What is trained.
        folder: For the training; what it prints goes to a file beside it.
        processes: Of the training, over gloo where they are several.

    Attributes:
        moments: Where its first process is.
    """

    def __init__(self, config: Config, folder: Path, processes: int = 1) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # forked: the hosts are imported once, not for each of a hundred trainings
        context = multiprocessing.get_context('fork')
        port = _free_port() if processes > 1 else None
        moments = [Moments(context) for _ in range(processes)]
        self.moments = moments[0]
        self._processes = []
        for rank in range(processes):
            place = None if port is None else (rank, processes, port)
            arguments = (config, folder, moments[rank], place)
            self._processes.append(context.Process(target=_train, args=arguments))
            self._processes[-1].start()

    def kill_in(self, moment: str, visit: int, delay: float, rng: random.Random) -> str | None:
        """Kills it.

        Args:
            moment: In which.
            visit: In which of this moment's visits.
            delay: Seconds after it began.
            rng: For the order of several processes.

        Returns:
            The moment it was in then; None if it ended before.
        """
        while self.moments.visits(moment) < visit and self._lives():
            self._processes[0].join(0.001)
        self._processes[0].join(delay)
        if not self._lives():
            return None
        found = self.moments.now
        for process in rng.sample(self._processes, len(self._processes)):
            process.kill()
        self.end()
        return found

    def _lives(self) -> bool:
        return self._processes[0].exitcode is None

    def end(self) -> int:
        """Waits for all processes; returns the first exit code that is not 0, if there is one."""
        for process in self._processes:
            process.join()
        return next((process.exitcode for process in self._processes if process.exitcode), 0)


def _free_port() -> int:
    with socket.socket() as server:
        # 0: the system picks a free one
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def _train(config: Config, folder: Path, moments: Moments, place: tuple[int, int, int] | None) -> None:
    """What a process does."""
    log = open(f'{folder}.log', 'a', encoding='utf-8')  # noqa: SIM115 (for as long as the process lives)
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    from mmseg_liteseg.engine import launch

    if place is not None:
        variables = zip(('RANK', 'WORLD_SIZE', 'MASTER_PORT'), place)
        os.environ.update({name: str(value) for name, value in variables}, MASTER_ADDR='127.0.0.1')
        os.environ['LOCAL_RANK'] = os.environ['RANK']
    MomentHook.shared = moments
    cfg: Any = copy.deepcopy(config)
    cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), ConfigDict(type='mmseg_liteseg.MomentHook')]
    cfg.update(work_dir=str(folder), launcher='none' if place is None else 'pytorch', resume=True)
    cfg.experiment_name = f'{folder.name}-{time.time_ns()}'
    launch.train(launch.build_runner(cfg))
    sys.stdout.flush()
