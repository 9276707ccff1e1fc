"""STDC encoders in the layouts of others, by keys and shapes: STDC's authors' files and mmseg's.

Their networks are ours but for one thing: their strided blocks average-pool with the padding counted, which
``STDCNet(count_include_pad=True)`` reproduces.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, MutableMapping

import torch
from torch import Tensor

from .architecture import detect_encoder
from .convert import Conversion, Report, check_layout
from .errors import CheckpointFileError, CheckpointMismatchError
from .names import MMSEG, OURS, STDC_AUTHORS, Names

_COUNTER = 'num_batches_tracked'
_ANCHOR = 'stem.0.conv.weight'  # of ours


@dataclass(frozen=True)
class StdcLayout:
    """How somebody names the tensors of an STDC encoder.

    Attributes:
        owner: Whose files these are, in words.
        names: Prefixes of the modules.
        root: What the keys of the encoder begin with, behind whatever a file puts in front of it.
    """

    owner: str
    names: Names
    root: str

    @property
    def anchor(self) -> str:
        """End of the key of the first convolution, which no other layout has."""
        return f'{self.root}0.conv.weight'


AUTHORS = StdcLayout("STDC's authors (STDCNet813M, STDCNet1446)", STDC_AUTHORS, 'features.')
HOST = StdcLayout("mmseg's STDCNet (stdc1_20220308, stdc2_20220308)", MMSEG, 'stages.')


def find_layout(keys: Mapping[str, object]) -> tuple[StdcLayout, str] | None:
    """The foreign layout of an encoder among ``keys``, and what stands in front of its keys; None if there is none.

    >>> layout, prefix = find_layout({'cp.backbone.features.0.conv.weight': None})
    >>> layout.root, prefix
    ('features.', 'cp.backbone.')
    >>> find_layout({'backbone.stem.0.conv.weight': None})  # ours
    """
    for layout in (AUTHORS, HOST):
        anchors = [key for key in keys if ('.' + key).endswith('.' + layout.anchor)]
        # two of them leave open which encoder is meant
        if len(anchors) == 1:
            return layout, anchors[0][: -len(layout.anchor)]
    return None


def from_stdc(state_dict: Mapping[str, Tensor]) -> Conversion:
    """Converts an encoder, with or without a classifier or decoder around it, to our names.

    Args:
        state_dict: Tensors as STDC's authors or mmseg name them.

    Returns:
        ``tensors`` is a state dict with the keys of ``backbone.``; the report says what else the source holds.

    Raises:
        CheckpointFileError: Neither of the layouts, or tensors of the encoder are missing, unknown or of a wrong shape.
    """
    found = find_layout(state_dict)
    if found is None:
        raise CheckpointFileError(
            f'holds no STDC encoder in a layout known here: expected a key that ends in {AUTHORS.anchor} '
            f'({AUTHORS.owner}) or {HOST.anchor} ({HOST.owner}); its first key is {next(iter(state_dict), "-")[:80]!a}'
        )
    layout, prefix = found
    report = Report(shapes={key: tuple(value.shape) for key, value in state_dict.items()})
    originals = {}  # key with the names' prefix -> key in the source
    for key in state_dict:
        if key.startswith(prefix + layout.root):
            originals[f'backbone.{key[len(prefix) :]}'] = key
        else:
            report.dropped[key] = 'not part of the encoder'
    shapes = {key: report.shapes[original] for key, original in originals.items() if not key.endswith(_COUNTER)}
    encoder = detect_encoder(shapes, layout.names)
    check_layout(shapes, encoder.layout(layout.names), layout.owner)
    result = Conversion(OrderedDict(), encoder, None, None, report)
    for (theirs, _), (ours, _) in zip(encoder.layout(layout.names), encoder.layout(OURS)):
        result.tensors[ours] = state_dict[originals[theirs]]
        report.used[originals[theirs]] = ours
        if ours.endswith(OURS.variance):
            _take_counter(result, state_dict, originals, theirs, ours)
    return result


def _take_counter(
    result: Conversion, state_dict: Mapping[str, Tensor], originals: Mapping[str, str], theirs: str, ours: str
) -> None:
    """Brings along torch's count of batches, which files from before torch 0.4.1 lack."""
    source, target = (key.rsplit('.', 1)[0] + f'.{_COUNTER}' for key in (theirs, ours))
    if source in originals:
        result.tensors[target] = state_dict[originals[source]]
        result.report.used[originals[source]] = target
    else:
        result.tensors[target] = torch.tensor(0)
        result.report.added.append(target)


