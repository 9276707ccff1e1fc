"""Checks on a GPU that everything computes what it computes elsewhere, then measures it: a page, and JSON."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from typing import Sequence

from mmseg_liteseg.command_line import PARTLY_DONE, ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """examples:
  python tools/check_gpu.py                                       # about ten minutes; writes docs/gpu
  python tools/check_gpu.py --minutes 0                           # without the benchmark: a minute or two
  python tools/check_gpu.py --device cpu --out work_dirs/check    # what needs no GPU

Operators are compared with float64 on the CPU, prediction and training steps with mmseg's own path. The status is 1 if
a check fails."""


def parse_args(argv: Sequence[str] | None) -> Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('--device', default='cuda', choices=['cuda', 'cpu'], help='[cuda]')
    add('--out', metavar='DIR', help='folder of the results [docs/gpu; none for a CPU]')
    add('--minutes', type=float, default=9.0, metavar='M', help='time of the benchmark; 0: none [9]')
    add(
        '--weights',
        default='checkpoints/ppliteseg_stdc1_camvid-360x480',
        metavar='PATH',
        help='checkpoint and config to predict with, without .pth and .py [%(default)s]',
    )
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    command = shlex.join(['python', 'tools/check_gpu.py', *(sys.argv[1:] if argv is None else argv)])
    with one_line_errors(args):
        from mmseg_liteseg.engine.screen import Screen  # here, as --help should not wait for torch

        # before the imports that follow, whose hosts complain
        Screen.open()
        from mmseg_liteseg.device_check.command import run

        passed = run(args, command)
    if not passed:
        raise SystemExit(PARTLY_DONE)


if __name__ == '__main__':
    main()
