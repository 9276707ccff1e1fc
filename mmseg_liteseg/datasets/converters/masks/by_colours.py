"""Classes of masks in colours, with or without a list of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np

from ..errors import ConversionError
from .by_values import is_background
from .class_files import ClassFile, Entry
from .naming import as_tuple, colour_name, say_some
from .peaks import Peaks, nearest
from .survey import MaskSurvey
from .table import ClassRow, LabelTable

VOC_BORDER = 0xE0E0C0
"""Around the objects of PASCAL VOC: between the classes, and ignored."""
# Distance in RGB from which on a colour is another one; shares of flat pixels and of all that decide.
_FAR = 60.0
_AREA = 2e-4
_FIT = 0.9
_MOST_UNNAMED = 100


def table_by_colours(
    survey: MaskSurvey, peaks: Peaks, file: ClassFile | None, ignored: Sequence[int] | None
) -> LabelTable | None:
    """The table for colour-coded masks; None if the file's colours are not theirs.

    Args:
        survey: What the masks hold.
        peaks: Their colours without those of soft edges.
        file: Names and colours.
        ignored: Packed colours to ignore; by default VOC's border.

    Raises:
        ConversionError: Without a file, if there are too many colours to be classes.
    """
    void = set(ignored if ignored is not None else [VOC_BORDER])
    if file is None:
        return _without_file(survey, peaks, void)
    listed = {entry.colour for entry in file.entries} | void
    codes = np.array(sorted(survey.counts))
    distance = nearest(codes, np.array(sorted(listed)), 'colours')[1]
    flat = sum(survey.flat.values())
    far = [code for code, off in zip(codes.tolist(), distance) if off > _FAR and survey.flat[code] > _AREA * flat]
    # by pixels, not by colours: soft edges make many colours of few pixels
    fit = 1 - sum(survey.counts[code] for code in far) / survey.total
    notes, entries = [], list(file.entries)
    if 0 in far and is_background(survey.counts[0] / survey.total):
        entries.insert(0, Entry('background', None, 0))
        notes.append(f'{file.path.name} leaves out black: taken as background')
        far.remove(0)
        fit += survey.counts[0] / survey.total
    if fit < _FIT:
        return None
    if far:
        share = sum(survey.counts[code] for code in far) / survey.total
        colours = say_some(as_tuple(code) for code in far)
        notes.append(f'colours in no class of {file.path.name}, {share:.2%} of the pixels, are ignored: {colours}')
    return _table(survey, entries, void, tuple(far), notes)


def _without_file(survey: MaskSurvey, peaks: Peaks, void: set[int]) -> LabelTable:
    codes = [code for code in peaks.codes if code not in void]
    if len(codes) > _MOST_UNNAMED:
        raise ConversionError(
            f'the masks hold {len(codes)} colours and no list names them: instances, or photos; list the classes in a '
            'file (lines such as "road,128,64,128") and name it with --classes, or name other masks with --masks'
        )
    entries = [Entry(colour_name(code), None, code) for code in sorted(codes)]
    table = _table(survey, entries, void & set(peaks.codes), (), [])
    table.rounded, table.share = peaks.rounded, peaks.share
    return table


def _table(
    survey: MaskSurvey, entries: list[Entry], void: set[int], unlisted: tuple[int, ...], notes: list[str]
) -> LabelTable:
    kept = [entry for entry in entries if not entry.is_void and entry.colour not in void]
    ignored = void | {entry.colour for entry in entries if entry.is_void}
    rows = [ClassRow(entry.name, as_tuple(entry.colour), (entry.colour,)) for entry in kept]
    known = {entry.colour for entry in entries} | ignored | set(unlisted)
    off = sum(count for code, count in survey.counts.items() if code not in known)
    absent = [entry.name for entry in kept if entry.colour not in survey.counts]
    if absent:
        notes.append(f'classes that no mask holds: {say_some(absent)}')
    return LabelTable('colours', rows, tuple(sorted(ignored)), off > 0, 1, unlisted, off / survey.total, notes)


def as_values(survey: MaskSurvey, file: ClassFile) -> ClassFile | None:
    """The list of colours as one of values, for masks whose palette, or grey, shows the colours."""
    colours = {value: survey.palette.get(value, value * 0x010101) for value in survey.counts}
    by_colour = {entry.colour: entry for entry in file.entries}
    known = {value for value, colour in colours.items() if colour in by_colour}
    if sum(survey.counts[value] for value in known) < _FIT * survey.total:
        return None
    # classes that no mask holds get values that no mask holds
    occurring = {colours[value]: value for value in known}
    free = iter(value for value in range(256) if value not in survey.counts)
    entries = [
        replace(entry, value=occurring[entry.colour] if entry.colour in occurring else next(free))
        for entry in file.entries
    ]
    return ClassFile(file.path, tuple(entries))
