"""Exports a trained model and proves that the file gives the same masks: ONNX, OpenVINO, TorchScript, ncnn."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from mmengine.config import DictAction

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """examples:
  any size and batch, labels out:
    python tools/export.py CONFIG CHECKPOINT --out deploy
  one size and any number of pictures at a time; one picture at a time, of any size:
    python tools/export.py CONFIG CHECKPOINT --out deploy --shape 512 1024 --batch any
    python tools/export.py CONFIG CHECKPOINT --out deploy --batch 1
  one size, raw camera pictures in:
    python tools/export.py CONFIG CHECKPOINT --out deploy --shape 512 1024 --raw --color bgr
  for several runtimes:
    python tools/export.py CONFIG CHECKPOINT --out deploy --format onnx openvino torchscript ncnn --output logits"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('config', help='config file')
    add('checkpoint', help='weights: .pth or .pdparams')
    add('--out', required=True, metavar='DIR', help='folder for the artefacts and the agreement report')
    add('--name', help="of the files, without suffix [the config's]")
    add('--format', nargs='+', default=['onnx'], metavar='F', help='onnx, openvino, torchscript, ncnn [onnx]')
    add('--shape', nargs=2, type=int, metavar=('H', 'W'), help='one fixed size [any size]')
    add('--batch', type=_batch, metavar='N', help='images at a time, or any [1 with --shape, any without]')
    add(
        '--output',
        default='labels',
        help='labels (uint8, N x H x W), logits (N x C x H x W) or scores (logits at 1/8) [labels]',
    )
    add('--label-dtype', default='uint8', help='of labels: uint8, int32 or int64; TensorRT needs int32 [uint8]')
    add('--raw', action='store_true', help='pre-processing inside: uint8 N x H x W x C in, 0 to 255')
    add('--color', choices=('bgr', 'rgb'), help="order of raw channels [the network's, rgb as a rule]")
    add(
        '--resize-inside',
        action='store_true',
        help="the config's resize inside: pictures of their own size in, labels of that size out",
    )
    add('--half', action='store_true', help='float16 inside an ONNX file: half the size, for GPUs and NPUs')
    add('--opset', type=int, default=11, help='of ONNX, 11 to 20 [11]')
    add('--max-relative', type=float, help='allowed difference, share of the greatest logit [1e-4; --half 2e-2]')
    add('--max-pixels', type=float, help='allowed share of differing pixels [1e-4; --half 5e-3]')
    add('--images', metavar='DIR', help='compare on these images, resized [drawn street scenes]')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='settings of the config to override')
    add_trust_option(parser)
    return parser.parse_args(argv)


def _batch(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def main(argv: Sequence[str] | None = None) -> None:
    """Exports; on an error prints it and leaves no artefact."""
    args = parse_args(argv)
    with one_line_errors(args):
        # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.deploy import agreement, exporters
        from mmseg_liteseg.deploy.export import export
        from mmseg_liteseg.deploy.source import load_source

        options = exporters.ExportOptions(
            formats=tuple(args.format),
            output=args.output,
            size=tuple(args.shape) if args.shape else None,
            batch=args.batch,
            raw=args.raw,
            color=args.color,
            opset=args.opset,
            label_dtype=args.label_dtype,
            half=args.half,
            resize_inside=args.resize_inside,
        )
        source = load_source(args.config, args.checkpoint, args.cfg_options)
        usual = agreement.HALF_BOUND if args.half else agreement.DEFAULT_BOUND
        given = dict(relative=args.max_relative, pixels=args.max_pixels)
        bound = replace(usual, **{key: value for key, value in given.items() if value is not None})
        files = export(source, options, args.out, args.name or Path(args.config).stem, bound, images=args.images)
    for file in files:
        print(f'wrote {file} ({file.stat().st_size / 2**20:.1f} MiB)')


if __name__ == '__main__':
    main()
