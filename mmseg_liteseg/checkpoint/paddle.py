"""mmengine checkpoints out of Paddle's files."""

from __future__ import annotations

import os
from typing import Any

from .convert import Conversion, from_paddle
from .files import PaddleFile, named

_CITYSCAPES_CLASSES = 19


def to_checkpoint(file: PaddleFile, source: str | None = None) -> tuple[dict[str, Any], Conversion]:
    """Converts a file to a checkpoint as mmengine's tools expect it.

    Args:
        file: The file.
        source: Where it came from, to be kept in ``meta``; the file's name by default.

    Returns:
        ``dict(state_dict, meta)`` and the conversion with its report. ``meta`` holds only plain values.

    Raises:
        CheckpointFileError: The file does not hold a PP-LiteSeg or an STDC encoder.
    """
    with named(file.path):
        conversion = from_paddle(file.arrays)
    meta: dict[str, Any] = dict(
        arch=conversion.encoder.arch,
        architecture=', '.join(map(str, conversion.parts)),
        source=source or os.path.basename(file.path),
        sha256=file.sha256,
        framework='paddle',
    )
    dataset_meta = guess_dataset_meta(conversion.decoder.num_classes) if conversion.decoder else None
    if dataset_meta:
        # mmseg reads the first; the others are for people and tools that look at the file
        meta.update(dataset_meta=dataset_meta, **dataset_meta)
    return dict(state_dict=conversion.tensors, meta=meta), conversion


def guess_dataset_meta(num_classes: int) -> dict[str, list] | None:
    """Classes and colours by their number: 19 is Cityscapes and 11 CamVid, as in the released models; else None."""
    if num_classes == _CITYSCAPES_CLASSES:
        # late: it imports mmseg, which conversion itself does without
        from mmseg.utils import get_classes, get_palette

        return dict(classes=list(get_classes('cityscapes')), palette=get_palette('cityscapes'))
    from mmseg_liteseg.datasets.classes import CAMVID_METAINFO

    if num_classes == len(CAMVID_METAINFO['classes']):
        return {key: [*value] for key, value in CAMVID_METAINFO.items()}
    return None
