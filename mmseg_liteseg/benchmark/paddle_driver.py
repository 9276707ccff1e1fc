"""PaddleSeg's PP-LiteSeg under Paddle Inference, in a process of its own and with a Python of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Sequence

from .case import Case
from .errors import BenchmarkError

WORKER = Path(__file__).with_name('paddle_worker.py')
_ARCHS = {'PP-LiteSeg-T': 'stdc1', 'PP-LiteSeg-B': 'stdc2'}


class PaddleTimer:
    """A timer (see `clock.Timer`) whose runs happen in a subprocess, which reads the clock itself.

    Args:
        case: Model, task, precision and batch.
        python: Python of an environment with Paddle.
        code: Checkout of PaddleSeg.
        threads: Threads of the predictor.

    Raises:
        BenchmarkError: A path does not exist, or Paddle cannot run the network; holds the first line of its error.
    """

    def __init__(self, case: Case, python: str, code: str, threads: int) -> None:
        for path, what in ((python, 'a Python with Paddle'), (code, 'a checkout of PaddleSeg')):
            if not Path(path).exists():
                raise BenchmarkError(f'{path}: no such path, expected {what}')
        self.key = case.key
        self.process = subprocess.Popen(
            [python, str(WORKER), json.dumps(worker_spec(case, code, threads))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # a full pipe that nobody reads would stop the worker
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.about = self._read()

    def __call__(self, repeats: int) -> Sequence[float]:
        """Durations of so many runs, in seconds."""
        self.process.stdin.write(f'{repeats}\n')
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        """The next answer; what Paddle itself prints is passed over."""
        # answers are JSON, whatever else comes is Paddle's
        for line in self.process.stdout:
            if line.startswith(('{', '[')):
                answer = json.loads(line)
                break
        else:
            answer = {'error': 'it ended without an answer'}
        if isinstance(answer, dict) and 'error' in answer:
            self.close()
            raise BenchmarkError(f'{self.key}: {answer["error"]} (code {self.process.returncode})')
        return answer

    def close(self) -> None:
        """Ends the process."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait()

    def __enter__(self) -> PaddleTimer:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def worker_spec(case: Case, code: str, threads: int) -> dict:
    """What paddle_worker.py reads."""
    return dict(
        code=str(Path(code).resolve()),
        arch=_ARCHS[case.model.label],
        task={'network': 'logits', 'labels': 'labels'}[case.task],
        size=list(case.model.size),
        batch=case.batch,
        num_classes=19,
        threads=threads,
        onednn=True,
        precision=case.precision,
    )
