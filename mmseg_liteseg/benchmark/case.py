"""What one line of the table measures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Iterable, Sequence

from .errors import BenchmarkError
from .names import resolve

TASKS = {
    'network': 'normalised tensor to logits at the resolution the network gives them in',
    'labels': 'normalised tensor to a label map of its own size',
    'postprocess': "what model.predict does behind the network: logits to a label map of the original image's size",
    'predict': "model.predict: normalised tensor to a label map of the original image's size",
    'image': 'image array to a label map of its size: test pipeline, batching, normalisation, model.predict',
    'train': 'forward, losses, backward and optimiser step on a normalised batch with labels',
}
RUNTIMES = ('eager', 'optimized', 'onnxruntime', 'openvino', 'paddle')
PRECISIONS = ('fp32', 'bf16', 'fp16', 'int8')
_TASKS_OF_RUNTIME = {
    'eager': tuple(TASKS),
    'optimized': ('network', 'labels', 'predict', 'image'),
    'onnxruntime': ('network', 'labels'),
    'openvino': ('network', 'labels'),
    'paddle': ('network', 'labels'),
}
_PRECISIONS_OF_RUNTIME = {
    'eager': ('fp32', 'bf16', 'fp16'),
    'optimized': ('fp32', 'bf16', 'fp16'),
    'onnxruntime': ('fp32', 'int8'),
    'openvino': ('fp32', 'bf16', 'int8'),
    'paddle': ('fp32', 'bf16'),
}


@dataclass(frozen=True)
class Model:
    """A network at an input size.

    Attributes:
        label: Name in the results.
        config: Config file.
        size: Height and width of the network's input.
        stock: Whether ours runs with mmseg's own segmentor and OHEM sampler.
        fast: Whether mmseg's runs with our segmentor, and its fused losses.
    """

    label: str
    config: Path
    size: tuple[int, int]
    stock: bool = False
    fast: bool = False

    def __str__(self) -> str:
        parts = '+stock' * self.stock + '+fast' * self.fast
        return f'{self.label}@{self.size[0]}x{self.size[1]}{parts}'


@dataclass(frozen=True)
class Case:
    """A model, what it does, and in which runtime."""

    model: Model
    task: str
    runtime: str = 'eager'
    precision: str = 'fp32'
    batch: int = 1
    device: str = 'cpu'

    @property
    def key(self) -> str:
        """Unique name, such as ``PP-LiteSeg-T@512x1024 labels eager fp32 b1 cpu``."""
        return f'{self.model} {self.task} {self.runtime} {self.precision} b{self.batch} {self.device}'

    @property
    def possible(self) -> bool:
        """Whether the runtime does this task in this precision on this device."""
        if self.task not in _TASKS_OF_RUNTIME[self.runtime]:
            return False
        if self.runtime in ('openvino', 'paddle') and self.device != 'cpu':
            return False
        # its worker builds PaddleSeg's own network, which knows no other
        if self.runtime == 'paddle' and self.model.label not in ('PP-LiteSeg-T', 'PP-LiteSeg-B'):
            return False
        return self.precision in _PRECISIONS_OF_RUNTIME[self.runtime]


def parse_size(text: str) -> tuple[int, int]:
    """Height and width from ``HxW``.

    Raises:
        BenchmarkError: It is something else.
    """
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    if not match or min(map(int, match.groups())) < 32:
        raise BenchmarkError(f'size {text}: expected HEIGHTxWIDTH, at least 32x32, such as 512x1024')
    return int(match[1]), int(match[2])


def parse_model(text: str, size: tuple[int, int]) -> Model:
    """A model from ``NAME[@HxW][+stock|+fast]``; ``size`` holds where none is named.

    Raises:
        BenchmarkError: The name or the size is unknown.
    """
    name, _, parts = text.partition('+') if text.endswith(('+stock', '+fast')) else (text, '', '')
    name, at, own_size = name.partition('@')
    label, config = resolve(name)
    return Model(label, config, parse_size(own_size) if at else size, parts == 'stock', parts == 'fast')


def grid(
    models: Iterable[Model],
    tasks: Sequence[str],
    runtimes: Sequence[str] = ('eager',),
    precisions: Sequence[str] = ('fp32',),
    batches: Sequence[int] = (1,),
    device: str = 'cpu',
) -> list[Case]:
    """Every combination that is possible."""
    cases = [Case(*choice, device) for choice in product(models, tasks, runtimes, precisions, batches)]
    return [case for case in cases if case.possible]
