"""The log of a training in one file, however many pieces it was made in."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Sequence

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.structures import SegDataSample

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.registry import HOOKS
from mmseg_liteseg.visualization.files import replaced_by
from mmseg_liteseg.visualization.report import count_pairs

HISTORY = 'history.jsonl'


@HOOKS.register_module()
class HistoryHook(Hook):
    """Appends to ``history.jsonl`` in the work folder: mean losses of some iterations, IoU per class of validations.

    ::

        {"iter": 50, "loss": 2.1, "decode.loss_ce": 0.9, ..., "lr": 0.0025, "seconds": 1.1}
        {"iter": 400, "mIoU": 0.31, "iou": {"sky": 0.9, ..., "bicyclist": null}, "val_seconds": 14.2}

    IoU is a share; null where neither labels nor predictions hold the class. Lines of iterations that a kill took
    back are removed when the training goes on.

    Args:
        interval: Iterations per line of losses.
    """

    priority = 'BELOW_NORMAL'  # before the schedulers step: the learning rate of this iteration

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval
        self._start()

    def before_train(self, runner: Runner) -> None:
        """Takes back what lies beyond the state that the training goes on from."""
        self.path = Path(runner.work_dir) / HISTORY
        lines = read_history(self.path) if self.path.is_file() else []
        with replaced_by(self.path) as temporary:
            kept = [line for line in lines if line['iter'] <= runner.iter]
            temporary.write_text(''.join(json.dumps(line) + '\n' for line in kept), encoding='utf-8')
        self._since = time.monotonic()

    def _start(self) -> None:
        """Begins a line of losses."""
        self._sums: dict[str, Any] = {}
        self._count, self._seconds, self._since = 0, 0.0, time.monotonic()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Adds up the losses; writes their means every so often."""
        for key, value in (outputs or {}).items():
            # stays a tensor: turning it into a number here would wait for a GPU every iteration
            value = value.detach().double() if hasattr(value, 'detach') else value
            self._sums[key] = self._sums.get(key, 0.0) + value
        self._count += 1
        done = batch_idx + 1
        if done % self.interval == 0 or done == runner.max_iters:
            means = {key: round(float(total) / self._count, 6) for key, total in self._sums.items()}
            seconds = round(self._spent() / self._count, 4)
            self._write(iter=done, **means, lr=runner.optim_wrapper.get_lr()['lr'][0], seconds=seconds)
            self._start()

    def before_val_epoch(self, runner: Runner) -> None:
        """Starts to count."""
        dataset = runner.val_dataloader.dataset
        self._classes = dataset.metainfo['classes']
        self._ignore_index = getattr(dataset, 'ignore_index', 255)
        self._confusion = np.zeros((len(self._classes),) * 2, np.int64)
        self._val_start = time.monotonic()

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Sequence[SegDataSample] | None = None
    ) -> None:
        """Counts one batch."""
        for sample in outputs or ():
            label, prediction = (
                field.data.squeeze(0).cpu().numpy() for field in (sample.gt_sem_seg, sample.pred_sem_seg)
            )
            self._confusion += count_pairs(label, prediction, len(self._classes), self._ignore_index)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Writes the validation's line, and leaves its time out of that of the iterations."""
        seconds = time.monotonic() - self._val_start
        iou = iou_of(self._confusion)
        named = {name: None if np.isnan(value) else round(float(value), 6) for name, value in zip(self._classes, iou)}
        self._write(iter=runner.iter, mIoU=round(float(np.nanmean(iou)), 6), iou=named, val_seconds=round(seconds, 2))
        # the clock of the losses' line goes on over a validation
        self._since += seconds

    def _spent(self) -> float:
        """Seconds of the iterations since the last line, of all pieces."""
        return self._seconds + time.monotonic() - self._since

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Adds the line that is begun."""
        sums = {key: float(total) for key, total in self._sums.items()}
        checkpoint['history'] = dict(sums=sums, count=self._count, seconds=self._spent())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Goes on with the line that was begun."""
        begun = checkpoint.get('history')
        if begun:
            self._sums, self._count, self._seconds = dict(begun['sums']), begun['count'], begun['seconds']

    def _write(self, **line: Any) -> None:
        with self.path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')


def iou_of(confusion: np.ndarray) -> np.ndarray:
    """Intersection over union of each class from (label, prediction) counts; nan where neither holds the class."""
    found, labelled, predicted = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    with np.errstate(invalid='ignore'):
        return found / (labelled + predicted - found)


def read_history(path: str | Path) -> list[dict[str, Any]]:
    """Lines of a history in order, the later one where two are of the same kind and iteration.

    Raises:
        DataError: A line, other than the last one that a kill may have cut short, is no JSON object.
    """
    lines, found = Path(path).read_text(encoding='utf-8').splitlines(), {}
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise DataError(f'{path}, line {number}: expected a JSON object') from error
            continue
        found[line['iter'], 'iou' in line] = line
    return [found[key] for key in sorted(found)]
