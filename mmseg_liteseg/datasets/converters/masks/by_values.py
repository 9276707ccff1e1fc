"""Classes of masks with one channel: ids, 0/255 and other sets of values."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

from ..layouts.vocabulary import BACKGROUND_NAMES
from .class_files import ClassFile, Entry
from .naming import as_tuple, class_colours, say_some
from .peaks import Peaks
from .survey import MaskSurvey
from .table import IGNORE, ClassRow, LabelTable

_BACKGROUND_SHARE = 0.25
"""A 0 (or black) that a list of classes leaves out is the background from this share of the pixels on."""
# Values outside a list that are tolerated, as a share of the pixels: a slip of the pen, not a class.
_STRAY = 0.01
_LARGEST = 65535  # of 16 bits, as 255 of 8


def table_by_values(
    survey: MaskSurvey, peaks: Peaks, file: ClassFile | None, ignored: Sequence[int] | None
) -> LabelTable | None:
    """The table for one-channel masks; None if the file does not fit them.

    Args:
        survey: What the masks hold.
        peaks: Their labels.
        file: Names, maybe with values.
        ignored: Values to ignore; by default 255, where it stands apart from small ids.
    """
    values = [code for code in peaks.codes if code not in (ignored or ())]
    if ignored is None and values == [0, 1, IGNORE] and not survey.beside_255:
        return _two_spellings(survey, peaks, file)
    void = set(ignored or ())
    if ignored is None:
        void |= no_labels(values)
        values = [value for value in values if value not in void]
    entries, notes = _without_file(survey, values), []
    if file is not None:
        found = _with_values(survey, values, file) if file.has_values else _with_names(survey, values, file)
        if found is None:
            return None
        entries, notes = found
    void |= {entry.value for entry in entries if entry.is_void}
    listed = [entry for entry in entries if not entry.is_void]
    # what no class claims is ignored, not made a class of its own
    void |= set(values) - {entry.value for entry in listed}
    return _table(survey, peaks, listed, void, notes)


def no_labels(values: Sequence[int]) -> set[int]:
    """Which of 255 and 65535 mean "no label": beside small ids they do, beside 0 or evenly spread values they do not.

    Example:
        >>> no_labels([0, 1, 2, 255]), no_labels([0, 255]), no_labels([0, 128, 255]), no_labels([0, 1, 65535])
        ({255}, set(), set(), {65535})
    """
    found = {IGNORE, _LARGEST} & set(values)
    ids = [value for value in values if value not in found]
    return found if len(ids) > 1 and max(ids) < 4 * len(ids) + 16 else set()


def is_background(share: float) -> bool:
    """Whether an unlisted 0 or black is the background rather than "no label"."""
    return share > _BACKGROUND_SHARE


def _without_file(survey: MaskSurvey, values: list[int]) -> list[Entry]:
    """Names for values alone; a palette gives the colours."""
    if len(values) == 2 and values[0] == 0:
        names = ['background', 'foreground']
    else:
        names = [f'class_{value * survey.divisor}' for value in values]
    return [Entry(name, value, survey.palette.get(value)) for name, value in zip(names, values)]


def _with_values(survey: MaskSurvey, values: list[int], file: ClassFile) -> tuple[list[Entry], list[str]] | None:
    """A list with values: every value that matters must be in it."""
    listed = {entry.value for entry in file.entries}
    strange = [value for value in values if value not in listed]
    share = sum(survey.counts[value] for value in strange) / survey.total
    if strange == [0] and is_background(share):
        return [Entry('background', 0, 0), *file.entries], [f'{file.path.name} leaves out 0: taken as background']
    if share > _STRAY and strange != [0]:
        return None
    notes = [f'values in no class of {file.path.name} are ignored: {say_some(strange)}'] if strange else []
    return list(file.entries), notes


def _with_names(survey: MaskSurvey, values: list[int], file: ClassFile) -> tuple[list[Entry], list[str]] | None:
    """A list of names in the order of the values, with or without one for 0."""
    names, count = list(file.entries), len(file.entries)
    plain = all(value < count for value in values)
    if plain:
        return _number(names, range(count)), []
    if values == list(range(1, count + 1)):
        return _number(names, values), [f'{file.path.name}: the first name stands for 1']
    if 0 in values and max(values) <= count:
        return _zero_left_out(survey, names, list(range(1, count + 1)), file)
    if len(values) == count:
        return _number(names, values), [f'{file.path.name}: names in the order of the values {say_some(values)}']
    if 0 in values and len(values) == count + 1:
        return _zero_left_out(survey, names, values[1:], file)
    return None


def _zero_left_out(
    survey: MaskSurvey, names: list[Entry], values: list[int], file: ClassFile
) -> tuple[list[Entry], list[str]]:
    """Mmseg's reduce_zero_label, or a list of objects without the background they lie on."""
    share = survey.counts[0] / survey.total
    entries = _number(names, values)
    if len(names) == 1 or is_background(share):
        return [Entry('background', 0, 0), *entries], [f'{file.path.name} leaves out 0: taken as background']
    return entries, [f'{file.path.name} leaves out 0 ({share:.1%} of the pixels): ignored, as with reduce_zero_label']


def _number(names: Sequence[Entry], values: Sequence[int]) -> list[Entry]:
    return [replace(entry, value=value) for entry, value in zip(names, values)]


def _two_spellings(survey: MaskSurvey, peaks: Peaks, file: ClassFile | None) -> LabelTable | None:
    """Some masks 0/1, others 0/255: the same two classes, written by two programs."""
    table = table_by_values(survey, Peaks([0, 1], peaks.rounded, peaks.share), file, None)
    if table is None or len(table.classes) != 2:
        return table
    spelled = replace(table.classes[1], codes=(1, IGNORE))
    notes = [*table.notes, 'some masks hold 0 and 1, others 0 and 255: taken for the same two classes']
    return replace(table, classes=[table.classes[0], spelled], ignored=(), notes=notes)


def _table(survey: MaskSurvey, peaks: Peaks, entries: list[Entry], ignored: set[int], notes: list[str]) -> LabelTable:
    first_black = bool(entries) and (entries[0].name.lower() in BACKGROUND_NAMES)
    spare = class_colours(len(entries), first_black)
    have = [entry.colour for entry in entries]
    # all or none: a mixture might give two classes one colour
    use_own = None not in have and len(set(have)) == len(have)
    rows = [
        ClassRow(entry.name, as_tuple(entry.colour) if use_own else spare[i], (entry.value,))
        for i, entry in enumerate(entries)
    ]
    absent = [entry.name for entry in entries if entry.value not in survey.counts]
    if absent:
        notes.append(f'classes that no mask holds: {say_some(absent)}')
    return LabelTable(survey.kind, rows, tuple(sorted(ignored)), peaks.rounded, survey.divisor, (), peaks.share, notes)
