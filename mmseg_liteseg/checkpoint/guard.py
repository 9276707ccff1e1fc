"""Refuses Paddle's weights in a model that they do not fit.

mmengine only warns when a checkpoint and a model differ, and goes on with random weights.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping

from torch import Tensor, nn

from .architecture import Shapes, detect_context, detect_decoder, detect_encoder
from .convert import check_layout
from .errors import CheckpointFileError, CheckpointMismatchError
from .names import OURS

_MARK = '_paddle_source'

_DETECTORS: dict[str, Callable] = dict(backbone=detect_encoder, neck=detect_context, decode_head=detect_decoder)


def mark(state_dict: dict[str, Tensor], source: str) -> None:
    """Notes on every tensor where it came from; mmengine copies the dictionary but hands on the tensors."""
    for tensor in state_dict.values():
        setattr(tensor, _MARK, source)


def source_of(tensor: Tensor) -> str | None:
    """Where a tensor of Paddle's came from, by ``mark``; None for any other."""
    return getattr(tensor, _MARK, None)


class PaddleWeightsGuard(nn.Module):
    """Base of the modules that hold a part of PP-LiteSeg.

    Paddle's weights must fit in every key and shape, else loading raises. Also takes its own part out of the
    weights of a whole model when they are loaded into this module alone (``Pretrained`` without a prefix).

    Attributes:
        part: Name of the module in a segmentor: backbone, neck or decode_head.
    """

    part: str

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        if not prefix:
            select_part(state_dict, self.part)
        check_fit(self, self.part, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)


def select_part(state_dict: dict[str, Tensor], part: str) -> None:
    """Reduces the state dict of a whole model, in place, to one part of it; leaves any other alone."""
    own = {key[len(part) + 1 :]: state_dict[key] for key in state_dict if key.startswith(f'{part}.')}
    # keys of anything else: not a whole model of ours, so its backbone is not meant
    others = [key for key in state_dict if key.split('.', 1)[0] not in _DETECTORS]
    if own and not others:
        state_dict.clear()
        state_dict.update(own)


def check_fit(module: nn.Module, part: str, state_dict: dict[str, Tensor], prefix: str) -> None:
    """Raises unless the Paddle weights under ``prefix`` are exactly those of ``module``; other weights pass.

    Raises:
        CheckpointMismatchError: Names the file, what it holds and what the config builds.
    """
    given = {key[len(prefix) :]: value for key, value in state_dict.items() if key.startswith(prefix)}
    source = next((getattr(value, _MARK) for value in given.values() if hasattr(value, _MARK)), None)
    if source is not None:
        check_shapes(part, shapes_of(given), shapes_of(module.state_dict()), source)


def check_shapes(part: str, given: Shapes, expected: Shapes, source: str) -> None:
    """Raises unless the weights of a part have the keys and shapes that the model has.

    Raises:
        CheckpointMismatchError: Names the file, what it holds and what the config builds.
    """
    try:
        check_layout(given, expected.items(), part)
    except CheckpointFileError as error:
        holds, builds = _describe(part, given), _describe(part, expected)
        raise CheckpointMismatchError(
            f'{source} does not fit the config: the {part} in the file is {holds}; the config builds {builds}. '
            f'The file {error}{_hint(holds, builds)}'
        ) from None


def _hint(holds: str, builds: str) -> str:
    pattern = r'for \d+ classes$'
    if holds == builds or re.sub(pattern, '', holds) != re.sub(pattern, '', builds):
        return ''
    return (
        '. To train for other classes from these weights, convert them with tools/convert_paddle.py and set load_from '
        'to the .pth: mmengine then leaves out what does not fit'
    )


def _describe(part: str, shapes: Shapes) -> str:
    try:
        return str(_DETECTORS[part]({f'{part}.{key}': shape for key, shape in shapes.items()}, OURS))
    except CheckpointFileError:
        return 'something else'


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor, without torch's counters of batches."""
    return {key: tuple(value.shape) for key, value in tensors.items() if not key.endswith('num_batches_tracked')}
