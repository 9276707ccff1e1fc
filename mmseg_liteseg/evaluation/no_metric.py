"""No score, for images without labels."""

from __future__ import annotations

from typing import Any

from mmengine.evaluator import BaseMetric

from mmseg_liteseg.registry import METRICS


@METRICS.register_module()
class NoMetric(BaseMetric):
    """Measures nothing: in the place of ``IoUMetric(format_only=True)`` where `PredictionsHook` writes the files.

    Example:
        >>> NoMetric().evaluate(size=3)
        {}
    """

    def process(self, data_batch: dict, data_samples: Any) -> None:
        """Looks at nothing."""

    def compute_metrics(self, results: list) -> dict[str, float]:
        """No metrics."""
        return {}

    def evaluate(self, size: int) -> dict[str, float]:
        """No metrics, and no warning that there are no results."""
        return {}
