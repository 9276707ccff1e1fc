"""Evaluates a checkpoint: prints IoU per class and mIoU, and writes predictions or pictures where asked."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmseg_liteseg.command_line import PARTLY_DONE, fail, make_parser, one_line_errors
from mmseg_liteseg.trust import add_trust_option
from mmseg_liteseg.wording import are, count

EXAMPLE = """example:
  python tools/test.py configs/ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py \\
      work_dirs/camvid/best_mIoU_iter_10000.pth --show-dir work_dirs/camvid/pictures"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser('Test a segmentation model', EXAMPLE)
    parser.add_argument('checkpoint', help='weights: a file or a URL')
    parser.add_argument('--out', metavar='DIR', help='write every prediction there, as a PNG of class indices')
    parser.add_argument('--show-dir', metavar='DIR', help='write pictures of labels and predictions there')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation, as the config describes it')
    parser.add_argument(
        '--strict', action='store_true', help='stop at the first picture that fails [go on, list them, exit with 1]'
    )
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    args = parse_args(argv)
    with one_line_errors(args):
        from mmseg_liteseg.engine import launch, loading  # after the arguments are known to be right: it takes seconds

        cfg = launch.load_config(args)
        loading.check_checkpoint_path(args.checkpoint)
        if args.out:
            launch.save_predictions(cfg, args.out)
        if args.show_dir:
            launch.paint_predictions(cfg, args.show_dir)
        if args.tta:
            launch.enable_tta(cfg)
        # before the runner, which would build what they ask for
        launch.drop_training_hooks(cfg)
        if not args.strict:
            launch.tolerate_failures(cfg)
        runner = launch.build_runner(cfg)
        # not cfg.load_from: mmengine would go on with random weights where keys do not fit
        loading.load_for_test(runner, args.checkpoint)
        launch.test(runner)
        failures = launch.failures_of(runner)
    if failures:
        fail(
            '\n  '.join(
                [f'{count(len(failures), "picture")} failed and {are(len(failures))} in no figure:', *failures]
            ),
            PARTLY_DONE,
        )


if __name__ == '__main__':
    main()
