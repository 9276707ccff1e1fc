"""PP-LiteSeg's weights from Paddle's names to ours and back.

Every tensor of the source is used, or dropped for a reason that the report gives; anything else is an error.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Iterable, Iterator, Mapping, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from .architecture import Context, Decoder, Encoder, Shapes, detect_context, detect_decoder, detect_encoder
from .errors import CheckpointFileError
from .names import OURS, PADDLE

Part = Union[Encoder, Context, Decoder]
Arrays = Mapping[str, np.ndarray]


@dataclass
class Report:
    """What became of every tensor.

    Attributes:
        used: Key in the source -> key in the result.
        dropped: Key in the source -> why it is not needed.
        added: Keys of the result that have no source.
        absent: Parts of a whole model that the source lacks.
        shapes: Shape of every key in the source.
    """

    used: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass
class Conversion:
    """Converted tensors, what model they make up, and the report."""

    tensors: dict
    encoder: Encoder
    context: Context | None
    decoder: Decoder | None
    report: Report

    @property
    def parts(self) -> list[Part]:
        """The parts of the model that are there."""
        return [part for part in (self.encoder, self.context, self.decoder) if part is not None]


def from_paddle(arrays: Arrays) -> Conversion:
    """Converts the arrays of a ``.pdparams`` file: a whole PP-LiteSeg, or its encoder alone.

    Args:
        arrays: Arrays by their names in Paddle.

    Returns:
        ``tensors`` is a state dict for a segmentor (``backbone.``, ``neck.``, ``decode_head.``).

    Raises:
        CheckpointFileError: Not a PP-LiteSeg or STDC encoder, tensors missing, unknown or of a wrong shape or type.
    """
    report = Report(shapes={key: tuple(array.shape) for key, array in arrays.items()})
    # released encoders come without the rest, and under whatever prefix their training had
    whole = any(key.startswith(('ppseg_head.', 'seg_heads.')) for key in arrays)
    originals = dict(_with_prefix(arrays, whole))  # full key -> key in the source
    if len(originals) != len(arrays):
        raise CheckpointFileError('holds the keys of an encoder twice, under two prefixes')
    shapes = {key: report.shapes[original] for key, original in originals.items()}
    encoder = detect_encoder(shapes, PADDLE)
    for key, reason in _not_needed(originals, arrays, encoder, whole):
        report.dropped[originals[key]] = reason
        del shapes[key]
    context = detect_context(shapes, PADDLE) if whole else None
    decoder = detect_decoder(shapes, PADDLE) if whole else None
    result = Conversion(OrderedDict(), encoder, context, decoder, report)
    report.absent = [] if whole else ['neck', 'decode_head']

    check_layout(shapes, [entry for part in result.parts for entry in part.layout(PADDLE)], 'the file')
    for part in result.parts:
        # both layouts list the same tensors in the same order: this is the whole key map
        for (theirs, _), (ours, shape) in zip(part.layout(PADDLE), part.layout(OURS)):
            # frombuffer's arrays are read-only views into the file; _to_tensor copies
            result.tensors[ours] = _to_tensor(arrays[originals[theirs]], originals[theirs]).reshape(shape)
            report.used[originals[theirs]] = ours
            if ours.endswith(OURS.variance):  # torch keeps a counter as well
                counter = ours[: -len(OURS.variance)] + 'num_batches_tracked'
                result.tensors[counter] = torch.tensor(0)
                report.added.append(counter)
    return result


def to_paddle(state_dict: Mapping[str, Tensor]) -> Conversion:
    """Converts a state dict of ours, of a whole model or with an encoder alone, to Paddle's names.

    Returns:
        ``tensors`` are float32 arrays by their names in Paddle.

    Raises:
        CheckpointFileError: Tensors are missing, unknown or of a wrong shape or type, or PaddleSeg has no such model.
    """
    report = Report(shapes={key: tuple(value.shape) for key, value in state_dict.items()})
    shapes = {key: shape for key, shape in report.shapes.items() if not key.endswith('.num_batches_tracked')}
    report.dropped = {key: 'Paddle does not count batches' for key in report.shapes if key not in shapes}
    whole = any(key.startswith(('neck.', 'decode_head.')) for key in shapes)
    encoder = detect_encoder(shapes, OURS)
    context = detect_context(shapes, OURS) if whole else None
    decoder = detect_decoder(shapes, OURS) if whole else None
    result = Conversion({}, encoder, context, decoder, report)
    report.absent = [] if whole else ['ppseg_head', 'seg_heads']
    if decoder:
        _check_exists_in_paddle(encoder, context, decoder)

    check_layout(shapes, [entry for part in result.parts for entry in part.layout(OURS)], 'the checkpoint')
    for part in result.parts:
        for (theirs, _), (ours, _) in zip(part.layout(PADDLE), part.layout(OURS)):
            result.tensors[theirs] = _to_tensor(state_dict[ours], ours).numpy()
            report.used[ours] = theirs
    if decoder and decoder.fusion == 'SpatialUAFM' and decoder.use_max and not decoder.separable:
        for level in range(len(decoder.decoder_channels)):
            scale = f'ppseg_head.arm_list.{level}._scale'
            # frozen at 1 in PaddleSeg, whose files hold it from 2.7 on
            result.tensors[scale] = np.ones(1, np.float32)
            report.added.append(scale)
    return result


def check_layout(shapes: Shapes, layout: Iterable[tuple[str, Sequence[int]]], owner: str) -> None:
    """Compares keys and shapes with those expected.

    Args:
        shapes: What there is.
        layout: What there must be.
        owner: Whose keys and shapes these are, for the error.

    Raises:
        CheckpointFileError: Names keys and shapes that are unknown, missing or different.
    """
    expected = {key: tuple(shape) for key, shape in layout}
    unknown = [f'{key} {tuple(shape)}' for key, shape in shapes.items() if key not in expected]
    missing = [f'{key} {shape}' for key, shape in expected.items() if key not in shapes]
    different = [
        f'{key} has shape {tuple(shapes[key])} instead of {shape}'
        for key, shape in expected.items()
        if key in shapes and tuple(shapes[key]) != shape
    ]
    problems = [
        f'{len(items)} {what}: {", ".join(items[:6])}{", ..." if len(items) > 6 else ""}'
        for items, what in ((unknown, 'unknown'), (missing, 'missing'), (different, 'different'))
        if items
    ]
    if problems:
        raise CheckpointFileError(f'does not hold the tensors expected ({owner}); {"; ".join(problems)}')


def _with_prefix(keys: Iterable[str], whole: bool) -> Iterator[tuple[str, str]]:
    """(key, key in the source); a file of the encoder alone may have any prefix or none before ``features.``."""
    keys = list(keys)
    anchors = [key for key in keys if key.endswith('features.0.conv.weight')]
    prefix = 'backbone.' if whole or len(anchors) != 1 else anchors[0][: -len('features.0.conv.weight')]
    for key in keys:
        yield (f'backbone.{key[len(prefix) :]}' if key.startswith(prefix) else key), key


def _not_needed(
    originals: Mapping[str, str], arrays: Arrays, encoder: Encoder, whole: bool
) -> Iterator[tuple[str, str]]:
    """Keys that the model does without, with the reason. A whole model has no others than those named here."""
    for key, original in originals.items():
        alias = re.match(r'backbone\.x(2|4|8|16|32)\.(?:0\.)?(\d+)\.(.+)$', key)
        if alias:
            yield key, f'copy of {_check_alias(alias, encoder, originals, arrays)}'
        elif re.match(r'ppseg_head\.arm_list\.\d+\._scale$', key):
            scale = arrays[original]
            if scale.shape != (1,) or scale[0] != 1:
                raise CheckpointFileError(f'holds {original} = {scale.ravel()[:3].tolist()}; only its initial 1 fits')
            yield key, 'constant 1'
        elif key.startswith('backbone.conv_last.'):
            yield key, 'not used by PP-LiteSeg'
        elif not whole and not key.startswith('backbone.features.'):
            yield key, 'not part of the encoder'


def _check_alias(alias: re.Match, encoder: Encoder, originals: Mapping[str, str], arrays: Arrays) -> str:
    """The key that an alias repeats.

    Until June 2022 PaddleSeg's STDCNet listed its blocks a second time, as x2 to x32, and files saved by it do so too.

    Raises:
        CheckpointFileError: It repeats none.
    """
    stage, block, leaf = int(alias[1]), int(alias[2]), alias[3]
    first = {2: 0, 4: 1, 8: 2, 16: 2 + encoder.blocks[0], 32: 2 + sum(encoder.blocks[:2])}[stage]
    target = originals.get(f'backbone.features.{first + block}.{leaf}')
    if target is None or not np.array_equal(arrays[target], arrays[originals[alias[0]]]):
        raise CheckpointFileError(f'holds {alias[0]}, which must repeat a tensor of backbone.features but does not')
    return target


def _to_tensor(value: np.ndarray | Tensor, key: str) -> Tensor:
    dtype = str(value.dtype).replace('torch.', '')
    if dtype != 'float32':
        hint = ' (how Paddle stores bfloat16; save it as float32)' if dtype == 'uint16' else ''
        raise CheckpointFileError(f'holds {key} as {dtype}{hint}, expected float32')
    tensor = value.detach().cpu().clone() if isinstance(value, Tensor) else torch.from_numpy(np.array(value, order='C'))
    if not torch.isfinite(tensor).all():
        raise CheckpointFileError(f'holds values in {key} that are not finite')
    return tensor


def _check_exists_in_paddle(encoder: Encoder, context: Context, decoder: Decoder) -> None:
    if decoder.separable and not (decoder.fusion == 'UAFM' or (decoder.fusion == 'SpatialUAFM' and decoder.use_max)):
        raise CheckpointFileError(f'has no counterpart in PaddleSeg: its mobile fusions know no {decoder}')
    if decoder.in_channels[-2] != context.in_channels:
        raise CheckpointFileError(
            'has no counterpart in PaddleSeg: the context comes from a feature that is not fused '
            f'({context.in_channels} channels, the fused ones have {decoder.in_channels[:-1]})'
        )
    if len(decoder.head_channels) != len(decoder.decoder_channels):
        raise CheckpointFileError(
            f'has no counterpart in PaddleSeg, which has a head on each of the {len(decoder.decoder_channels)} fused '
            f'features: found {len(decoder.head_channels)}'
        )
