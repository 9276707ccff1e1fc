"""tools/benchmark.py reads its command line."""

import importlib.util

import pytest

from tests.helpers import REPO


@pytest.fixture(scope='module')
def parse_args():
    spec = importlib.util.spec_from_file_location('benchmark_tool', REPO / 'tools/benchmark.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.parse_args


def test_settings_of_the_config_are_values_not_texts(parse_args):
    _, args = parse_args(['--data', 'x', '--out', 'y', '--cfg-options', 'train_dataloader.batch_size=4', 'data_root=z'])
    assert args.cfg_options == {'train_dataloader.batch_size': 4, 'data_root': 'z'}


def test_every_precision_of_a_case_is_offered(parse_args):
    from mmseg_liteseg.benchmark.case import PRECISIONS

    _, args = parse_args(['PP-LiteSeg-T', '--out', 'y', '--precisions', *PRECISIONS])
    assert args.precisions == list(PRECISIONS)
