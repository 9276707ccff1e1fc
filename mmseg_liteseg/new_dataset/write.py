"""Writes masks, lists, the table of labels and the config into a folder, all or nothing."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.pair_list import ABSENT
from mmseg_liteseg.disk import check_writable, free_bytes
from mmseg_liteseg.images import shown

from .config_text import config_text
from .parallel import each
from .plan import Plan
from .samples import Sample, fit

MARK = 'dataset.json'
"""Tells a folder that this command wrote from one that holds somebody's work."""


def check_target(out: Path, overwrite: bool) -> None:
    """Refuses to replace what is there, unless asked to and unless it is somebody else's, and what cannot be written.

    Raises:
        ConversionError: With the reason.
    """
    try:
        check_writable(out.parent)
    except OSError as error:
        raise _unwritable(out, error) from error
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise ConversionError(f'{out}: exists already; name another folder with --out, or replace it with --overwrite')
    if not (out / MARK).is_file():
        raise ConversionError(f'{out}: not replaced, as this command did not write it (no {MARK} in it)')


def write(plan: Plan, out: Path) -> Path:
    """Writes beside ``out`` and moves it there when it is complete.

    Returns:
        The config.

    Raises:
        ConversionError: If the folder cannot be written, or a label turns out unreadable.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f'.{out.name}-', dir=out.parent))
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        config = _write_all(plan, work / 'out', out)
        if out.exists():
            os.replace(out, work / 'old')  # removed below, with all that is in work
        # mkdtemp's folders are for their owner alone, and others may train too
        os.chmod(work / 'out', 0o755)
        os.replace(work / 'out', out)
    except OSError as error:  # a disk that ran full
        raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out / config


def _unwritable(out: Path, error: OSError) -> ConversionError:
    room = f', {free_bytes(out)} bytes are free' if error.errno == errno.ENOSPC else ''
    reason = f'{error.strerror} in {shown(error.filename or out)}{room}'
    return ConversionError(f'{shown(out)}: cannot be written ({reason}); name a folder with --out')


def config_name(name: str) -> str:
    """A file name that the host's config reader takes: no dots, blanks or letters beyond ASCII.

    Example:
        >>> config_name('my data.v2')
        'ppliteseg_stdc1_my-data-v2.py'
    """
    plain = re.sub(r'[^0-9A-Za-z_]+', '-', name).strip('-') or 'own-data'
    return f'ppliteseg_stdc1_{plain}.py'


def _write_all(plan: Plan, folder: Path, final: Path) -> str:
    folder.mkdir()
    samples = [sample for split in plan.splits for sample in plan.splits[split]]
    for _ in each(lambda sample: _write_mask(plan, sample, folder), [s for s in samples if plan.writes(s)], 'writing'):
        pass
    for split, chosen in plan.splits.items():
        # a tab, as names may hold blanks
        lines = ['\t'.join([_image(plan, sample, final), *_masks(plan, sample, final)]) + '\n' for sample in chosen]
        (folder / f'{split}.txt').write_text(''.join(lines), encoding='utf-8')
    (folder / MARK).write_text(json.dumps(plan.as_json(), indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
    name = config_name(plan.name)
    counts = {split: len(chosen) for split, chosen in plan.splits.items()}
    text = config_text(plan.name, plan.folder.classes, counts, plan.recipe, plan.values, plan.folder.multi_label)
    (folder / name).write_text(text, encoding='utf-8')
    return name


def _write_mask(plan: Plan, sample: Sample, folder: Path) -> None:
    labels = fit(plan.folder.read(sample), sample.facts)
    assert labels is not None  # the plan has left out what does not fit
    for name, mask in zip(_names(plan, sample), np.moveaxis(np.atleast_3d(labels), 2, 0)):
        if name != ABSENT:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # a mask of one class is seen in any viewer
            Image.fromarray(np.ascontiguousarray(mask * (255 if plan.folder.multi_label else 1))).save(path)


def _names(plan: Plan, sample: Sample) -> list[str]:
    """Of the masks to be written: of several classes one each, unless the class is not in the image."""
    if not plan.folder.multi_label:
        return [f'masks/{sample.name}.png']
    folders = [f'{i}_{re.sub("[^0-9A-Za-z_]+", "-", row.name)}' for i, row in enumerate(plan.folder.classes)]
    return [f'masks/{name}/{sample.name}.png' if sample.counts[i] else ABSENT for i, name in enumerate(folders)]


def _image(plan: Plan, sample: Sample, final: Path) -> str:
    return _relative(plan.folder.root / sample.image, final)


def _masks(plan: Plan, sample: Sample, final: Path) -> list[str]:
    if plan.writes(sample):
        return _names(plan, sample)
    return [_relative(plan.folder.root / sample.mask, final)]


def _relative(path: Path, final: Path) -> str:
    """From the folder to a file; links to folders are followed first, since `..` does so too."""
    parent = os.path.realpath(path.parent)
    try:
        return Path(os.path.relpath(os.path.join(parent, path.name), os.path.realpath(final))).as_posix()
    except ValueError:  # another drive on Windows
        return (Path(parent) / path.name).as_posix()
