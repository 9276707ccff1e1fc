from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmseg.evaluation import IoUMetric

from mmseg_liteseg.engine import ResultNamesHook
from mmseg_liteseg.engine.harden import harden
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.evaluation import MultiLabelMetric
from tests.engine.test_names import Data

EQUAL = ['/d/one/images/a.jpg', '/d/two/images/a.jpg', '/d/two/images/b.jpg']  # as ConcatDataset gives them


def make_runner(metric, paths, split):
    evaluator = SimpleNamespace(metrics=[metric])
    loader = SimpleNamespace(dataset=Data(paths))
    return SimpleNamespace(**{f'{split}_evaluator': evaluator, f'{split}_dataloader': loader})


@pytest.mark.parametrize('split', ['val', 'test'])
def test_masks_of_equal_names_are_all_kept(tmp_path, split):
    metric = MultiLabelMetric(output_dir=str(tmp_path), format_only=True)
    metric.dataset_meta = dict(classes=('wet', 'road'))
    getattr(ResultNamesHook(), f'before_{split}')(make_runner(metric, EQUAL, split))
    for path in EQUAL:
        metric.process({}, [dict(pred_sem_seg=dict(data=torch.ones(2, 4, 4)), img_path=path)])
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*.png'))
    names = ['b.png', 'one/images/a.png', 'two/images/a.png']
    assert written == [f'{name}/{file}' for name in ('road', 'wet') for file in names]


def test_metrics_of_the_host_are_stopped_before_they_lose_a_file(tmp_path):
    metric = IoUMetric(output_dir=str(tmp_path))
    with pytest.raises(SettingError, match=r'IoUMetric would write /d/one/images/a\.jpg and /d/two/images/a\.jpg into'):
        ResultNamesHook().before_test(make_runner(metric, EQUAL, 'test'))
    ResultNamesHook().before_test(make_runner(metric, EQUAL[1:], 'test'))
    ResultNamesHook().before_test(make_runner(IoUMetric(), EQUAL, 'test'))


@pytest.mark.parametrize('split', ['val', 'test'])
def test_it_is_there_where_a_metric_writes(split):
    cfg = {f'{split}_evaluator': [dict(type='IoUMetric'), dict(type='IoUMetric', output_dir='out')]}
    for _ in range(2):
        harden(cfg)
        assert [hook['type'] for hook in cfg['custom_hooks']] == ['mmseg_liteseg.ResultNamesHook']