def rename_in_place(state_dict: MutableMapping[str, Tensor], prefix: str) -> StdcLayout | None:
    """Gives our names to a foreign encoder under ``prefix``, as it is being loaded.

    Args:
        state_dict: What is loaded; left alone unless it holds an encoder in a foreign layout under ``prefix``.
        prefix: Where the encoder stands in the model.

    Returns:
        The layout that was found.

    Raises:
        CheckpointFileError: Such an encoder with tensors missing, unknown or of a wrong shape.
    """
    found = find_layout({key: None for key in state_dict if key.startswith(prefix)})
    if found is None:
        return None
    theirs = {key: value for key, value in state_dict.items() if key.startswith(prefix)}
    conversion = from_stdc(theirs)
    # in place, as loading goes on with this very dictionary
    for key in theirs:
        del state_dict[key]
    for key, value in conversion.tensors.items():
        state_dict[prefix + key[len('backbone.') :]] = value
    return found[0]


def select_encoder(state_dict: MutableMapping[str, Tensor]) -> None:
    """Reduces weights that hold an encoder of ours to it, in place, whatever stands in front of its keys.

    Raises:
        CheckpointMismatchError: There is none, or more than one.

    Example:
        >>> weights = {'module.backbone.stem.0.conv.weight': torch.zeros(1), 'module.head.fc.weight': torch.zeros(1)}
        >>> select_encoder(weights)
        >>> list(weights)
        ['stem.0.conv.weight']
    """
    anchors = [key for key in state_dict if ('.' + key).endswith(f'.{_ANCHOR}')]
    if len(anchors) != 1:
        found = ', '.join(ascii(key[:80]) for key in anchors[:3]) or f'its first key is {next(iter(state_dict))[:80]!a}'
        raise CheckpointMismatchError(
            f'holds {len(anchors) or "no"} STDC encoder{"s" * (len(anchors) > 1)}: expected one key that ends in '
            f'{_ANCHOR} (ours), {AUTHORS.anchor} ({AUTHORS.owner}) or {HOST.anchor} ({HOST.owner}), found {found}. '
            'Set init_cfg.checkpoint to the file of an encoder, and init_cfg.prefix to what stands in front of its keys'
        )
    prefix = anchors[0][: -len(_ANCHOR)]
    own = {key[len(prefix) :]: state_dict[key] for key in state_dict if key.startswith(prefix)}
    state_dict.clear()
    state_dict.update(own)


@contextmanager
def naming_pretrained(init_cfg: Any) -> Iterator[None]:
    """Puts the file of ``init_cfg=dict(type='Pretrained', ...)`` in front of what is wrong with it.

    Raises:
        CheckpointFileError: As what was raised inside.
        CheckpointMismatchError: mmengine found nothing under ``prefix``.
    """
    configs = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg]
    files = [cfg.get('checkpoint') for cfg in configs if isinstance(cfg, dict) and cfg.get('type') == 'Pretrained']
    try:
        yield
    except (CheckpointFileError, AssertionError) as error:
        if not files or str(error).startswith(str(files[0])):
            raise
        if isinstance(error, AssertionError):
            raise CheckpointMismatchError(
                f'{files[0]}: {error}: leave init_cfg.prefix out, an STDC encoder is found whatever stands before it'
            ) from error
        raise type(error)(f'{files[0]}: {error}') from error.__cause__
