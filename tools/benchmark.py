"""Measures speed and memory of segmentors side by side: JSON, a Markdown table and a picture."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Sequence

from mmengine.config import DictAction

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.processor import available_cores
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """examples:
  python tools/benchmark.py PP-LiteSeg-T STDC1-Seg --tasks network labels --size 512x1024
  python tools/benchmark.py PP-LiteSeg-T@360x480 PP-LiteSeg-T@360x480+stock --tasks train --batch 2
  python tools/benchmark.py mmseg::pidnet-s_2xb6-120k_1024x1024-cityscapes my_config.py --runtimes eager onnxruntime
  python tools/benchmark.py STDC1-Seg STDC1-Seg+fast --tasks predict train --size 360x480
  python tools/benchmark.py --preset cpu --paddle venv/bin/python --paddleseg PaddleSeg --out docs/benchmark/cpu
  python tools/benchmark.py --preset h200 --device cuda --out docs/benchmark/h200
  python tools/benchmark.py --data ppliteseg_stdc1_1xb16-10k_camvid-360x480 --size 360x480
  python tools/benchmark.py --stream deploy/NAME_int8.onnx --image-size 720x1280 --images 100 --rounds 5

models: NAME[@HxW][+stock|+fast]. NAME is one of PP-LiteSeg-T, PP-LiteSeg-B, STDC1-Seg, STDC2-Seg, BiSeNetV1, BiSeNetV2,
ICNet, Fast-SCNN, PIDNet-S, DDRNet23-slim, SegFormer-B0, a config of this package, mmseg::CONFIG, or a path. +stock runs
one of ours with mmseg's EncoderDecoder and OHEMPixelSampler, +fast one of mmseg's with our FastEncoderDecoder."""


# as in mmseg_liteseg/benchmark/case.py, whose import takes seconds
TASKS = ('network', 'labels', 'postprocess', 'predict', 'image', 'train')
RUNTIMES = ('eager', 'optimized', 'onnxruntime', 'openvino', 'paddle')


def parse_args(argv: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('models', nargs='*', help='what to measure, see below')
    add('--preset', help='a set of measurements by name: cpu, labels, train, mmseg, accuracy, h200')
    add('--data', metavar='CONFIG', help='measure the data pipeline of a config instead')
    add('--stream', metavar='MODEL', help='measure a video through an exported .onnx or .xml instead')
    add('--tasks', nargs='+', default=['network', 'labels'], choices=TASKS)
    add('--runtimes', nargs='+', default=['eager'], choices=RUNTIMES)
    add('--precisions', nargs='+', default=['fp32'], choices=['fp32', 'bf16', 'fp16', 'int8'])
    add('--batch', nargs='+', type=int, default=[1], metavar='N', help='batch sizes [1]')
    add('--size', default='512x1024', metavar='HxW', help="the network's input, where a model names none [512x1024]")
    add('--image-size', default='1024x2048', metavar='HxW', help='original image of predict and image [1024x2048]')
    add('--device', default='cpu', choices=['cpu', 'cuda'])
    add('--threads', type=int, default=available_cores(), help='threads on the CPU [all]')
    add('--rounds', type=int, default=15, help='rounds over all measurements [15]')
    add('--runs', type=int, default=3, help='timed runs per visit [3]')
    add('--minutes', type=float, default=float('inf'), help='end after about so long, with the rounds done [all]')
    add('--pause', type=float, default=0.25, metavar='S', help='rest before each visit [0.25]')
    add('--clock', default='wall', choices=['wall', 'cpu'], help='cpu: time that one thread computes [wall]')
    add('--checkpoint', nargs='+', default=[], metavar='LABEL=FILE', help='weights for a model [random]')
    add('--memory', nargs='+', default=['train'], choices=TASKS, help='tasks whose peak memory is taken [train]')
    add('--paddle', metavar='PYTHON', help='Python of an environment with paddlepaddle==2.6.2 and numpy<2')
    add('--paddleseg', metavar='DIR', help='checkout of PaddleSeg, for --paddle')
    add('--scenes', metavar='HxW', help='with --data: street scenes of this size instead of the data set of the config')
    add('--images', type=int, default=40, help='with --data and --stream: images per round [40]')
    add('--train-batches', type=int, default=0, metavar='N', help='with --data: train so many batches per loader [0]')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='with --data: settings of the config')
    add('--out', default='work_dirs/benchmark/results', metavar='PREFIX', help='writes PREFIX.json, .md and .png')
    add_trust_option(parser)
    return parser, parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    _, args = parse_args(argv)
    command = shlex.join(['python', 'tools/benchmark.py', *(sys.argv[1:] if argv is None else argv)])
    with one_line_errors(args):
        from mmseg_liteseg.benchmark.command import run  # here, as --help should not wait for torch

        written = run(args, command)
    print(written[1].read_text(encoding='utf-8'))
    print('wrote', *written)


if __name__ == '__main__':
    main()
