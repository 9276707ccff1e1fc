from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.visualization.report import EvaluationHook, Report, count_pairs


def test_pairs_are_counted_without_void():
    label = np.array([[0, 0, 1], [1, 255, 1]], np.uint8)
    prediction = np.array([[0, 1, 1], [1, 1, 0]])
    assert count_pairs(label, prediction, 2, 255).tolist() == [[1, 1], [1, 2]]


def test_table():
    nan = float('nan')
    iou, accuracy, share = np.array([[0.5, 0.25, nan], [1.0, 0.5, nan], [0.75, 0.25, 0]])
    report = Report(('sky', 'tree', 'car'), iou, accuracy, share, [])
    assert report.mean_iou == pytest.approx(0.375)
    assert [line.split() for line in report.table().split('\n')] == [
        ['class', 'IoU', 'acc', 'share'],
        ['sky', '50.00', '100.00', '75.00'],
        ['tree', '25.00', '50.00', '25.00'],
        ['car', '-', '-', '0.00'],
        ['mean', '37.50', '75.00'],
    ]
    assert len({len(line) for line in report.table().split('\n')[:4]}) == 1


def test_exception_number_of_samples():
    with pytest.raises(ValueError, match='num_samples'):
        EvaluationHook(0)
