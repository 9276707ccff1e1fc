"""What tools/check_gpu.py does."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Callable

import torch

from mmseg_liteseg.benchmark.clock import Plan
from mmseg_liteseg.benchmark.command import hide_folders, progress
from mmseg_liteseg.benchmark.machine import describe
from mmseg_liteseg.benchmark.presets import get_preset
from mmseg_liteseg.benchmark.session import Session
from mmseg_liteseg.benchmark.session import save as save_benchmark
from mmseg_liteseg.errors import LiteSegError

from .models import model_checks
from .operators import operator_checks
from .outcome import Outcome, run_checks
from .report import save, summary

DEFAULT_OUT = 'docs/gpu'


class DeviceCheckError(LiteSegError):
    """The check cannot be made as it was asked for."""


def run(args: argparse.Namespace, command: str, tell: Callable[[str], None] = print) -> bool:
    """Checks the device, then measures it; returns whether all checks passed.

    Args:
        args: Of tools/check_gpu.py.
        command: As typed, for the record.
        tell: Told every result.

    Raises:
        DeviceCheckError: There is no GPU, or no folder for the results of a CPU.
    """
    out, command = out_folder(args), hide_folders(command)
    device = torch.device(args.device)
    tell(f'checking {describe_shortly(args.device)}; results go to {out}')
    checks = {**operator_checks(device), **model_checks(device, args.weights)}
    # first: a fast number of a wrong result is worth nothing
    outcomes: list[Outcome] = list(run_checks(checks, tell))
    written = save(out, describe(args.device), outcomes, command, time.strftime('%Y-%m-%d'))
    tell(summary(outcomes))
    if args.device == 'cuda' and args.minutes > 0:
        tell(f'measuring for up to {args.minutes:g} min')
        written += measure(args, out, command)
    tell('wrote ' + ' '.join(map(str, written)))
    return all(one.status != 'failed' for one in outcomes)


def out_folder(args: argparse.Namespace) -> Path:
    """Where results go.

    Raises:
        DeviceCheckError: See `run`.
    """
    if args.device == 'cuda' and not torch.cuda.is_available():
        raise DeviceCheckError(
            'torch sees no CUDA GPU here, so nothing was checked and nothing written; --device cpu --out DIR runs the '
            'part that needs none'
        )
    if args.device == 'cpu' and not args.out:
        raise DeviceCheckError(f'--device cpu: name a folder with --out; {DEFAULT_OUT} is for GPUs')
    return Path(args.out or DEFAULT_OUT)


def describe_shortly(device: str) -> str:
    """The device's name."""
    return torch.cuda.get_device_name(0) if device == 'cuda' else 'the CPU: what needs a GPU is skipped'


def measure(args: argparse.Namespace, out: Path, command: str) -> list[Path]:
    """Runs the benchmark's preset for GPUs within the time; writes benchmark.json and .md."""
    preset = get_preset('h200', paddle=False)
    session = Session(plan=Plan(), minutes=args.minutes, memory_of=preset.memory_of, progress=progress)
    return save_benchmark(session.run(preset.cases, preset.ratios, command), out / 'benchmark')
