"""Trains a model from a config: logs, curves, checkpoints and the best one by validation mIoU go to the work folder."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmseg_liteseg.command_line import make_parser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """example:
  python tools/train.py configs/ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py --work-dir work_dirs/camvid \\
      --cfg-options train_dataloader.batch_size=8 randomness.seed=0

several processes on one machine, GPUs or not:
  bash tools/dist_train.sh CONFIG 2"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser('Train a segmentation model', EXAMPLE)
    parser.add_argument('--resume', action='store_true', help='go on from the last checkpoint in the work folder')
    parser.add_argument('--amp', action='store_true', help='train in mixed precision, on a GPU or a CPU with bfloat16')
    parser.add_argument('--deterministic', action='store_true', help='make two runs equal, to the last bit on a CPU')
    parser.add_argument('--tensorboard', action='store_true', help='write curves for TensorBoard too')
    parser.add_argument('--skip-data-check', action='store_true', help='train without a look at the data first')
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    with one_line_errors(args):
        from mmseg_liteseg.engine import launch  # after the arguments are known to be right: it takes seconds

        cfg = launch.load_config(args)
        from mmseg_liteseg.engine import class_weights  # after the config: these import the hosts, which complain
        from mmseg_liteseg.inspection.start import check_start

        named = 'load_from' in (args.cfg_options or {})
        notes = launch.enable_resume(cfg, named) if args.resume else []
        if args.deterministic:
            launch.enable_deterministic(cfg)
        if args.amp:
            launch.enable_amp(cfg)
        if args.tensorboard:
            launch.enable_tensorboard(cfg)
        if args.skip_data_check:
            cfg.data_check = False
        # the check first: wrong labels would be counted into the weights
        notes += [*check_start(cfg), *class_weights.fill_class_weights(cfg)]
        runner = launch.build_runner(cfg, notes)
        launch.train(runner)


if __name__ == '__main__':
    main()
