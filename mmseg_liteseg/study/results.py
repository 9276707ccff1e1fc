"""What the trainings of a folder came to."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, Sequence

from mmseg_liteseg.engine.history_hook import HISTORY, read_history

from .budget import BUDGETS
from .config import Job
from .errors import StudyError
from .models import ENTRIES
from .train import RECORD


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        folder: Its files.
        record: Content of run.json.
        history: Lines of the log.
    """

    folder: Path
    record: dict[str, Any]
    history: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """Of the model."""
        return self.record['name']

    @property
    def seed(self) -> int:
        """Of the training."""
        return self.record['seed']

    @property
    def job(self) -> Job:
        """Which training it is."""
        return Job(**{field.name: self.record.get(field.name, field.default) for field in fields(Job)})

    @property
    def total(self) -> int:
        """Iterations of the whole training."""
        return self.record['recipe']['train.max_iters']

    @property
    def losses(self) -> list[dict[str, Any]]:
        """Lines of losses."""
        return [line for line in self.history if 'loss' in line]

    @property
    def validations(self) -> list[dict[str, Any]]:
        """Lines of validations."""
        return [line for line in self.history if 'iou' in line]

    @property
    def done(self) -> int:
        """Iterations that are known to be done."""
        return max([line['iter'] for line in self.history], default=0)

    @property
    def last(self) -> dict[str, Any] | None:
        """The validation after the last iteration; None while the training goes on."""
        return next((line for line in self.validations if line['iter'] == self.total), None)

    @property
    def best(self) -> dict[str, Any]:
        """The validation whose weights are kept: the first of the highest, in hundredths of a percent."""
        # rounded as mmengine's log has it, which is what its hook compared
        return max(self.validations, key=lambda line: (round(100 * line['mIoU'], 2), -line['iter']))

    @property
    def best_weights(self) -> Path:
        """File of these weights."""
        files = sorted(self.folder.glob('best_mIoU_iter_*.pth'), key=lambda path: path.stat().st_mtime)
        return files[-1] if files else self.folder / 'best.pth'  # the name in trainings by earlier versions

    @property
    def seconds_per_iter(self) -> float:
        """Median over the log's lines."""
        return median(line['seconds'] for line in self.losses)


@dataclass(frozen=True)
class Figure:
    """A mean over seeds.

    Attributes:
        mean: Of the values; nan without any.
        spread: Sample standard deviation; None of a single value.
    """

    mean: float
    spread: float | None

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Figure:
        """Of the values that are there."""
        known = [value for value in values if value is not None]
        if not known:
            return cls(math.nan, None)
        return cls(mean(known), stdev(known) if len(known) > 1 else None)

    def percent(self, digits: int = 2) -> str:
        """As a table shows it."""
        if math.isnan(self.mean):
            return '-'
        text = f'{100 * self.mean:.{digits}f}'
        return text if self.spread is None else f'{text} ± {100 * self.spread:.{digits}f}'


@dataclass(frozen=True)
class Row:
    """A model under a budget: its finished trainings.

    Attributes:
        name: Of the model.
        runs: One per seed.
    """

    name: str
    runs: list[Run]

    @property
    def best(self) -> Figure:
        """MIoU of the best checkpoints, which were chosen on the same images."""
        return Figure.of([run.best['mIoU'] for run in self.runs])

    @property
    def last(self) -> Figure:
        """MIoU of the last checkpoints."""
        return Figure.of([run.last['mIoU'] for run in self.runs])

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return list(self.runs[0].best['iou'])

    def of_class(self, name: str, which: str = 'best') -> Figure:
        """IoU of a class, of the best or the last checkpoints."""
        return Figure.of([getattr(run, which)['iou'][name] for run in self.runs])


def read_runs(folder: str | Path, budget: str) -> list[Run]:
    """All trainings of a budget that have a log, in the order of the table of models.

    Raises:
        StudyError: A file is broken.
    """
    runs, order = [], list(ENTRIES)
    for path in sorted((Path(folder) / budget).glob(f'*/seed-*/{RECORD}')):
        if not (path.parent / HISTORY).is_file():
            continue
        try:
            runs.append(
                Run(path.parent, json.loads(path.read_text(encoding='utf-8')), read_history(path.parent / HISTORY))
            )
        except ValueError as error:
            raise StudyError(f'{path.parent}: {error}') from error
    known = [run for run in runs if run.name in ENTRIES]
    return sorted(known, key=lambda run: (order.index(run.name), run.seed))


def rows_of(runs: Sequence[Run]) -> list[Row]:
    """Finished trainings by model."""
    finished = [run for run in runs if run.last]
    names = list(dict.fromkeys(run.name for run in finished))
    return [Row(name, [run for run in finished if run.name == name]) for name in names]


def budgets_in(folder: str | Path) -> list[str]:
    """Budgets with at least one training that has a log, the largest first; the smoke budget is no result."""
    return [name for name in BUDGETS if name != 'smoke' and read_runs(folder, name)]
