"""Converts PP-LiteSeg weights between PaddleSeg (.pdparams) and PyTorch (.pth), and STDC encoders of others to ours."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmseg_liteseg.checkpoint.convert_file import convert_file
from mmseg_liteseg.checkpoint.report import format_report
from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(
        description=__doc__,
        epilog='examples:\n'
        '  python tools/convert_paddle.py model.pdparams ppliteseg.pth\n'
        '  python tools/convert_paddle.py PP_STDCNet1.tar.gz stdc1.pth\n'
        "  python tools/convert_paddle.py STDCNet813M_73.91.tar stdc1.pth    # STDC's authors' or mmseg's\n"
        '  python tools/convert_paddle.py work_dirs/x/best.pth model.pdparams --config configs/ppliteseg/NAME.py',
    )
    parser.add_argument('input', metavar='IN', help='.pdparams or .tar.gz (file or http address), .pth or .tar')
    parser.add_argument('output', metavar='OUT', help='.pth, or .pdparams if IN is a .pth of ours')
    parser.add_argument('--config', help='also check that the weights fit the model of this config')
    parser.add_argument('--verbose', action='store_true', help='list every tensor')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Converts and prints what became of every tensor; on an error prints it and writes nothing."""
    args = parse_args(argv)
    with one_line_errors(args):
        conversion = convert_file(args.input, args.output, args.config)
    print(format_report(conversion, args.verbose))
    print(f'\nwrote {args.output}')


if __name__ == '__main__':
    main()
