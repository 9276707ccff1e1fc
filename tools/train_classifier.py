"""Trains the encoder as a classifier with mmpretrain, from labels or from a teacher: configs/pretrain."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmseg_liteseg.command_line import make_parser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """example:
  python tools/train_classifier.py configs/pretrain/stdc1_ssld_in1k.py --amp

the encoder of the result in a segmentation config:
  init_cfg=dict(type='Pretrained', checkpoint='work_dirs/stdc1_ssld_in1k/epoch_360.pth', prefix='backbone.')

several processes on one machine, GPUs or not:
  torchrun --nproc_per_node=8 tools/train_classifier.py CONFIG --launcher pytorch"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__, EXAMPLE)
    parser.add_argument('--resume', action='store_true', help='go on from the last checkpoint in the work folder')
    parser.add_argument('--amp', action='store_true', help='train in mixed precision, on a GPU or a CPU with bfloat16')
    parser.add_argument('--tensorboard', action='store_true', help='write curves for TensorBoard too')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    with one_line_errors(args):
        from mmseg_liteseg import pretrain  # noqa: F401 (asks for torchvision before the config is read)
        from mmseg_liteseg.engine import launch
        from mmseg_liteseg.pretrain.images import prepare_images

        cfg = launch.load_config(args)
        notes = launch.enable_resume(cfg, 'load_from' in (args.cfg_options or {})) if args.resume else []
        if args.amp:
            launch.enable_amp(cfg)
        if args.tensorboard:
            launch.enable_tensorboard(cfg)
        notes += prepare_images(cfg)
        launch.train(launch.build_runner(cfg, notes))


if __name__ == '__main__':
    main()
