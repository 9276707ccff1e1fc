"""A test that goes on after a picture that fails, and says which ones did."""

from __future__ import annotations

import logging
from typing import Any

import torch
from mmengine.runner import TestLoop

from mmseg_liteseg.datasets.tolerant import FAILED
from mmseg_liteseg.errors import DataError, LiteSegError
from mmseg_liteseg.images import shown
from mmseg_liteseg.images.files import reason_of
from mmseg_liteseg.registry import LOOPS
from mmseg_liteseg.wording import count


@LOOPS.register_module()
class TolerantTestLoop(TestLoop):
    """mmengine's TestLoop; a picture that cannot be read, or on which the model fails, is left out of the metrics.

    Arguments are those of TestLoop, for one process.

    Attributes:
        failures: A line for each picture that was left out.

    Raises:
        DataError: (in run) not one picture could be tested.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.failures: list[str] = []
        self._tested = 0

    def run(self) -> dict:
        """Tests; the metrics are those of the pictures that could be."""
        self.failures, self._tested = [], 0
        metrics = super().run()
        if self.failures:
            self.runner.logger.log(
                logging.WARNING, f'metrics are over {self._tested} of {len(self.dataloader.dataset)} pictures'
            )
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: dict) -> None:
        """One batch, without what failed."""
        self.failures += data_batch.pop(FAILED, [])
        if data_batch:
            try:
                super().run_iter(idx, data_batch)
                self._tested += len(data_batch['inputs'])
            # what a picture can cause; a TypeError is a fault of the program and ends the test
            except (MemoryError, RuntimeError, LiteSegError) as error:
                self.failures += [f'{name}: {reason_of(error)}' for name in _names(data_batch)]
        if idx + 1 == len(self.dataloader) and not self._tested:
            raise DataError(
                f'not one of {count(len(self.dataloader.dataset), "picture")} could be tested: {self.failures[0]}'
            )


def _names(data_batch: dict) -> list[str]:
    samples = data_batch.get('data_samples') or []
    if samples and isinstance(samples[0], (list, tuple)):  # copies of test-time augmentation
        samples = samples[0]
    return [shown(sample.get('img_path') or 'an image') for sample in samples] or ['a batch']
