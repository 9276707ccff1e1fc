"""Names for what metrics write: of two images of one name in two folders, one would take the other's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import HOOKS

from .names import ResultNames


@HOOKS.register_module()
class ResultNamesHook(Hook):
    """Gives names to metrics that ask for them (``name_results``), and stops the others before they lose a file.

    mmseg's metrics name a file by its image's last name alone. Where names are equal, `tools/test.py --out` writes
    what ``IoUMetric(output_dir=...)`` would.
    """

    def before_test(self, runner: Runner) -> None:
        """Looks at the test's metrics.

        Raises:
            SettingError: A metric would write two images' results into one file.
        """
        self._name(runner.test_evaluator.metrics, runner.test_dataloader.dataset, 'test_evaluator')

    def before_val(self, runner: Runner) -> None:
        """Looks at the validation's metrics.

        Raises:
            SettingError: A metric would write two images' results into one file.
        """
        self._name(runner.val_evaluator.metrics, runner.val_dataloader.dataset, 'val_evaluator')

    @staticmethod
    def _name(metrics: list[Any], dataset: Any, field: str) -> None:
        for metric in metrics:
            if not getattr(metric, 'output_dir', None):
                continue
            names = ResultNames(dataset, flat=True)
            if hasattr(metric, 'name_results'):
                metric.name_results(names)
                continue
            first: dict[str, str] = {}
            for path in names.paths:
                other = first.setdefault(Path(path).stem, path)
                if other != path:
                    raise SettingError(
                        f'{field}: {type(metric).__name__} would write {other} and {path} into one file of output_dir; '
                        'use tools/test.py --out FOLDER instead, which tells them apart'
                    )
