"""Builds the data sets' lists of samples, and says in words why that fails."""

from __future__ import annotations

import codecs
import copy
import inspect
import os
import re
from typing import Any, Iterator

from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

from .finding import Finding
from .setup import Part, Sample, bare

_PICTURES = ('.png', '.jpg', '.jpeg', '.tif', '.tiff', '.bmp', '.webp', '.ppm', '.pgm')
_SHOWN = 10


def list_samples(part: Part) -> list[Finding]:
    """Builds the part's data set without its pipeline and fills ``part.dataset`` and ``part.samples``.

    Returns:
        What is wrong with its folders; nothing, if it lists at least one sample.
    """
    if part.kind is None:
        return [_fault(part, 'unknown-dataset', f'there is no data set of type {part.cfg.get("type")!r}')]
    try:
        part.dataset = DATASETS.build(_without_pipeline(part))
        # before full_init, whose own error names no field of the config
        findings = list(_check_folders(part))
        if findings:
            return findings
        if hasattr(part.dataset, 'full_init'):
            part.dataset.full_init()
        part.samples = list(_samples(part.dataset))
    # data sets raise whatever their loading code trips over
    except Exception as error:
        reason = str(error).split('\n')[0] or type(error).__name__
        return [_fault(part, 'cannot-list', f'the data set cannot be read: {reason}')]
    if not part.samples:
        return [_describe_empty(part)]
    return []


def _without_pipeline(part: Part) -> dict:
    cfg = copy.deepcopy(dict(part.cfg))
    if inspect.isclass(part.kind) and issubclass(part.kind, BaseDataset):
        cfg.update(lazy_init=True, pipeline=[], serialize_data=False)  # serialising an empty list fails
    return cfg


def _samples(dataset: Any) -> Iterator[Sample]:
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if not isinstance(info.get('img_path'), str):
            raise TypeError(f'sample {index} has no img_path')
        if 'seg_map_paths' in info:
            yield Sample(info['img_path'], masks=tuple(info['seg_map_paths']))
        else:
            yield Sample(info['img_path'], info.get('seg_map_path'))


def _fault(part: Part, kind: str, what: str, where: str = '', cure: str = '', why: str = '') -> Finding:
    return Finding('error', kind, f'{part.split}: {what}', (where or part.where,), why, cure, split=part.split)


def is_local(path: str | None) -> bool:
    """Whether a path is of this machine's file system."""
    return bool(path) and '://' not in path


def folder_of(part: Part, key: str) -> str | None:
    """A data set's folder of images ('img_path') or masks ('seg_map_path'), if it has one on this machine."""
    folder = (getattr(part.dataset, 'data_prefix', None) or {}).get(key)
    return folder if is_local(folder) and not part.backend_args else None


def _check_folders(part: Part) -> Iterator[Finding]:
    folders = [folder for folder in (folder_of(part, key) for key in ('img_path', 'seg_map_path')) if folder]
    missing = [folder for folder in folders if not os.path.isdir(folder)]
    if missing:
        whole = os.path.abspath(missing[0])
        there = next(up for up in _parents(whole) if os.path.isdir(up))
        why = f'of {whole} only {there} exists'
        yield _fault(part, 'no-folder', f'no folder {" and ".join(missing)}', '', _folder_cure(part), why)
    ann_file = getattr(part.dataset, 'ann_file', '')
    if ann_file and is_local(ann_file) and not part.backend_args:
        yield from _check_list(part, ann_file)


def _parents(path: str) -> Iterator[str]:
    while True:
        path = os.path.dirname(path)
        yield path
        if path == os.path.dirname(path):
            return


def _folder_cure(part: Part) -> str:
    if bare(part.cfg.get('type')) == 'CamVidDataset':
        root = part.cfg.get('data_root') or 'DIR'
        return f'convert CamVid first (python tools/dataset_converters/camvid.py PATH_TO_CAMVID --out {root})'
    return 'correct data_root or data_prefix; relative ones start at the folder where the command runs'


