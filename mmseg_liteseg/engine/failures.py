"""What ends a run from outside, in words: torch tells of it in errors of code."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Iterator

from mmengine.dist import get_world_size
from mmengine.runner import Runner

from mmseg_liteseg.disk import naming
from mmseg_liteseg.errors import LiteSegError, SettingError

from .checkpoint_hook import find_hook

# How gloo says that a process is gone or hangs.
_LOST = r'(?i)timed out|connection (closed|reset|refused)|broken pipe|no route to host|application timeout'
# How torch says that a process of a data loader is gone.
_WORKER_GONE = r'DataLoader worker \(pid.*\) (is killed|exited unexpectedly)'


class RunEndedError(LiteSegError):
    """Something outside of a run has ended it."""


@contextmanager
def explained(runner: Runner) -> Iterator[None]:
    """Says what happened where another process ended or the disk is full, and lets others use the work folder.

    Args:
        runner: Runs inside.

    Raises:
        RunEndedError: Another process of the job, or one that loads data, ended or hangs.
        OSError: The disk is full; what was saved before is whole.
        SettingError: A batch of one image had nothing to normalise over.
    """
    try:
        with naming(runner.work_dir):  # logs and curves: checkpoints name themselves
            yield
    except RuntimeError as error:
        reason = ' '.join(str(error).split())
        if get_world_size() > 1 and re.search(_LOST, reason):
            raise RunEndedError(
                f'another process of this training ended or did not answer for {runner.cfg.env_cfg.dist_cfg.timeout} '
                f'seconds (env_cfg.dist_cfg.timeout): {reason[:300]}. Start again with --resume'
            ) from error
        if re.search(_WORKER_GONE, reason):
            raise RunEndedError(
                f'{reason[:200]} The system ends processes like that where memory is short: set '
                'train_dataloader.num_workers or val_dataloader.num_workers lower, and start again, a training with '
                '--resume'
            ) from error
        raise
    except ValueError as error:
        if 'Expected more than 1 value per channel' not in str(error):
            raise
        raise SettingError(
            'batch normalisation needs two values per channel, and a batch of one image gave one: set '
            'train_dataloader.drop_last=True where it is the rest of an epoch, else a larger batch_size or larger '
            'images'
        ) from error
    finally:
        # hooks get no word of an error: after_run, which would release the folder, is not called
        keeper = find_hook(runner)
        if keeper is not None:
            keeper.release()
