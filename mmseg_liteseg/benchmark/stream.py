"""Frames per second of a video through an exported model: one frame after the other, and overlapped."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime import Segmenter
from mmseg_liteseg.runtime.inputs import Video
from mmseg_liteseg.runtime.outputs import Outputs, choose_outputs
from mmseg_liteseg.runtime.run import run_video, streams_of
from mmseg_liteseg.runtime.video import VideoReader, video_writer

from .clock import Plan, Spread, local_timer, measure, ratio
from .errors import BenchmarkError
from .machine import describe, load_average
from .results import write_pages
from .scenes import scene

METHOD = (
    'sequential: read, predict (the runtime has all threads), paint and encode a frame, then the next; the encoder has '
    'threads of its own. overlapped: python -m mmseg_liteseg.runtime.',
    'Every round takes the whole video both ways, in changing order: once untimed, then {runs} times, of which the '
    'median counts, with opening and closing the files. Frames per second: median [quartiles] over {rounds} rounds; '
    'the ratio is taken within each round.',
    'The time of a stage is how long it worked on a frame, waiting for a core included: stages that overlap take '
    'longer each than alone.',
)


@dataclass
class StreamSession:
    """Settings of a run.

    Attributes:
        plan: Its rounds count.
        size: (H, W) of the frames, drawn street scenes.
        frames: Of the video.
        threads: In all.
        progress: Told what happens.
    """

    plan: Plan = field(default_factory=Plan)
    size: tuple[int, int] = (720, 1280)
    frames: int = 100
    threads: int = 1
    progress: Callable[[str], None] = print

    def run(self, model: Path, command: str) -> dict[str, Any]:
        """Measures a model.

        Raises:
            BenchmarkError: The model cannot be used, or its machine cannot write videos.
        """
        machine = describe('cpu')
        try:
            with tempfile.TemporaryDirectory() as folder:
                seconds, stages, runtime = self._measure(model, Path(folder))
        except DeployError as error:
            raise BenchmarkError(str(error)) from None
        machine['load_averages'] = [machine['load_average'], load_average()]
        rates = {name: Spread.of([self.frames / value for value in values]) for name, values in seconds.items()}
        return dict(
            date=time.strftime('%Y-%m-%d'),
            command=command,
            model=model.name,
            runtime=runtime,
            video=f'{self.frames} frames of {self.size[0]}x{self.size[1]}',
            threads=self.threads,
            streams=streams_of(self.threads),
            machine=machine,
            method=[text.format(rounds=self.plan.rounds, runs=self.plan.runs) for text in METHOD],
            frames_per_second={name: asdict(spread) for name, spread in rates.items()},
            ratio=asdict(ratio(seconds['sequential'], seconds['overlapped'])),
            stages=stages,
        )

    def _measure(self, model: Path, folder: Path) -> tuple[dict[str, list[float]], str, str]:
        """Seconds of each round both ways, the last round's table of stages, and the runtime."""
        video = self._draw(folder)
        outputs = choose_outputs(folder / 'out', video, False, True)
        whole = Segmenter(model, threads=self.threads, batch=1)
        shared = Segmenter(model, threads=self.threads, batch=1, streams=streams_of(self.threads))
        stages: list[str] = []
        ways = dict(
            sequential=partial(_sequential, whole, video, folder / 'sequential.mp4'),
            overlapped=partial(_overlapped, shared, video, outputs, stages.append),
        )
        timers = {name: local_timer(way) for name, way in ways.items()}
        return measure(timers, replace(self.plan, warmup=1), self.progress), stages[-1], whole.runtime

    def _draw(self, folder: Path) -> Video:
        """A video of street scenes, some of them again and again."""
        path = folder / 'scenes.mp4'
        with video_writer(path, 30) as add:
            for index in range(self.frames):
                add(scene(*self.size, index=index // 4 % 6)[0])
        return Video(path, 'scenes')


def _sequential(segmenter: Segmenter, video: Video, out: Path) -> None:
    reader = VideoReader(video)
    with video_writer(out, reader.fps) as add:
        for frame in reader:
            add(segmenter.overlay(frame, segmenter.predict(frame)))
    reader.close()


def _overlapped(segmenter: Segmenter, video: Video, outputs: Outputs, say: Callable[[str], None]) -> None:
    run_video(segmenter, video, outputs, 0.6, None, say)


def save_stream(results: Mapping[str, Any], out: Path) -> list[Path]:
    """Writes OUT.json and OUT.md."""
    return write_pages(results, stream_markdown(results), out)


def stream_markdown(results: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    machine = results['machine']
    rows: Sequence[str] = [
        f'{results["video"]} through `{results["model"]}` in {results["runtime"]}, {results["threads"]} threads, '
        f'{results["streams"]} frames in the network at a time when overlapped. Measured {results["date"]} with '
        f'`{results["command"]}` on {machine["cpu"]}, {machine["cores"]} cores; load average '
        f'{", ".join(map(str, machine["load_averages"]))}.',
        '',
        '| | frames per second [quartiles] |',
        '|-|-|',
        *(f'| {name} | {_words(spread)} |' for name, spread in results['frames_per_second'].items()),
        f'| overlapped / sequential | {_words(results["ratio"])} |',
        '',
        '```',
        results['stages'],
        '```',
        '',
        *(f'- {text}' for text in results['method']),
    ]
    return '\n'.join(rows) + '\n'


def _words(spread: Mapping[str, float]) -> str:
    return f'{spread["median"]:.2f} [{spread["low"]:.2f}, {spread["high"]:.2f}]'
