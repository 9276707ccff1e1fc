"""Arguments that tools/train.py and tools/test.py have in common.

Kept apart from what uses them: importing torch and the host takes seconds, and `--help` (which mim asks for before
every run) or a misspelt option should be answered at once.
"""

from __future__ import annotations

import argparse

from mmengine.config import DictAction

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def make_parser(description: str, example: str) -> argparse.ArgumentParser:
    """A parser that knows the config, where results go, overrides and launchers, and ends its help with an example."""
    parser = argparse.ArgumentParser(
        description=description, epilog=example, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', metavar='DIR', help='folder for logs and results [work_dirs/CONFIG_NAME]')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='settings to override, such as train_dataloader.batch_size=8 or key="[a,b]"',
    )
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='what started the processes [none]')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser
