"""``python -m mmseg_liteseg.runtime MODEL --input ... --out ...``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Sequence

import cv2

from mmseg_liteseg.command_line import PARTLY_DONE, ToolParser, fail, one_line_errors
from mmseg_liteseg.deploy.errors import DeployError

from .inputs import Pictures, Video, find_input
from .opening import read_metadata
from .outputs import choose_outputs
from .run import run_pictures, run_video, streams_of
from .segmenter import Segmenter
from .tiling import Tiling

EXAMPLE = """examples:
  python -m mmseg_liteseg.runtime deploy/NAME.onnx --input street.jpg --out street_overlay.png
  python -m mmseg_liteseg.runtime deploy/NAME.onnx --input photos --out results --mask
  python -m mmseg_liteseg.runtime deploy/NAME.xml --input drive.mp4 --out results --threads 4
  python -m mmseg_liteseg.runtime deploy/NAME.onnx --input camera:0 --out results --frames 300

A folder --out gets masks/NAME.png (a pixel's value is its label) and overlays/NAME.jpg; of a video overlays/NAME.mp4
and masks/NAME/000000.png. Folders are searched with all folders in them, whose layout is kept. Ctrl-C ends a
video or a camera with what is done so far."""


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = ToolParser(
        'Segments pictures, videos or a camera with an exported model. Needs no torch.',
        EXAMPLE,
        prog='python -m mmseg_liteseg.runtime',
    )
    add = parser.add_argument
    add('model', help='.onnx, or the .xml of OpenVINO')
    add('--input', required=True, metavar='IN', help='picture, folder of pictures, video, or camera:0')
    add('--out', required=True, metavar='OUT', help='folder; or, for one picture or video, a file')
    add('--mask', action='store_true', help='write masks [both for pictures, overlays for videos and single files]')
    add('--overlay', action='store_true', help='write pictures with the classes in colour over them')
    add('--alpha', type=float, default=0.6, help='opacity of the colours, 0 to 1 [0.6]')
    add(
        '--mask-kind',
        choices=('labels', 'palette', 'colors', 'geotiff'),
        default='labels',
        help='what a pixel of a mask is; geotiff: labels, with the georeference of the picture (rasterio) [labels]',
    )
    add('--min-confidence', type=float, metavar='P', help='pixels whose label is less probable become 255 in masks')
    add('--tile', type=int, metavar='N', help='cut pictures into tiles of N x N, for those too large for the memory')
    add('--tile-overlap', type=int, default=128, metavar='N', help='pixels that neighbouring tiles share [128]')
    add('--frames', type=int, metavar='N', help='of a video or camera, stop after N [all]')
    add('--profile', action='store_true', help='of a video or camera, print the time of each stage at the end')
    add('--batch', type=int, default=1, help='pictures of one size at a time, if the model takes any number [1]')
    add('--strict', action='store_true', help='stop at the first picture that fails [go on, list them, exit with 1]')
    add('--threads', type=int, default=0, help="of the runtime [the runtime's choice]")
    add('--streams', type=int, metavar='N', help='frames in the network at a time [of a video one a core, up to 4]')
    add(
        '--device',
        metavar='D',
        help='cuda, cuda:1 and others of onnxruntime; GPU, GPU.1 and others of OpenVINO [CPU]',
    )
    add(
        '--runtime-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help="the runtime's own settings: of onnxruntime's provider or session (session.x64quantprecision=1), "
        'of OpenVINO (INFERENCE_PRECISION_HINT=bf16)',
    )
    add('--metadata', metavar='FILE', help='JSON, for a model that holds none (see docs/deploy/README.md)')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command: one line and status 2 for whatever cannot work, status 1 and a list for what was left out."""
    args = parse_args(argv)
    _quiet_opencv()
    with one_line_errors(args, stopped='stopped: finished files are kept, an unfinished one is not'):
        failures = run(args)
    if failures:
        several = f'{len(failures)} failed:\n  ' if len(failures) > 1 else ''
        fail(several + '\n  '.join(failures), PARTLY_DONE)


def run(args: argparse.Namespace) -> list[str]:
    """Does what the arguments say.

    Returns:
        A line for each input that failed, or could not be read to its end.

    Raises:
        DeployError: nothing can be done.
    """
    if not args.out.strip():  # as a path it would be the current folder
        raise DeployError('out: expected a folder or a file, got nothing')
    out = Path(args.out)
    _check_numbers(args)
    found = find_input(args.input, out)
    # before the model is opened, which takes seconds: what cannot be written is said at once
    outputs = choose_outputs(out, found, args.mask, args.overlay, args.mask_kind)
    metadata = read_metadata(args.metadata) if args.metadata else None
    tiling = Tiling((args.tile, args.tile), args.tile_overlap) if args.tile is not None else None
    segmenter = Segmenter(
        args.model,
        threads=args.threads,
        device=args.device,
        options=_pairs(args.runtime_options),
        batch=args.batch,
        tiling=tiling,
        metadata=metadata,
        streams=_streams(args, found),
    )
    if isinstance(found, Pictures):
        progress, failures = run_pictures(segmenter, found, outputs, args.alpha, args.strict, args.min_confidence)
    elif args.min_confidence is not None:
        raise DeployError('min-confidence: for pictures, not for videos')
    else:
        say = print if args.profile else None
        progress, failures = run_video(segmenter, found, outputs, args.alpha, args.frames, say)
    kinds = [kind for kind, wanted in (('masks', outputs.mask), ('overlays', outputs.overlay)) if wanted]
    # nothing is claimed where every input failed
    if progress.done:
        print(
            f'{progress.done} {progress.unit} in {segmenter.runtime}, {progress.rate:.1f}/s with reading and writing; '
            f'{" and ".join(kinds)} in {out}'
        )
    return failures


def _pairs(texts: Sequence[str]) -> dict[str, str] | None:
    """KEY=VALUE as a dictionary; None for none."""
    wrong = [text for text in texts if not text.partition('=')[0] or '=' not in text]
    if wrong:
        raise DeployError(f'runtime-options: expected KEY=VALUE, got {wrong[0]!r}')
    return dict(text.split('=', 1) for text in texts) or None


def _streams(args: argparse.Namespace, found: Pictures | Video) -> int:
    """How many frames go through the network at a time: on a CPU several, a core each, are done sooner than one after
    the other on all cores. Of a camera each picture is wanted as soon as it can be had.
    """
    if args.streams is not None:
        return args.streams
    if isinstance(found, Pictures) or found.is_camera or args.device is not None:
        return 1
    return streams_of(args.threads)


def _check_numbers(args: argparse.Namespace) -> None:
    if not 0 <= args.alpha <= 1:
        raise DeployError(f'alpha: expected 0 to 1, got {args.alpha}')
    if args.frames is not None and args.frames < 1:
        raise DeployError(f'frames: expected a positive number, got {args.frames}')
    if args.min_confidence is not None and not 0 <= args.min_confidence <= 1:
        raise DeployError(f'min-confidence: expected 0 to 1, got {args.min_confidence}')


def _quiet_opencv() -> None:
    """What OpenCV and its ffmpeg say of broken files would hide the one line that names them."""
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    logging = getattr(cv2.utils, 'logging', None)
    if logging is not None:
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
