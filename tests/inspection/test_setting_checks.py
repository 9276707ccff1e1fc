"""Numbers that are none, named by their place."""

from __future__ import annotations

import pytest

PLACES = [
    ('train_dataloader.batch_size', '2', 'a whole number from 1 on: write 2 without quotes'),
    ('train_dataloader.num_workers', '2', 'a whole number: write 2 without quotes'),
    ('val_dataloader.batch_size', 0, 'a whole number from 1 on'),
    ('train_cfg.max_iters', 100.0, 'a whole number from 1 on: write 100'),
    ('optim_wrapper.optimizer.lr', '0.1', 'a number: write 0.1 without quotes'),
    ('model.data_preprocessor.mean', ['1', 2, 3], 'numbers, one per channel'),
    ('model.decode_head.num_classes', '2', 'a whole number from 1 on'),
    ('model.decode_head.num_classes', True, 'a whole number from 1 on'),
    ('model.decode_head.sampler.min_kept', '100', 'a number'),
    ('model.decode_head.loss_decode.loss_weight', 'high', 'a number: correct it'),
]


@pytest.mark.parametrize(('where', 'value', 'expected'), PLACES, ids=[f'{place}={value}' for place, value, _ in PLACES])
def test_each_is_the_only_finding(project, where, value, expected):
    project.test_is_val = False
    node, key = project.cfg, where.split('.')[-1]
    for name in where.split('.')[:-1]:
        node = node[name]
    node[key] = value
    line = project.only('not-a-number')
    shown = value[0] if isinstance(value, list) else value
    assert f'{where} is {shown!r}, expected' in line
    assert all(part in line for part in expected.split(': '))
