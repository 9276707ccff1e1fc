"""Builds a TensorRT engine from an ONNX file and compares it with that file in onnxruntime.

NOT RUN: written from NVIDIA's documentation for TensorRT 8.5 to 10; no machine with TensorRT was at hand.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, one_line_errors

EXAMPLE = """examples:
  python tools/export.py CONFIG CHECKPOINT --out deploy --name model --output labels --label-dtype int32
  python tools/build_tensorrt.py deploy/model.onnx --fp16 --shapes 1x3x512x512 1x3x512x1024 4x3x1024x2048

  python tools/quantize.py CONFIG CHECKPOINT --out deploy --name model --symmetric --label-dtype int32
  python tools/build_tensorrt.py deploy/model_int8.onnx --int8 --fp16 --shapes 1x3x512x1024"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('onnx', help='ONNX file of tools/export.py or tools/quantize.py')
    add('--out', metavar='FILE', help="the engine [the ONNX file's name with .engine]")
    add('--fp16', action='store_true', help='allow half precision')
    add('--int8', action='store_true', help='for a file of tools/quantize.py --symmetric')
    add('--tf32', action='store_true', help='allow TF32 for float32')
    add('--shapes', nargs='+', default=[], metavar='NxCxHxW', help='smallest, usual, greatest input, or one for all')
    add('--workspace', type=int, default=2048, metavar='MIB', help='memory for trying kernels [2048]')
    add('--max-relative', type=float, help='allowed difference, share of the greatest logit [1e-3; fp16, int8: 0.1]')
    add('--max-pixels', type=float, help='allowed share of differing pixels [1e-3; fp16 0.005, int8: 0.02]')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Builds; on an error prints it and leaves no engine."""
    args = parse_args(argv)
    path = Path(args.onnx)
    out = Path(args.out) if args.out else path.with_suffix('.engine')
    with one_line_errors(args):
        # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.deploy.agreement import Bound
        from mmseg_liteseg.deploy.tensorrt import EngineOptions, build, parse_shape

        shapes = tuple(parse_shape(text) for text in args.shapes)
        options = EngineOptions(args.fp16, args.int8, args.tf32, shapes, args.workspace)
        # usual bounds by precision: float32 differs by the order of its sums alone
        usual = Bound(0.1 if args.fp16 or args.int8 else 1e-3, 0.02 if args.int8 else 0.005 if args.fp16 else 1e-3)
        given = dict(relative=args.max_relative, pixels=args.max_pixels)
        bound = replace(usual, **{name: value for name, value in given.items() if value is not None})
        build(path, out, options, bound)
    print(f'wrote {out} ({out.stat().st_size / 2**20:.1f} MiB)')


if __name__ == '__main__':
    main()
