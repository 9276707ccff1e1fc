"""The project's own results on CamVid at 360x480: trains the models of the comparison and writes the report."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, one_line_errors

EXAMPLE = """examples:
  python tools/study.py list                                  # models, budgets, and how far the trainings are
  python tools/study.py train T --budget cpu                  # a long training on the CPU; again: goes on
  python tools/study.py train --budget gpu --minutes 9        # the whole plan, nine minutes of it; repeat until done
  python tools/study.py speed --budget gpu --device cuda --out work_dirs/study/speed
  python tools/study.py report --out docs/camvid --speed work_dirs/study/speed.json
  python tools/study.py publish --out checkpoints

docs/camvid.md holds the protocol."""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument('--runs', default='work_dirs/study', metavar='DIR', help='trainings [work_dirs/study]')
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument('--data-root', default='data/camvid-360x480/', metavar='DIR', help='[data/camvid-360x480/]')
    data.add_argument('--device', choices=['auto', 'cpu', 'cuda'], default='auto', help='[a GPU where there is one]')
    data.add_argument('--threads', type=int, help="threads on the CPU [torch's choice]")

    def command(name: str, about: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=about, parents=[shared, *parents])

    command('list', 'show models, budgets and trainings')
    train = command('train', 'train, or go on with a training that was stopped', data)
    train.add_argument('names', nargs='*', metavar='NAME', help="models [the budget's plan]")
    train.add_argument('--budget', default='cpu', help='one that the list shows [cpu]')
    train.add_argument('--seed', type=int, nargs='+', default=None, help="seeds, one training each [0, or the plan's]")
    train.add_argument('--minutes', type=float, help='stop cleanly after this time; the same command goes on')
    train.add_argument('--workers', type=int, help="processes that load data [the budget's]")
    train.add_argument('--start', default='', metavar='FILE', help='checkpoint whose weights the training starts from')
    train.add_argument(
        '--teacher', default='', metavar='FILE', help='checkpoint of a model to learn from, its config beside it'
    )
    train.add_argument('--amp', action='store_true', help='mixed precision, on a GPU or a CPU with bfloat16')
    train.add_argument('--ema', action='store_true', help='evaluate and keep a running average of the weights')
    speed = command('speed', 'measure all models of a plan in one run', data)
    speed.add_argument('--budget', default='short', help='whose models [short]')
    speed.add_argument('--rounds', type=int, default=15, help='[15]')
    speed.add_argument('--out', default='work_dirs/study/speed', metavar='PREFIX', help='writes PREFIX.json and .md')
    report = command('report', 'write tables, curves and pictures', data)
    report.add_argument('--budget', nargs='+', default=[], help='[all that have trainings, but for smoke]')
    report.add_argument('--speed', metavar='JSON', help='what the speed command wrote')
    report.add_argument('--out', default='docs/camvid', metavar='DIR', help='[docs/camvid]')
    publish = command('publish', 'write the best T as one small fp16 checkpoint', data)
    publish.add_argument('--budget', nargs='+', default=[], help='[the largest with a finished T]')
    publish.add_argument('--out', default='checkpoints', metavar='DIR', help='[checkpoints]')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    started = time.monotonic()
    args = parse_args(argv)
    if getattr(args, 'device', 'auto') == 'cpu':
        # before torch is imported, which looks once
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    with one_line_errors(args):
        from mmseg_liteseg.study import command  # takes seconds, and --device must come first

        for line in command.run(args, started):
            print(line, flush=True)


if __name__ == '__main__':
    sys.exit(main())
