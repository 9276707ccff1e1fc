"""Reads lists of classes as they lie beside data sets: CSV, text, JSON, YAML, with colours, ids, or names alone."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Sequence

import yaml

from ..errors import ConversionError
from ..layouts.vocabulary import VOID_NAMES

_FILE_WORDS = re.compile(r'class|label|colou?r|palette|legend|names|codes|categor|meta|config|^data$|dataset|obj', re.I)
_MOST = 256
"""More lines than a label image has values list something else, such as a scene per image."""
_NUMBERS = re.compile(r'[\d\s]+')
_MAX_BYTES = 4 << 20
_NAME_KEYS = ('name', 'title', 'label', 'class', 'class_name', 'classname', 'readable', 'category')
_COLOUR_KEYS = ('color', 'colour', 'rgb', 'color_rgb', 'colors', 'hex', 'palette')
_ID_KEYS = ('pixel value', 'pixel_value', 'value', 'id', 'index', 'label_id', 'class_id', 'idx', 'code', 'trainid')
_LIST_KEYS = ('classes', 'labels', 'categories', 'names', 'class_names', 'class_dict', 'items', 'label_map')


@dataclass(frozen=True)
class Entry:
    """A class as a file lists it: its name, its value in the masks, its packed colour, whether results count it."""

    name: str
    value: int | None = None
    colour: int | None = None
    evaluated: bool = True

    @property
    def is_void(self) -> bool:
        """Whether it names what is to be ignored."""
        return not self.evaluated or re.sub(r'[\s_]+', '-', self.name.strip().lower()).strip('-') in VOID_NAMES


@dataclass(frozen=True)
class ClassFile:
    """The classes of a file."""

    path: Path
    entries: tuple[Entry, ...]

    @property
    def has_colours(self) -> bool:
        """Whether every entry has a colour."""
        return all(entry.colour is not None for entry in self.entries)

    @property
    def has_values(self) -> bool:
        """Whether every entry has a value."""
        return all(entry.value is not None for entry in self.entries)


def find_class_files(root: Path, texts: Iterable[Path]) -> list[ClassFile]:
    """The files of a tree that list classes, those that say most first."""
    found = []
    for path in texts:
        if _FILE_WORDS.search(path.stem) and (root / path).stat().st_size <= _MAX_BYTES:
            entries = _try(root / path)
            if 0 < len(entries) <= _MOST:
                found.append(ClassFile(root / path, entries))
    # colours say more than values, and a file near the top more than one deep inside
    return sorted(found, key=lambda file: (-2 * file.has_colours - file.has_values, len(file.path.parts)))


def read_class_file(path: Path) -> ClassFile:
    """Reads a file that the user named.

    Raises:
        ConversionError: If it cannot be read, lists no classes, or one twice.
    """
    if not path.is_file():
        raise ConversionError(f'{path}: no such file with classes')
    try:
        entries = _read(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConversionError(f'{path}: not readable as a list of classes ({error})') from error
    if not entries:
        raise ConversionError(
            f'{path}: no classes found; expected lines such as "road", "3 road" or "road,128,64,128", or JSON'
        )
    names = [entry.name for entry in entries if not entry.is_void]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConversionError(f'{path}: class {twice!r} is listed twice')
    if all(entry.value is not None for entry in entries):
        entries = tuple(sorted(entries, key=lambda entry: entry.value))
    return ClassFile(path, entries)


def _try(path: Path) -> tuple[Entry, ...]:
    """Like :func:`read_class_file` for a file that may be anything."""
    try:
        return read_class_file(path).entries
    except ConversionError:
        return ()


def _read(path: Path) -> tuple[Entry, ...]:
    # Excel begins its CSV with a byte order mark, which would be part of the first name
    text = path.read_text(encoding='utf-8-sig', errors='strict')
    suffix = path.suffix.lower()
    if suffix == '.json':
        return _from_tree(json.loads(text))
    if suffix in ('.yaml', '.yml'):
        # safe: a stranger's YAML may name Python objects to make
        return _from_tree(yaml.safe_load(text))
    if suffix == '.csv':
        lines = text.splitlines()
        # spreadsheets write semicolons where the comma is the decimal point
        delimiter = max(',;\t', key=lambda one: min((line.count(one) for line in lines if line.strip()), default=0))
        return _from_rows([row for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if any(row)])
    return _from_lines(text)


def _from_lines(text: str) -> tuple[Entry, ...]:
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(('#', '//'))]
    if not lines or any(len(line) > 120 for line in lines):
        return ()
    divider = r'\t+' if all('\t' in line for line in lines) else r'[,\t;:]+\s*'
    rows = [re.split(divider, line) for line in lines]
    if all(len(row) == 1 for row in rows):
        rows = [_split_blanks(line) for line in lines]
    else:  # '64 128 64<tab>Animal'
        rows = [
            [part for cell in row for part in (cell.split() if _NUMBERS.fullmatch(cell) else [cell])] for row in rows
        ]
    return _from_rows([[cell.strip() for cell in row if cell.strip()] for row in rows])


def _split_blanks(line: str) -> list[str]:
    """Takes numbers at either end of a line off its name: '64 128 64 Wall of stone'."""
    match = re.fullmatch(r'((?:\d+\s+)*)(.*?)((?:\s+\d+)*)', line)
    head, name, tail = match.groups() if match else ('', line, '')
    return [*head.split(), name, *tail.split()]


def _from_rows(rows: Sequence[Sequence[str]]) -> tuple[Entry, ...]:
    if not rows:
        return ()
    header = [cell.strip().lower() for cell in rows[0]]
    if any(cell in _NAME_KEYS for cell in header) and not any(_integer(cell) is not None for cell in header):
        records = [dict(zip(header, row)) for row in rows[1:]]
        return _all_or_none(_from_record(record) for record in records)
    return _all_or_none(_from_cells(row) for row in rows)


def _from_cells(cells: Sequence[str]) -> Entry | None:
    """A row without header: a text is the name, three numbers a colour, another number the value."""
    names = [cell for cell in cells if _integer(cell) is None and not _colour(cell)]
    numbers = [number for number in map(_integer, cells) if number is not None]
    packed = next((_colour(cell) for cell in cells if _integer(cell) is None and _colour(cell) is not None), None)
    if not names or not all(number >= 0 for number in numbers):
        return None
    if len(numbers) >= 3:
        named_first = _integer(cells[0]) is None
        rgb = numbers[:3] if named_first else numbers[-3:]
        rest = numbers[3:] if named_first else numbers[:-3]
        return Entry(names[0], rest[0] if rest else None, _colour(rgb)) if max(rgb) <= 255 else None
    return Entry(names[0], numbers[0] if numbers else None, packed)


def _from_record(record: dict[str, Any]) -> Entry | None:
    """A row with header, or a JSON object."""
    record = {str(key).strip().lower(): value for key, value in record.items()}
    name = next((record[key] for key in _NAME_KEYS if record.get(key) not in (None, '')), None)
    value = next((number for key in _ID_KEYS if (number := _integer(record.get(key))) is not None), None)
    colour = next((packed for key in _COLOUR_KEYS if (packed := _colour(record.get(key))) is not None), None)
    for keys in (('r', 'g', 'b'), ('red', 'green', 'blue')):
        if all(_integer(record.get(key)) is not None for key in keys):
            colour = _colour([_integer(record[key]) for key in keys])
    if isinstance(name, dict) or name is None:
        return None
    # Mapillary Vistas' config.json and the list of Cityscapes say what the benchmark leaves out
    evaluated = record.get('evaluate') is not False and record.get('ignoreineval') is not True
    return Entry(str(name).strip(), value, colour, evaluated)


def _from_tree(tree: Any) -> tuple[Entry, ...]:
    """JSON or YAML in any of its usual forms; a name beside its children is searched too."""
    if isinstance(tree, list):
        if all(isinstance(item, str) for item in tree):
            return tuple(Entry(item) for item in tree)
        return _all_or_none(_from_record(item) if isinstance(item, dict) else None for item in tree)
    if not isinstance(tree, dict):
        return ()
    for key in _LIST_KEYS:
        if isinstance(tree.get(key), (list, dict)):
            return _from_tree(tree[key])
    return _all_or_none(_from_item(key, value) for key, value in tree.items())


def _from_item(key: Any, value: Any) -> Entry | None:
    """``name: colour``, ``name: id``, ``id: name``, ``id: {..}`` or ``name: {..}``."""
    number = _integer(key)
    if isinstance(value, dict):
        entry = _from_record({**({'id': number} if number is not None else {'name': key}), **value})
        return entry
    if number is not None:
        return Entry(value, number) if isinstance(value, str) else None
    colour = _colour(value)
    if colour is not None and not isinstance(value, int):
        return Entry(str(key), None, colour)
    return Entry(str(key), value) if isinstance(value, int) and not isinstance(value, bool) else None


def _all_or_none(entries: Iterable[Entry | None]) -> tuple[Entry, ...]:
    """A file of classes lists nothing else."""
    known = tuple(entries)
    return known if known and all(entry is not None and entry.name for entry in known) else ()


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r'\s*-?\d+\s*', value) else None


def _colour(value: Any) -> int | None:
    """A packed colour from [r, g, b], '#rrggbb' or 'r, g, b'."""
    if isinstance(value, str):
        match = re.fullmatch(r'\s*(?:#|0x)([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?\s*', value)
        if match:
            return int(match.group(1), 16)
        match = re.fullmatch(r'\s*(?:rgba?)?[(\[]?\s*(\d+)[,\s]+(\d+)[,\s]+(\d+)(?:[,\s]+[\d.]+)?\s*[)\]]?\s*', value)
        value = [int(number) for number in match.groups()] if match else None
    if isinstance(value, (list, tuple)) and len(value) in (3, 4):
        rgb = [_integer(part) for part in value[:3]]
        if all(part is not None and 0 <= part <= 255 for part in rgb):
            return rgb[0] << 16 | rgb[1] << 8 | rgb[2]
    return None
