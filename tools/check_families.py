"""Tries FastEncoderDecoder on one small config of every family of mmseg: JSON and a Markdown table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, one_line_errors

EXAMPLE = """examples:
  python tools/check_families.py --out docs/benchmark/families
  python tools/check_families.py bisenetv2 ddrnet --out work_dirs/families"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    parser.add_argument('families', nargs='*', help="folders of mmseg's configs [all]")
    parser.add_argument('--out', required=True, metavar='PREFIX', help='writes PREFIX.json and PREFIX.md')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    with one_line_errors(args):
        from mmseg_liteseg.benchmark import families  # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.benchmark.machine import versions
        from mmseg_liteseg.benchmark.results import write_text

        print(families.HEADER)
        rows = families.check_families(args.families)
        prefix = Path(args.out)
        record = dict(versions=versions(), size=families.SIZE, ori_size=families.ORI_SIZE, families=rows)
        write_text(prefix.with_suffix('.json'), json.dumps(record, indent=1) + '\n')
        table = '\n'.join([families.HEADER, *map(families.format_row, rows)])
        write_text(prefix.with_suffix('.md'), f'# FastEncoderDecoder in the families of mmseg\n\n{table}\n')
    print(f'wrote {prefix}.json {prefix}.md')


if __name__ == '__main__':
    main()
