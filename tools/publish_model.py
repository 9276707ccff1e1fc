"""Strips a checkpoint of a training to weights and meta, and puts the hash of the result into its name."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Sequence

from mmseg_liteseg.checkpoint.publish import publish
from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(
        description=__doc__,
        epilog='example:\n'
        '  python tools/publish_model.py work_dirs/NAME/best_mIoU_iter_10000.pth NAME.pth\n'
        'writes NAME-1a2b3c4d.pth',
    )
    parser.add_argument('input', metavar='IN', help='checkpoint of a training')
    parser.add_argument('output', metavar='OUT', help='NAME.pth; the hash is added to it')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Publishes; on an error prints it and writes nothing."""
    args = parse_args(argv)
    with one_line_errors(args):
        path = publish(args.input, args.output, lambda line: print(f'warning: {line}', file=sys.stderr))
    before, after = os.path.getsize(args.input), os.path.getsize(path)
    print(f'wrote {path} ({after / 2**20:.1f} MiB of {before / 2**20:.1f})')


if __name__ == '__main__':
    main()
