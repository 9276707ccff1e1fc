from __future__ import annotations

import pytest
from mmengine.config import Config

from mmseg_liteseg.engine import testing_options


def test_predictions_of_cityscapes_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = Config(dict(test_evaluator=[dict(type='CityscapesMetric'), dict(type='IoUMetric')]))
    testing_options.save_predictions(cfg, 'out')
    assert cfg.test_evaluator == [
        dict(type='CityscapesMetric', output_dir='out', keep_results=True),
        dict(type='IoUMetric'),
    ]
    assert (tmp_path / 'out').is_dir()  # before any of several processes writes into it


@pytest.mark.parametrize('format_only', [False, True])
def test_predictions_of_images_of_one_name_are_left_to_a_hook(tmp_path, format_only):
    """mmseg's metric would write them into one file, with labels or without."""
    cfg = Config(dict(test_evaluator=dict(type='IoUMetric', output_dir='other', format_only=format_only)))
    testing_options.save_predictions(cfg, str(tmp_path))
    assert cfg.test_evaluator.type == ('mmseg_liteseg.NoMetric' if format_only else 'IoUMetric')
    assert not cfg.test_evaluator.get('output_dir')
    assert cfg.custom_hooks == [dict(type='mmseg_liteseg.PredictionsHook', out_dir=str(tmp_path))]
