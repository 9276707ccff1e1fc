"""Reports on a trained model: IoU per class on the validation data, pictures of its predictions, training curves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.command_line import make_parser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """example:
  python tools/report.py configs/ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py \\
      work_dirs/synthetic/best_mIoU_iter_2000.pth --work-dir work_dirs/synthetic"""


def parse_args(argv: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Reads the command line."""
    parser = make_parser('Evaluate a model and draw what it sees and how it was trained', EXAMPLE)
    parser.add_argument('checkpoint', help='weights: a file or a URL')
    parser.add_argument('--samples', type=int, default=6, help='pictures on the sheet of predictions [6]')
    add_trust_option(parser)
    return parser, parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser, args = parse_args(argv)
    if args.samples < 1:
        parser.error(f'--samples: expected at least 1, got {args.samples}')
    with one_line_errors(args):
        from mmseg_liteseg.engine import launch, loading  # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.visualization.report import make_report

        cfg = launch.load_config(args)
        missing = [name for name in ('val_dataloader', 'val_cfg', 'val_evaluator') if not cfg.get(name)]
        if missing:
            raise launch.LaunchError(f'config {args.config}: no {", ".join(missing)} to evaluate with')
        # the validation loop would also want to save a best checkpoint
        cfg.test_cfg = dict(type='TestLoop')
        cfg.test_dataloader, cfg.test_evaluator = cfg.val_dataloader, cfg.val_evaluator
        # a log of its own: curves are read from the training's, which a test must not add to
        work_dir, cfg.work_dir = cfg.work_dir, str(Path(cfg.work_dir) / 'report')
        loading.check_checkpoint_path(args.checkpoint)
        launch.drop_training_hooks(cfg)
        runner = launch.build_runner(cfg)
        loading.load_for_test(runner, args.checkpoint)
        report = make_report(runner, work_dir, args.samples)
    print(report.table())
    for picture in report.pictures:
        print(f'picture: {picture}')


if __name__ == '__main__':
    main()
