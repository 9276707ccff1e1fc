"""Looks at all images and masks of a config's data: what they hold, what is wrong and what to change."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.command_line import make_parser, one_line_errors

EXAMPLE = """example:
  python tools/check_dataset.py configs/my_streets.py

writes findings.json and pictures.png into WORK_DIR/data_check; exit status 1 if there is an error among the findings
(docs/check_dataset.md)"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser('Check the data of a config, and the config against it', EXAMPLE)
    parser.add_argument(
        '--splits', nargs='+', choices=('train', 'val', 'test'), default=('train', 'val', 'test'), help='default: all'
    )
    parser.add_argument('--workers', type=int, metavar='N', help='threads that read files [one per core]')
    parser.add_argument('--samples', type=int, default=6, metavar='N', help='samples per split in the picture [6]')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    with one_line_errors(args):
        from mmseg_liteseg.engine.launch import load_config  # after the arguments are known to be right
        from mmseg_liteseg.inspection.command import check_dataset

        cfg = load_config(args)
        failed = check_dataset(cfg, Path(cfg.work_dir) / 'data_check', args.splits, args.workers, args.samples)
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
