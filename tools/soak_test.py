"""Predicts thousands of pictures of mixed sizes, or trains for long, and watches memory, open files and threads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, fail, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """examples:
  python tools/soak_test.py torch CONFIG CHECKPOINT --out docs/reliability/soak.json
  python tools/soak_test.py runtime model.onnx --out docs/reliability/soak.json       # or model.xml
  python tools/soak_test.py runtime model.xml --count 10000 --sizes 10000             # no size twice
  python tools/soak_test.py train CONFIG --count 2000 --out docs/reliability/soak.json
  python tools/soak_test.py draw docs/reliability/soak.json                           # soak.png beside it

Memory is compared from the second quarter of a run, when caches are filled, to the last: more than --bound MiB of
growth, or any in files or threads, ends with status 1."""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    parser.add_argument('what', choices=['torch', 'runtime', 'train', 'draw'])
    parser.add_argument('files', nargs='+', help='config, checkpoint, exported model or JSON file')
    parser.add_argument('--count', type=int, default=20000, help='predictions or iterations [20000]')
    parser.add_argument(
        '--sizes', type=int, metavar='N', help='of pictures: N different ones, from 32 x 32 on [eight of a camera]'
    )
    parser.add_argument('--every', type=int, default=0, help='from one look to the next [a hundredth of the count]')
    parser.add_argument('--bound', type=float, default=32.0, help='MiB that memory may grow [32]')
    parser.add_argument('--out', metavar='JSON', help='adds the run to this file')
    parser.add_argument('--work-dir', default='work_dirs/soak', metavar='DIR', help='of the training [work_dirs/soak]')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    if args.sizes is not None and (args.sizes < 1 or args.what not in ('torch', 'runtime')):
        fail(f'sizes: expected a positive number, and torch or runtime with it, got {args.sizes} of {args.what}')
    every = args.every or max(1, args.count // 100)
    with one_line_errors(args):
        from mmseg_liteseg.endurance import soak, soak_runs

        if args.what == 'draw':
            picture = Path(args.files[0]).with_suffix('.png')
            soak.draw(soak.read(Path(args.files[0])), picture)
            print(f'wrote {picture}')
            return
        samples = soak_runs.run(args.what, args.files, args.count, every, args.work_dir, args.sizes)
        grown = soak.growth(samples)
        print(f'first {samples[0]}\nlast  {samples[-1]}\ngrowth {grown}')
        if args.out:
            soak.write(Path(args.out), soak_runs.name_of(args.what, args.files), samples)
    if grown['memory'] > args.bound or grown['files'] > 0 or grown['threads'] > 0:
        fail(f'not flat: {grown}', status=1)


if __name__ == '__main__':
    main()
