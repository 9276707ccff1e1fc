"""Tells of samples that were left out of a training."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg_liteseg.datasets.broken import BrokenSampleError
from mmseg_liteseg.registry import HOOKS
from mmseg_liteseg.wording import count


@HOOKS.register_module()
class SkippedFilesHook(Hook):
    """Logs and counts the samples that :class:`~mmseg_liteseg.datasets.SeededDataset` skipped, up to a limit.

    Args:
        max_files: Different samples that may be skipped before the training ends.
    """

    priority = 'VERY_HIGH'

    def __init__(self, max_files: int = 20) -> None:
        self.max_files = max_files
        self._seen: set[str] = set()

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Takes the notes out of the batch.

        Raises:
            BrokenSampleError: Too many files are broken.
        """
        notes = data_batch.pop('skipped', ()) if isinstance(data_batch, dict) else ()
        for line in (line for note in notes for line in note.splitlines()):
            if line in self._seen:
                continue
            self._seen.add(line)
            level = logging.ERROR if get_rank() else logging.WARNING  # other processes log errors alone
            runner.logger.log(level, f'Skipped ({len(self._seen)} so far), the next one takes its place: {line}')
            if len(self._seen) > self.max_files:
                raise BrokenSampleError(
                    f'more than {count(self.max_files, "sample")} cannot be loaded; the last: {line}'
                )
