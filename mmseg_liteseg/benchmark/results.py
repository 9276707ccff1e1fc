"""The results as data: what is written to JSON and what tables and pictures are made from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from mmseg_liteseg.visualization.files import replaced_by

from .case import TASKS, Case
from .clock import Plan, Spread, ratio
from .published import published

FORMAT = 1

CLOCK_WORDS = dict(
    wall='wall-clock time (time.perf_counter)',
    cpu='the CPU time of one thread (time.process_time), as other work ran beside it',
)

METHOD = (
    'Durations are {clock}, in this process unless a line says otherwise.',
    'All lines of a run are interleaved: every round visits each once, in an order shuffled per round. A visit is a '
    'rest of {pause} s, one untimed run, then {runs} timed runs, of which the median counts. {warmup} untimed runs of '
    'each line come before the first of {rounds} rounds.',
    'Times are median [quartiles] over the rounds. Ratios are taken within each round, then their median [quartiles].',
    'On a GPU the clock starts and stops after torch.cuda.synchronize. At batch 1 each run waits for the device; at '
    'larger batches {queue} runs are queued between two looks at the clock (throughput). cudnn.benchmark is on; TF32 '
    'as torch has it by default.',
    'Inputs of network, labels and train lie on the device already; image starts from a uint8 array in host memory and '
    'ends with a label map there.',
    'eager: as mmseg runs the config; below fp32 under torch.autocast. optimized: mmseg_liteseg.deploy.optimize. '
    'onnxruntime and openvino: the ONNX graph of a fixed size; int8 as mmseg_liteseg.deploy.quantize makes it. paddle: '
    "PaddleSeg's own code under Paddle Inference with oneDNN, in a subprocess that reads the clock itself, array to "
    'array.',
    'labels in onnxruntime and openvino: of ours, logits at 1/8 come out of the graph and mmseg_liteseg.runtime makes '
    "the label map of them; the rivals' graphs end in resize and argmax, as mmseg exports them, and so does Paddle's.",
    'Weights are random (Kaiming, statistics of BN from the picture) unless a checkpoint is named: time does not '
    'depend on them, except for the post-processing of FastEncoderDecoder, which depends on the share of borders '
    '(about.borders in the JSON; networks trained on street scenes have about 0.2).',
    "Memory is the peak of tensors beyond what the model, its optimiser and the inputs hold: by torch's profiler on "
    "the CPU (without what oneDNN allocates for itself), by the allocator's record on a GPU.",
)


@dataclass
class Line:
    """One case and what came out.

    Attributes:
        case: What was measured.
        seconds: Median of every round; empty if it failed.
        peak_bytes: Peak memory, where it was measured.
        failure: Why there is no number.
        about: Anything else, such as versions of a subprocess.
    """

    case: Case
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int | None = None
    failure: str | None = None
    about: dict = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        case, model = self.case, self.case.model
        line = dict(
            key=case.key, model=model.label, config=model.config.name, stock=model.stock, fast=model.fast,
            input=list(model.size),
            task=case.task, runtime=case.runtime, precision=case.precision, batch=case.batch, device=case.device,
        )  # fmt: skip
        if self.seconds:
            spread = Spread.of(self.seconds)
            line.update(
                ms=_spread(spread, 1e3),
                images_per_second=case.batch / spread.median,
                round_medians_ms=[round(value * 1e3, 4) for value in self.seconds],
            )
        accuracy = published(model.label, model.size)
        if accuracy:
            line['published'] = dict(miou=accuracy.miou, source=accuracy.source)
        optional = dict(peak_bytes=self.peak_bytes, failure=self.failure, about=self.about or None)
        return {**line, **{key: value for key, value in optional.items() if value is not None}}


@dataclass(frozen=True)
class Ratio:
    """A comparison of two lines.

    Attributes:
        title: What it says.
        numerator: Key of a line.
        denominator: Key of a line.
        wanted: The bound it should keep, in words.
        of: 'time' or 'memory'.
    """

    title: str
    numerator: str
    denominator: str
    wanted: str = ''
    of: str = 'time'

    def to_json(self, lines: Mapping[str, Line]) -> dict[str, Any] | None:
        """As JSON holds it; None where a line is missing."""
        a, b = lines.get(self.numerator), lines.get(self.denominator)
        entry = dict(
            title=self.title, of=self.of, wanted=self.wanted, numerator=self.numerator, denominator=self.denominator
        )
        if a is None or b is None:
            return None
        if self.of == 'memory':
            if not a.peak_bytes or not b.peak_bytes:
                return None
            return {**entry, 'value': dict(median=a.peak_bytes / b.peak_bytes)}
        if not a.seconds or not b.seconds:
            return None
        # of rounds, not of medians: load of the machine is in both sides of a round
        return {**entry, 'value': _spread(ratio(a.seconds, b.seconds))}


def collect(
    lines: Sequence[Line], ratios: Sequence[Ratio], plan: Plan, queue: int, machine: dict, command: str, date: str
) -> dict[str, Any]:
    """Everything of a run."""
    by_key = {line.case.key: line for line in lines}
    found = [entry for entry in (ratio.to_json(by_key) for ratio in ratios) if entry]
    tasks = {line.case.task for line in lines}
    return dict(
        format=FORMAT,
        date=date,
        command=command,
        machine=machine,
        method=[text.format(**{**vars(plan), 'queue': queue, 'clock': CLOCK_WORDS[plan.clock]}) for text in METHOD],
        tasks={task: text for task, text in TASKS.items() if task in tasks},
        lines=[line.to_json() for line in lines],
        ratios=found,
    )


def write_text(path: Path, text: str) -> None:
    """Writes a file at once or not at all."""
    with replaced_by(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def write_pages(results: Mapping[str, Any], page: str, out: Path) -> list[Path]:
    """Writes OUT.json and OUT.md; returns them."""
    written = [out.with_name(out.name + ending) for ending in ('.json', '.md')]
    write_text(written[0], json.dumps(results, indent=1, ensure_ascii=False) + '\n')
    write_text(written[1], page)
    return written


def to_text(results: Mapping[str, Any]) -> str:
    """JSON, lists of numbers on one line."""
    rows = [json.dumps(results[key], ensure_ascii=False) for key in results if key not in ('lines', 'ratios')]
    keys = [key for key in results if key not in ('lines', 'ratios')]
    parts = [f'{json.dumps(key)}: {row}' for key, row in zip(keys, rows)]
    for key in ('lines', 'ratios'):
        entries = ',\n'.join(json.dumps(entry, ensure_ascii=False) for entry in results.get(key, []))
        parts.append(f'"{key}": [\n{entries}\n]')
    return '{\n' + ',\n'.join(parts) + '\n}\n'


def _spread(spread: Spread, factor: float = 1.0) -> dict[str, float]:
    return {name: round(getattr(spread, name) * factor, 4) for name in ('median', 'low', 'high')}
