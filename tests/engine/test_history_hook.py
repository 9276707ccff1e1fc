from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.engine.history_hook import iou_of, read_history


def test_later_lines_win_and_a_cut_end_is_left_out(tmp_path):
    path = tmp_path / 'history.jsonl'
    path.write_text(
        '{"iter": 4, "loss": 1}\n{"iter": 2, "loss": 3}\n{"iter": 4, "loss": 2}\n{"iter": 4, "iou": {}}\n{"it'
    )
    assert read_history(path) == [
        {'iter': 2, 'loss': 3},
        {'iter': 4, 'loss': 2},
        {'iter': 4, 'iou': {}},
    ]
    path.write_text('{"it\n{"iter": 4, "loss": 1}\n')
    with pytest.raises(ValueError, match='line 1: expected a JSON object'):
        read_history(path)


def test_iou():
    iou = iou_of(np.array([[6, 2, 0], [1, 1, 0], [0, 0, 0]]))
    assert iou[:2].tolist() == pytest.approx([6 / 9, 1 / 4])
    assert np.isnan(iou[2])
