"""Speed of the study's models, all in one interleaved run of the benchmark."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from mmseg_liteseg.benchmark.case import Case, Model
from mmseg_liteseg.benchmark.clock import Plan
from mmseg_liteseg.benchmark.session import Session, save

from .budget import get_budget
from .config import Job, compose
from .errors import StudyError


def measure(budget: str, out: str, rounds: int = 15, device: str = 'cpu') -> list[Path]:
    """Times the models of a budget's plan: normalised tensor of the test's size to label map, one image, as they are.

    Speed depends on neither training nor classes' values, so weights are random. fp32 on the CPU, fp16 on a GPU.

    Args:
        budget: Whose models.
        out: Prefix of the files.
        rounds: Visits of each model.
        device: 'cpu' or 'cuda'.

    Returns:
        The files, PREFIX.json first.

    Raises:
        StudyError: Unknown budget, or no rounds.
    """
    if rounds < 1:
        raise StudyError(f'--rounds {rounds}: expected at least 1')
    names, size = list(get_budget(budget).plan), get_budget(budget).test_size
    with tempfile.TemporaryDirectory() as folder:
        cases = []
        for name in names:
            path = Path(folder) / f'{name}.py'
            # as a file, which the benchmark takes for any model
            compose(Job(name, budget)).dump(path)
            precision = 'fp16' if device == 'cuda' else 'fp32'
            cases.append(Case(Model(name, path, size), 'labels', 'eager', precision, 1, device))
        session = Session(plan=Plan(rounds=rounds), threads=torch.get_num_threads(), memory_of=())
        command = f'python tools/study.py speed --budget {budget} --rounds {rounds} --device {device}'
        return save(session.run(cases, (), command), Path(out))
