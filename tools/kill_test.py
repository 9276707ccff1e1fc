"""Kills trainings at random moments, resumes them, and compares the weights with those of an uninterrupted one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.command_line import ToolParser, one_line_errors

EXAMPLE = """examples:
  python tools/kill_test.py                                       # synthetic street scenes, 100 kills
  python tools/kill_test.py --config configs/ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py --kills 20 \\
      --cfg-options data_root=data/camvid-360x480 train_dataloader.batch_size=2"""

DEFAULT = 'configs/ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    from mmengine.config import DictAction

    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('--config', default=str(Path(__file__).parents[1] / DEFAULT), help='what to train [synthetic street scenes]')
    add('--kills', type=int, default=100, help='over all ways to train [100]')
    add('--iterations', type=int, default=24, help='of each training [24]')
    add('--images', type=int, default=12, help='of the validation [12]')
    add('--seed', type=int, default=0, help='of the moments [0]')
    add('--work-dir', default='work_dirs/kill_test', metavar='DIR', help='[work_dirs/kill_test]')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='settings to override')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool."""
    args = parse_args(argv)
    with one_line_errors(args):
        from mmseg_liteseg.endurance import kills

        cfg = kills.short_config(args.config, args.iterations, args.images, args.cfg_options)
        done = []
        for case in kills.run_cases(cfg, Path(args.work_dir), args.kills, args.seed):
            done.append(case)
            print(f'{case.name}: {sum(case.kills.values())} kills, {case.equal} of {case.trainings} equal', flush=True)
        print(kills.table(done))
        faults = [fault for case in done for fault in case.faults]
        print('\n'.join(faults), file=sys.stderr, end='\n' if faults else '')
    return int(bool(faults))


if __name__ == '__main__':
    sys.exit(main())
