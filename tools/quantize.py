"""Exports a trained model in float and in INT8, for onnxruntime or OpenVINO, and reports mIoU and speed of both."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Sequence

from mmengine.config import DictAction

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """examples:
  python tools/quantize.py CONFIG CHECKPOINT --out deploy --images 100
  python tools/quantize.py CONFIG CHECKPOINT --out deploy --calibrate photos          # a folder of pictures, no labels
  python tools/quantize.py CONFIG CHECKPOINT --out deploy --format openvino           # pip install nncf
writes NAME.onnx, NAME_int8.onnx and NAME_int8.json (scores), unless INT8 costs more than --max-loss points of mIoU"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('config', help='config file, with data to calibrate and to score on (or see --calibrate)')
    add('checkpoint', help='weights: .pth or .pdparams')
    add('--out', required=True, metavar='DIR', help='folder for the artefacts and the report')
    add('--name', help="of the files, without suffix [the config's]")
    add('--format', default='onnx', metavar='F', help='onnx, or openvino: by NNCF [onnx]')
    add('--images', type=int, default=64, help='pictures to calibrate on [64]')
    add(
        '--calibrate', metavar='DIR', help="folder of those pictures; no labels are needed [the config's training data]"
    )
    add('--test-images', type=int, help='test pictures to score on [all]')
    add('--method', default='MinMax', help='of calibration: MinMax, Entropy or Percentile [MinMax]')
    add('--symmetric', action='store_true', help='int8 activations without zero point, as TensorRT wants them')
    add('--full-range', action='store_true', help='weights of 8 bits instead of 7: right on CPUs with VNNI only')
    add('--float-layers', metavar='REGEX', help='convolutions to leave in float [context, attention, classifier]')
    add('--max-loss', type=float, default=0.5, help='allowed loss of mIoU in points [0.5]')
    add(
        '--max-pixels',
        type=float,
        default=0.02,
        help="without the config's test data: allowed share of pixels whose label changes [0.02]",
    )
    add('--threads', type=int, default=0, help="of the runtime while scoring [the library's choice]")
    add('--shape', nargs=2, type=int, metavar=('H', 'W'), help='one fixed size [any size and batch]')
    add('--output', default='labels', help='labels, logits or scores (logits at 1/8) [labels]')
    add('--label-dtype', default='uint8', help='of labels: uint8, int32 or int64; TensorRT needs int32 [uint8]')
    add('--raw', action='store_true', help='pre-processing inside: uint8 N x H x W x C in, 0 to 255')
    add('--color', choices=('bgr', 'rgb'), help="order of raw channels [the network's, rgb as a rule]")
    add('--opset', type=int, default=13, help='of ONNX, 13 to 20 [13]')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='settings of the config to override')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Quantises; on an error prints it and leaves no artefact."""
    args = parse_args(argv)
    with one_line_errors(args):
        # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.deploy.exporters import ExportOptions
        from mmseg_liteseg.deploy.quantize import quantize
        from mmseg_liteseg.deploy.quantizers import FLOAT_LAYERS, QuantizeOptions
        from mmseg_liteseg.deploy.source import load_source

        export_options = ExportOptions(
            formats=(args.format,),
            output=args.output,
            size=tuple(args.shape) if args.shape else None,
            raw=args.raw,
            color=args.color,
            opset=args.opset,
            label_dtype=args.label_dtype,
        )
        options = QuantizeOptions(
            images=args.images,
            folder=args.calibrate,
            method=args.method,
            symmetric=args.symmetric,
            full_range=args.full_range,
            float_layers=FLOAT_LAYERS if args.float_layers is None else args.float_layers,
            max_loss=args.max_loss,
            max_pixels=args.max_pixels,
        )
        source = load_source(args.config, args.checkpoint, args.cfg_options)
        name = args.name or Path(args.config).stem
        files = quantize(source, export_options, options, args.out, name, args.test_images, args.threads)
    for file in files:
        print(f'wrote {file} ({file.stat().st_size / 2**20:.1f} MiB)')


if __name__ == '__main__':
    main()
