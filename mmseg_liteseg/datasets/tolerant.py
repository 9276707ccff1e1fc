"""Data for a test that goes on after a file that cannot be read."""

from __future__ import annotations

from typing import Any, Sequence

from mmengine.dataset import pseudo_collate

from mmseg_liteseg.command_line import describe
from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.registry import DATASETS

from .broken import explain
from .stream import SeededDataset

FAILED = 'failed'
"""Key under which a batch names what is not in it."""


class Unreadable(str):
    """In the place of a sample: why there is none, with the name of the file."""


@DATASETS.register_module()
class TolerantDataset(SeededDataset):
    """Gives the reason where a sample cannot be loaded; else it is the data set it holds.

    For :class:`~mmseg_liteseg.engine.TolerantTestLoop`, with `collate_readable` to make batches.

    Args:
        dataset: Config of the data set.
    """

    def __init__(self, dataset: dict) -> None:
        super().__init__(dataset)

    def __getitem__(self, index: int) -> Any:
        """A sample, or an `Unreadable`."""
        try:
            return self.dataset[int(index)]
        except Exception as error:  # whatever a transform of anyone trips over is a fault of this sample alone
            named = isinstance(error, LiteSegError)
            return Unreadable(describe(error) if named else explain(self.dataset, int(index), error))


def collate_readable(batch: Sequence[Any]) -> dict[str, Any]:
    """A batch of the samples that are there, and under ``failed`` why the others are not."""
    failed = [str(item) for item in batch if isinstance(item, Unreadable)]
    samples = [item for item in batch if not isinstance(item, Unreadable)]
    data = dict(pseudo_collate(samples)) if samples else {}
    return {**data, FAILED: failed} if failed else data
