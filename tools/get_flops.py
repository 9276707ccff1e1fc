"""Counts the parameters of a config's model and its operations for one image."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.engine.complexity import build_segmentor, measure_complexity


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(
        description=__doc__,
        epilog='example:\n  python tools/get_flops.py configs/ppliteseg/NAME.py --shape 768 1536',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--shape', type=int, nargs=2, default=(512, 1024), metavar=('H', 'W'), help='input size (512 1024)'
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the figures."""
    args = parse_args(argv)
    with one_line_errors(args):
        cost = measure_complexity(build_segmentor(args.config), tuple(args.shape))
    print(f'input        {args.shape[0]}x{args.shape[1]}')
    print(f'parameters   {cost.params:,} trainable, {cost.inference_params:,} of them used by a prediction')
    print(f'operations   {cost.flops / 1e9:.2f} GFLOP in convolutions, two per multiply-add')


if __name__ == '__main__':
    main()
