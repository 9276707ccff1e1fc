"""Converts a model with mmdeploy, proves that the result gives the same masks, and writes what its SDK reads."""

from __future__ import annotations

import argparse
from typing import Sequence

from mmengine.config import DictAction

from mmseg_liteseg.command_line import ToolParser, one_line_errors
from mmseg_liteseg.trust import add_trust_option

EXAMPLE = """example:
  python tools/convert_mmdeploy.py configs/deploy/segmentation_onnxruntime_dynamic.py CONFIG CHECKPOINT \\
      --out deploy --dump-info
mmdeploy is installed without its dependencies, see docs/deploy/mmdeploy.md"""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('deploy_config', help='one of configs/deploy, for onnxruntime or torchscript')
    add('config', help='config file of the model')
    add('checkpoint', help='weights: .pth or .pdparams')
    add('--out', required=True, metavar='DIR', help='folder for the results')
    add('--dump-info', action='store_true', help="write deploy.json, pipeline.json and detail.json for mmdeploy's SDK")
    add('--max-relative', type=float, default=1e-4, help='allowed difference, share of the greatest logit [1e-4]')
    add('--max-pixels', type=float, default=1e-4, help='allowed share of differing pixels [1e-4]')
    add(
        '--deploy-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='settings of the deploy config to override, such as onnx_config.input_shape="[480,360]" (width, height)',
    )
    add_trust_option(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Converts; on an error prints it and leaves nothing."""
    args = parse_args(argv)
    with one_line_errors(args):
        # after the arguments are known to be right: it takes seconds
        from mmseg_liteseg.deploy.agreement import Bound
        from mmseg_liteseg.deploy.mmdeploy_convert import convert

        files = convert(
            args.deploy_config,
            args.config,
            args.checkpoint,
            args.out,
            args.dump_info,
            Bound(args.max_relative, args.max_pixels),
            args.deploy_options,
        )
    for file in files:
        print(f'wrote {file}')


if __name__ == '__main__':
    main()
