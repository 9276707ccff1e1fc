"""Compares a deployed model with the checkpoint it was made from: logits, labels, at several sizes."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Sequence

from mmengine.config import DictAction

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """examples:
  a file of tools/export.py, which says itself what it takes and gives:
    python tools/verify_export.py deploy/NAME.onnx CONFIG CHECKPOINT
  a file made elsewhere:
    python tools/verify_export.py end2end.onnx CONFIG CHECKPOINT --output labels --sizes 512x1024 360x480
    python tools/verify_export.py NAME.engine CONFIG CHECKPOINT --max-relative 0.02 --max-pixels 0.002
  a device that only its own programs can run (RKNN, ...): for each HASH.input.npy write HASH.output.npy beside it
    python tools/verify_export.py inputs CONFIG CHECKPOINT --dump-inputs --shape 512 1024
    python tools/verify_export.py inputs CONFIG CHECKPOINT --shape 512 1024 --output scores --max-pixels 0.01"""


def parse_size(text: str) -> tuple[int, int]:
    """Reads 512x1024 as (512, 1024)."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    if not match:
        raise argparse.ArgumentTypeError(f'expected HxW such as 512x1024, got {text!r}')
    return int(match[1]), int(match[2])


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('artefact', help='.onnx, .xml (OpenVINO), .pt (TorchScript), .param (ncnn), .engine, or a folder of outputs')
    add('config', help='config file')
    add('checkpoint', help='weights: .pth or .pdparams')
    add('--sizes', nargs='+', type=parse_size, metavar='HxW', help="sizes to compare at [the file's own, or five]")
    add('--max-relative', type=float, default=1e-4, help='allowed difference, share of the greatest logit [1e-4]')
    add('--max-pixels', type=float, default=1e-4, help='allowed share of differing pixels [1e-4]')
    add('--images', metavar='DIR', help='compare on these images, resized [drawn street scenes]')
    add('--dump-inputs', action='store_true', help='only write the inputs, into the folder ARTEFACT')
    stated = parser.add_argument_group('what the file does not say itself')
    stated.add_argument('--shape', nargs=2, type=int, metavar=('H', 'W'), help='its fixed size')
    stated.add_argument('--batch', type=int, help='its fixed number of images')
    stated.add_argument('--layout', choices=('NCHW', 'NHWC'), help='of its input')
    stated.add_argument('--dtype', choices=('float32', 'uint8'), help='float32: normalised, uint8: raw pixels')
    stated.add_argument('--color', choices=('rgb', 'bgr', 'gray'), help='order of its channels')
    stated.add_argument('--output', choices=('labels', 'logits', 'scores'), help='scores are logits at 1/8 [logits]')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='settings of the config to override')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Compares; ends with an error if the answers are out of bound."""
    args = parse_args(argv)
    stated = {name: getattr(args, name) for name in ('batch', 'layout', 'dtype', 'color', 'output')}
    stated['size'] = tuple(args.shape) if args.shape else None
    path = Path(args.artefact)
    with one_line_errors(args):
        # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.deploy.agreement import Bound
        from mmseg_liteseg.deploy.source import load_source
        from mmseg_liteseg.deploy.verify import dump_inputs, verify

        source = load_source(args.config, args.checkpoint, args.cfg_options)
        if args.dump_inputs:
            files = dump_inputs(path, source, args.sizes, args.images, **stated)
            print('\n'.join(f'wrote {file}' for file in files))
        else:
            bound = Bound(args.max_relative, args.max_pixels)
            verify(path, source, args.sizes, bound, args.images, **stated)


if __name__ == '__main__':
    main()
