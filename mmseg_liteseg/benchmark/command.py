"""From tools/benchmark.py's arguments to files."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from .case import grid, parse_model, parse_size
from .clock import Plan
from .data_session import DataSession, save_data
from .errors import BenchmarkError
from .presets import Preset, get_preset
from .session import Session, save
from .stream import StreamSession, save_stream


def run(args: argparse.Namespace, command: str) -> list[Path]:
    """Measures and writes; returns the files, JSON and Markdown first.

    Raises:
        BenchmarkError: An argument cannot work.
    """
    plan = Plan(rounds=_positive(args, 'rounds'), runs=_positive(args, 'runs'), pause=args.pause, clock=args.clock)
    command = hide_folders(command)
    if args.data:
        model = parse_model(args.data, parse_size(args.size))
        session = DataSession(
            plan=plan,
            scenes=parse_size(args.scenes) if args.scenes else None,
            images=_positive(args, 'images'),
            batches=args.train_batches,
            threads=_positive(args, 'threads'),
            overrides=args.cfg_options or {},
            progress=progress,
        )
        return save_data(session.run(model, command), Path(args.out))
    if args.stream:
        streaming = StreamSession(
            plan=plan,
            size=parse_size(args.image_size),
            frames=_positive(args, 'images'),
            threads=_positive(args, 'threads'),
            progress=progress,
        )
        return save_stream(streaming.run(Path(args.stream), command), Path(args.out))
    preset = choose(args)
    session = Session(
        plan=plan,
        image_size=parse_size(args.image_size),
        threads=_positive(args, 'threads'),
        checkpoints=pairs(args.checkpoint, '--checkpoint'),
        paddle=(args.paddle, args.paddleseg) if args.paddle and args.paddleseg else None,
        memory_of=preset.memory_of,
        minutes=_positive(args, 'minutes'),
        progress=progress,
    )
    return save(session.run(preset.cases, preset.ratios, command), Path(args.out))


def choose(args: argparse.Namespace) -> Preset:
    """The measurements that the arguments name.

    Raises:
        BenchmarkError: None is named, or none is possible.
    """
    if bool(args.paddle) != bool(args.paddleseg):
        raise BenchmarkError('--paddle and --paddleseg: expected both or none')
    if args.preset and args.models:
        raise BenchmarkError('name models or --preset, not both')
    if args.preset:
        return get_preset(args.preset, bool(args.paddle))
    if not args.models:
        raise BenchmarkError('expected models, --preset or --data')
    models = [parse_model(name, parse_size(args.size)) for name in args.models]
    cases = grid(models, args.tasks, args.runtimes, args.precisions, args.batch, args.device)
    if not cases:
        raise BenchmarkError('no runtime that was named does one of the tasks in one of the precisions on this device')
    return Preset(list(dict.fromkeys(cases)), memory_of=args.memory)


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """``KEY=VALUE`` texts as a dict.

    Raises:
        BenchmarkError: A text has no equals sign.
    """
    found = [text.partition('=') for text in texts]
    bad = [key for key, equals, _ in found if not equals]
    if bad:
        raise BenchmarkError(f'{option} {bad[0]}: expected KEY=VALUE')
    return {key: value for key, _, value in found}


def hide_folders(command: str) -> str:
    """Leaves only the last two parts of absolute paths: what others can use of them."""
    return re.sub(r'(?<=[\s=])/[^\s]*?(?=[^/\s]+/[^/\s]+(?:\s|$))', '', command)


def progress(text: str) -> None:
    """Says what happens on stderr: on one line in a terminal, where lines would pile up."""
    end = '\r' if sys.stderr.isatty() else '\n'
    # in a file, one round stands for all: they would be hundreds of lines
    if sys.stderr.isatty() or not text.startswith('round') or text.startswith('round 1 '):
        print(f'{text:<100}', end=end, file=sys.stderr, flush=True)


def _positive(args: argparse.Namespace, name: str) -> Any:
    value = getattr(args, name)
    if not value > 0:
        raise BenchmarkError(f'--{name} {value}: expected a positive number')
    return value