def _check_list(part: Part, ann_file: str) -> Iterator[Finding]:
    """ann_file: there, and of one column."""
    if not os.path.isfile(ann_file):
        if not os.path.isdir(ann_file):
            yield _fault(part, 'no-list', f'no file {ann_file}', f'{part.where}.ann_file')
        return
    if bare(part.cfg.get('type')) == 'PairListDataset':
        return
    with open(ann_file, 'rb') as file:
        data = file.read()
    fault = _fault_of_text(data) or _fault_of_names(data.decode('utf-8', 'replace').splitlines())
    if fault:
        what, cure, why = fault
        yield _fault(part, 'bad-list', f'{ann_file} {what}', f'{part.where}.ann_file', cure, why)
        return
    lines = [line.strip() for line in data.decode('utf-8', 'replace').splitlines()]
    image_folder, suffix = folder_of(part, 'img_path') or '', getattr(part.dataset, 'img_suffix', '') or ''
    columns = [line for line in lines if len(line.split()) == 2 and not _exists(image_folder, line + suffix)]
    # every line: a name that holds a blank is no second column
    if columns and len(columns) == len(lines):
        yield _fault(
            part,
            'two-columns',
            f'{ann_file} has two columns, such as {columns[0]!r}',
            f'{part.where}.ann_file',
            "for PaddleSeg's lists set type='mmseg_liteseg.PairListDataset'",
            f'{bare(part.cfg.get("type"))} expects one name a line, without suffix',
        )
        return
    named = [line for line in lines if suffix and line.endswith(suffix) and not _exists(image_folder, line + suffix)]
    if named and len(named) == len(lines):
        yield _fault(
            part,
            'list-with-suffix',
            f'{ann_file} names files with their suffix, such as {named[0]!r}',
            f'{part.where}.ann_file',
            f"leave {suffix} out in the file, or set img_suffix=''",
            f'{suffix} is appended to each name',
        )


def _fault_of_text(data: bytes) -> tuple[str, str, str] | None:
    """What is wrong with a list as a text, the cure, and what follows; None if nothing is."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 'is UTF-16', 'save it as UTF-8', 'mmseg reads UTF-8'
    if data.startswith(codecs.BOM_UTF8):
        return 'begins with a byte order mark', 'save it as UTF-8 without BOM', 'it becomes part of the first name'
    return None


def _fault_of_names(lines: list[str]) -> tuple[str, str, str] | None:
    """The same of its lines."""
    blank = next((number for number, line in enumerate(lines, 1) if not line.strip()), None)
    if blank and any(line.strip() for line in lines):
        return f'has nothing in line {blank}', 'take empty lines out', 'it counts as an image without a name'
    absolute = next((line for line in lines if line.startswith('/') or re.match(r'[A-Za-z]:[\\/]', line)), None)
    if absolute:
        why = 'they take the place of data_prefix, so that a mask is looked for where its image is'
        cure = (
            "name files within data_prefix, without suffix; or list image and mask for 'mmseg_liteseg.PairListDataset'"
        )
        return f'holds absolute paths, such as {absolute[:80]!r}', cure, why
    backslash = next((line for line in lines if '\\' in line), None)
    if backslash and os.sep == '/':
        return f'divides folders by backslashes, such as {backslash[:80]!r}', 'write /', 'they are part of a name here'
    return None


def _exists(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _describe_empty(part: Part) -> Finding:
    """No samples: what the folder holds instead."""
    folder, suffix = folder_of(part, 'img_path'), getattr(part.dataset, 'img_suffix', None)
    ann_file = getattr(part.dataset, 'ann_file', '')
    if ann_file and os.path.isfile(ann_file):
        return _fault(part, 'empty', f'{ann_file} names no sample', f'{part.where}.ann_file')
    if folder is None or suffix is None:
        return _fault(part, 'empty', 'the data set has no sample')
    endings = count_endings(name for name in walk_files(folder) if is_picture(name))
    if not endings:
        cure = 'correct data_root or data_prefix, or put images there'
        return _fault(part, 'empty', f'{folder} holds no pictures', f'{part.where}.data_prefix.img_path', cure)
    found = ', '.join(f'{count} {ending}' for ending, count in endings[:3])
    best = endings[0][0]
    return _fault(
        part,
        'empty',
        f'no file in {folder} ends in {suffix!r}; it holds {found}',
        f'{part.where}.img_suffix',
        f'set img_suffix={best!r}',
    )


def is_picture(name: str) -> bool:
    """Whether a file's name says that it is a picture."""
    return name.lower().endswith(_PICTURES)


def count_endings(names: Iterator[str]) -> list[tuple[str, int]]:
    """Endings of names with their numbers, the most frequent first."""
    counts: dict[str, int] = {}
    for name in names:
        ending = os.path.splitext(name)[1]
        counts[ending] = counts.get(ending, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def walk_files(folder: str) -> Iterator[str]:
    """Files below a folder, links to nothing included, relative to it; loops of links are entered once."""
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for name in sorted(names):
            if not name.startswith('.'):
                yield os.path.relpath(os.path.join(root, name), folder)
