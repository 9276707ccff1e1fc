"""From what the masks of a folder hold to classes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterable, Sequence

from ..errors import ConversionError
from .by_colours import as_values, table_by_colours
from .by_values import table_by_values
from .class_files import ClassFile
from .known import known_conventions
from .naming import say_some
from .peaks import Peaks, find_peaks
from .survey import MaskSurvey
from .table import MAX_CLASSES, LabelTable


def propose_table(
    survey: MaskSurvey,
    found: Sequence[ClassFile] = (),
    named: ClassFile | None = None,
    ignore: Sequence[str] | None = None,
    words: Iterable[str] = (),
) -> LabelTable:
    """Proposes classes for the masks of a folder.

    Args:
        survey: What the masks hold.
        found: Lists of classes that lie in the folder, the best first; the first that fits is used.
        named: The list that the user named, which must fit.
        ignore: Values ('255'), colours ('#e0e0c0') or names of what is no class; 'none' for nothing.
        words: Words of the masks' paths, by which published conventions are recognised.

    Raises:
        ConversionError: If ``named`` does not fit, or less than two classes remain.
    """
    peaks = find_peaks(survey)
    codes = _codes_to_ignore(survey, ignore)
    if named is not None:
        table = _try(survey, peaks, named, codes)
        if table is None:
            raise ConversionError(_misfit(survey, peaks, named))
        source = named
    else:
        table, source = _first_fit(survey, peaks, [*found, *known_conventions(survey, words)], codes)
    if source is not None:
        table.notes.insert(0, f'classes from {source.path.name}')
        left_out = [entry.name for entry in source.entries if not entry.evaluated]
        if left_out:
            table.notes.insert(1, f'{source.path.name} leaves out of the evaluation, so ignored: {say_some(left_out)}')
    unused = [file.path.name for file in found if file is not source] if named is None else []
    if unused and source not in found:
        table.notes.append(f'not used, as the masks hold something else: {say_some(unused)}')
    return _finish(survey, table, ignore)


def _first_fit(
    survey: MaskSurvey, peaks: Peaks, files: Iterable[ClassFile], codes: Sequence[int] | None
) -> tuple[LabelTable, ClassFile | None]:
    for file in files:
        table = _try(survey, peaks, file, codes)
        if table is not None:
            return table, file
    table = _try(survey, peaks, None, codes)
    assert table is not None  # only a list of classes can fail to fit
    return table, None


def _try(survey: MaskSurvey, peaks: Peaks, file: ClassFile | None, codes: Sequence[int] | None) -> LabelTable | None:
    if survey.kind == 'colours':
        return table_by_colours(survey, peaks, file, codes) if file is None or file.has_colours else None
    if file is not None and file.has_colours:
        translated = as_values(survey, file)
        if translated is not None:
            return table_by_values(survey, peaks, translated, codes)
    return table_by_values(survey, peaks, file, codes)


def _codes_to_ignore(survey: MaskSurvey, ignore: Sequence[str] | None) -> list[int] | None:
    """The codes among what the user wants ignored; names are looked at later."""
    if ignore is None:
        return None
    codes = []
    for item in ignore:
        match = re.fullmatch(r'#?([0-9a-fA-F]{6})', item) if survey.kind == 'colours' else None
        if match:
            codes.append(int(match.group(1), 16))
        elif item.isdigit():
            value = int(item)
            codes.append(value * 0x010101 if survey.kind == 'colours' else value // survey.divisor)
    return codes


def _finish(survey: MaskSurvey, table: LabelTable, ignore: Sequence[str] | None) -> LabelTable:
    """Takes named classes out, and refuses what cannot be learned."""
    for name in ignore or ():
        row = next((row for row in table.classes if row.name == name), None)
        if row is not None:
            table = replace(
                table,
                classes=[other for other in table.classes if other is not row],
                ignored=tuple(sorted((*table.ignored, *row.codes))),
            )
        elif not re.fullmatch(r'none|\d+|#?[0-9a-fA-F]{6}', name):
            names = say_some(row.name for row in table.classes)
            raise ConversionError(f'--ignore {name}: no such class; found {names}')
    if len(table.classes) > MAX_CLASSES:
        raise ConversionError(f'{len(table.classes)} classes; label images hold {MAX_CLASSES} at most')
    counts = table.label_counts(survey.counts)
    occurring = [row.name for row, count in zip(table.classes, counts) if count]
    # a model of one class has nothing to learn; most often images were taken for masks
    if len(occurring) < 2:
        held = say_some(table.describe(code) for code, _ in survey.counts.most_common(4))
        raise ConversionError(
            f'the masks hold {held} and of the classes only {say_some(occurring) or "none"}: nothing to tell apart; '
            'check that these are the right masks (--masks), and --ignore'
        )
    table.notes = [*survey.notes, *table.notes]
    if table.share > 0:
        lossy = 'JPEG masks' if survey.lossy else 'soft edges or noise in the masks'
        table.notes.append(
            f'{lossy}: {table.share:.2%} of the pixels hold other values and take the class of the nearest one'
        )
    if set(table.ignored) & set(survey.counts):
        what = say_some(table.describe(code) for code in table.ignored if survey.counts[code])
        share = counts[255] / counts.sum()
        table.notes.append(f'ignored (255), {share:.2%} of the pixels: {what}')
    return table


def _misfit(survey: MaskSurvey, peaks: Peaks, file: ClassFile) -> str:
    show = LabelTable(survey.kind, [], divisor=survey.divisor).describe
    held = say_some(show(code) for code in sorted(peaks.codes, key=lambda code: -survey.counts[code]))
    what = 'colours' if survey.kind == 'colours' and not file.has_colours else 'classes'
    reason = 'lists no colours' if what == 'colours' else f'its {len(file.entries)} classes do not account for them'
    return f'{file.path}: {reason}; the masks hold {held}'
