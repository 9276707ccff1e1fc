"""``python -m mmseg_liteseg.new_dataset DIR``."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, one_line_errors

EXAMPLE = """examples:
  # say what would be done
  python -m mmseg_liteseg.new_dataset photos --dry-run
  # write data/photos-liteseg with lists, masks where needed, and a config to train with
  python -m mmseg_liteseg.new_dataset photos
  # folders whose names do not tell, classes from a list, two values that are no class
  python -m mmseg_liteseg.new_dataset field --images a --masks b --classes names.txt --ignore 0 254
"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser('Writes a config for a folder of images and labels', EXAMPLE)
    add = parser.add_argument
    add('source', metavar='DIR', help='folder with images and masks, or labelme, COCO or Supervisely JSON')
    add('--out', metavar='DIR', help='folder to write [data/NAME-liteseg]; nothing is written into the source')
    add('--name', help="of the data set [the folder's]")
    add('--images', metavar='SUB', help='folder of the images within DIR, where names do not tell')
    add('--masks', metavar='SUB', help='folder of the masks within DIR, likewise')
    add('--classes', metavar='FILE', help='list of the classes: text, CSV, JSON or YAML, with or without colours')
    add(
        '--ignore',
        nargs='+',
        metavar='X',
        help="values, colours (e0e0c0) or classes that are no class; 'none' for nothing [255 beside small ids, void]",
    )
    add('--multi-label', action='store_true', help='pixels may be of several classes: a folder, or a band, per class')
    add('--val-share', type=float, default=0.2, metavar='S', help='share of val where the folder has none [0.2]')
    add('--seed', type=int, default=0, help='of what is drawn [0]')
    add('--overwrite', action='store_true', help='replace what this command wrote before')
    add('--dry-run', action='store_true', help='write nothing')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = vars(parse_args(argv))
    namespace = argparse.Namespace(debug=args.pop('debug', False))
    with one_line_errors(namespace):
        from .build import new_dataset  # after the arguments are known to be right: it takes seconds

        plan, config = new_dataset(args.pop('source'), args.pop('out'), **args)
        print(plan)
        if config is None:
            print('dry run: nothing was written')
        else:
            print(f'written: {config}\ntrain:   python tools/train.py {config}')
