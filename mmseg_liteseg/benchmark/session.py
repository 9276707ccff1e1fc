"""One run of the benchmark: builds what is to be measured, measures it, and writes the results."""

from __future__ import annotations

import copy
import logging
import math
import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Sequence

import cv2
import torch
from mmengine.logging import MMLogger
from torch import nn

from . import exported, torch_tasks
from .case import Case, Model
from .clock import CLOCKS, Plan, Timer, device_sync, local_timer, measure
from .errors import BenchmarkError
from .exported import first_line
from .machine import describe, load_average
from .memory import peak_bytes
from .models import border_share, build, checkpoint_for, load_config
from .optimized import optimize_for
from .paddle_driver import PaddleTimer
from .plot import draw
from .report import to_markdown
from .results import Line, Ratio, collect, to_text, write_text
from .scenes import batch_of


@dataclass
class Session:
    """Settings of a run.

    Attributes:
        plan: How often to measure.
        image_size: Size of the original image, for the tasks predict and image.
        threads: Threads of every runtime on the CPU.
        queue: Runs between two looks at the clock, for batches over 1 on a GPU.
        checkpoints: Checkpoints by label.
        paddle: Python with Paddle and checkout of PaddleSeg.
        memory_of: Tasks whose peak memory is taken.
        minutes: Ends after about so long: what half of it does not suffice to prepare is left out, the rest of it is
            for rounds.
        progress: Told what happens.
    """

    plan: Plan = field(default_factory=Plan)
    image_size: tuple[int, int] = (1024, 2048)
    threads: int = 1
    queue: int = 10
    checkpoints: dict[str, str] = field(default_factory=dict)
    paddle: tuple[str, str] | None = None
    memory_of: Sequence[str] = ('train',)
    minutes: float = math.inf
    progress: Callable[[str], None] = print

    def run(self, cases: Sequence[Case], ratios: Sequence[Ratio], command: str) -> dict[str, Any]:
        """Measures the cases and returns the results.

        Raises:
            BenchmarkError: Nothing could be measured, or not by this clock.
        """
        if self.plan.clock == 'cpu':
            self._check_cpu_clock(cases)
        quiet()
        started = time.monotonic()
        # half for building, exporting and compiling, which nobody can foresee; half for rounds
        self._prepare_until, until = (started + share * 60 * self.minutes for share in (0.5, 1.0))
        torch.set_num_threads(self.threads)
        cv2.setNumThreads(self.threads)  # resizes pictures, and the logits of exported models
        torch.backends.cudnn.benchmark = True  # as mmseg's configs have it
        loads = [load_average()]
        self._models: dict[tuple[Model, str], nn.Module] = {}
        self._shares: dict[Model, float] = {}
        lines = [Line(case) for case in cases]
        with ExitStack() as stack:
            timers = self._start(lines, stack)
            if not timers:
                reasons = dict.fromkeys(str(line.failure) for line in lines)
                raise BenchmarkError('nothing to measure: ' + '; '.join(reasons))
            loads.append(load_average())
            medians = measure(timers, self.plan, self.progress, until=until)
        for line in lines:
            line.seconds = medians.get(line.case.key, [])
        machine = {**describe(cases[0].device), 'load_averages': [*loads, load_average()]}
        machine['image_size'] = list(self.image_size)
        date = time.strftime('%Y-%m-%d')
        plan = replace(self.plan, rounds=max(map(len, medians.values())))
        return collect(lines, ratios, plan, self.queue, machine, command, date)

    def _check_cpu_clock(self, cases: Sequence[Case]) -> None:
        elsewhere = [case.key for case in cases if case.runtime == 'paddle' or case.device != 'cpu']
        if self.threads > 1 or elsewhere:
            found = f'{elsewhere[0]}, which works elsewhere' if elsewhere else f'{self.threads} threads'
            raise BenchmarkError(f'--clock cpu: expected one thread of this process, found {found}; set --threads 1')

    def _start(self, lines: Sequence[Line], stack: ExitStack) -> dict[str, Timer]:
        timers: dict[str, Timer] = {}
        for line in lines:
            self.progress(f'preparing {line.case.key}')
            try:
                timers[line.case.key] = self._timer(line, stack)
            except BenchmarkError as error:
                line.failure = str(error)
                self.progress(f'left out {line.case.key}: {error}')
            except Exception as error:  # one model that cannot do something must not cost the other results
                line.failure = f'{type(error).__name__}: {first_line(error)}'
                self.progress(f'left out {line.case.key}: {line.failure}')
        return timers

    def _timer(self, line: Line, stack: ExitStack) -> Timer:
        case = line.case
        if time.monotonic() > self._prepare_until:
            raise BenchmarkError(f'no time left of {self.minutes:g} min to prepare it')
        if case.runtime == 'paddle':
            if not self.paddle:
                raise BenchmarkError('name a Python with Paddle and a checkout (--paddle, --paddleseg)')
            timer = stack.enter_context(PaddleTimer(case, *self.paddle, self.threads))
            line.about = timer.about
            return timer
        run = self._run_of(line)
        if case.task in self.memory_of and case.runtime in ('eager', 'optimized'):
            line.peak_bytes = peak_bytes(run, case.device)
        queue = self.queue if case.device == 'cuda' and case.batch > 1 and case.task != 'train' else 1
        return local_timer(run, device_sync(case.device), queue=queue, now=CLOCKS[self.plan.clock])

    def _run_of(self, line: Line) -> Callable[[], Any]:
        case = line.case
        if case.device == 'cuda' and not torch.cuda.is_available():
            raise BenchmarkError('torch sees no CUDA GPU here')
        if case.task == 'train':  # changes its weights
            model = self._build(case.model).to(case.device)
        else:
            model = self._model(case.model, 'cpu')
            if not case.model.stock:
                line.about['borders'] = self._borders(case.model, model)
            if case.runtime in ('onnxruntime', 'openvino'):
                return exported.make_run(case, model, self.threads)
            model = self._model(case.model, case.device)
        if case.runtime == 'optimized':
            model = optimize_for(case, model)
        run = torch_tasks.make_run(case, model, self.image_size)
        run()
        return run

    def _build(self, model: Model) -> nn.Module:
        return build(load_config(model), model.size, checkpoint_for(model, self.checkpoints))

    def _model(self, model: Model, device: str) -> nn.Module:
        """The segmentor, built once per model, and copied once per device."""
        if (model, 'cpu') not in self._models:
            self._models[model, 'cpu'] = self._build(model)
        if (model, device) not in self._models:
            self._models[model, device] = copy.deepcopy(self._models[model, 'cpu']).to(device)
        return self._models[model, device]

    def _borders(self, model: Model, network: nn.Module) -> float:
        if model not in self._shares:
            self._shares[model] = round(border_share(network, batch_of(1, model.size)), 3)
        return self._shares[model]


def save(results: dict[str, Any], out: Path) -> list[Path]:
    """Writes OUT.json, OUT.md and, where there are accuracies, OUT.png; returns what was written."""
    written = [out.with_name(out.name + ending) for ending in ('.json', '.md')]
    write_text(written[0], to_text(results))
    write_text(written[1], to_markdown(results))
    picture = out.with_name(out.name + '.png')
    return [*written, picture] if draw(results, picture) else written


def quiet() -> None:
    """Keeps what the host says of every model out of the output."""
    warnings.simplefilter('ignore')
    logging.disable(logging.WARNING)
    MMLogger.get_current_instance().setLevel(logging.ERROR)
