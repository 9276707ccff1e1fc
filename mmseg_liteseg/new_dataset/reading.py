"""Reads a folder: finds images and labels, looks into all of them, settles the classes."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import Found, SplitLists, Tree, find_pairs, walk
from mmseg_liteseg.datasets.converters.layouts.words import read_name
from mmseg_liteseg.datasets.converters.masks import (
    ClassFile,
    FileSurvey,
    find_class_files,
    merge,
    propose_table,
    read_class_file,
    read_mask,
    survey_file,
)
from mmseg_liteseg.datasets.converters.shapes import find_shapes
from mmseg_liteseg.wording import count

from .class_folders import class_naming, read_class_folders
from .class_masks import read_class_masks
from .parallel import each
from .samples import LabelledFolder, Sample
from .shape_labels import read_shapes


def read_folder(
    source: Path,
    skip: Path | None = None,
    images: str | None = None,
    masks: str | None = None,
    classes: Path | None = None,
    ignore: Sequence[str] | None = None,
    multi_label: bool = False,
) -> LabelledFolder:
    """Reads every label of a folder.

    Args:
        source: The folder.
        skip: A folder in it to leave out: an earlier output.
        images: Folder of the images in it, where names do not tell.
        masks: Folder of the masks in it, likewise.
        classes: A list of classes to use.
        ignore: Values, colours or names of no class; None for what is usual.
        multi_label: Whether a pixel may belong to several classes.

    Raises:
        ConversionError: If no labelled images are found, or their labels make no classes.
    """
    tree = walk(source, skip)
    lists = SplitLists(tree)
    named = read_class_file(classes) if classes else None
    listed = [] if named else find_class_files(source, [path for path in tree.texts if path not in lists.files])
    shapes = None
    # where masks lie ready they are taken: JSON beside them is what they were made from
    if not (images or masks or any(read_name(path).role == 'mask' for path in tree.images)):
        shapes = find_shapes(tree, [named] if named else listed, lambda files: each(_same, files, 'annotations'))
    if shapes is not None:
        folder = read_shapes(tree, lists, shapes, multi_label)
    else:
        found = find_pairs(tree, lists, images, masks)
        folder = _of_several(tree, found, named) if multi_label else _from_masks(tree, found, listed, named, ignore)
        folder.notes = [*found.notes, *folder.notes]
        folder.left_out += found.left_out()
    folder.notes = [*tree.notes, *lists.notes, *folder.notes]
    return folder


def _same(item: Path) -> Path:
    return item


def _from_masks(
    tree: Tree, found: Found, listed: list[ClassFile], named: ClassFile | None, ignore: Sequence[str] | None
) -> LabelledFolder:
    surveys, broken = _survey(tree.root, [mask for match in found.matches for mask in match.masks])
    matches = [match for match in found.matches if all(mask in surveys for mask in match.masks)]
    if not matches:
        raise ConversionError(f'{tree.root}: no mask can be read; the first: {broken[0]}')
    class_of = class_naming(matches, all(len(one.counts) <= 2 or one.lossy for one in surveys.values()))
    if class_of is not None:
        folder = read_class_folders(tree.root, matches, class_of, surveys)
    else:
        folder = _from_values(tree, matches, surveys, listed, named, ignore)
    folder.left_out += broken
    return folder


def _of_several(tree: Tree, found: Found, named: ClassFile | None) -> LabelledFolder:
    if named is None:  # a list of names alone: one of values or colours is of other masks
        listed = find_class_files(tree.root, tree.texts)
        named = next((file for file in listed if not (file.has_colours or file.has_values)), None)
    return read_class_masks(tree.root, found.matches, named)


def _survey(root: Path, masks: list[Path]) -> tuple[dict[Path, FileSurvey], list[str]]:
    def look(mask: Path) -> FileSurvey | str:
        try:
            return survey_file(root / mask)
        except ConversionError as error:
            return str(error)

    surveys, broken = {}, []
    for mask, result in zip(masks, each(look, masks, 'masks')):
        if isinstance(result, str):
            broken.append(result)
        else:
            surveys[mask] = result
    return surveys, broken


def _from_values(
    tree: Tree,
    matches: list,
    surveys: dict[Path, FileSurvey],
    listed: list[ClassFile],
    named: ClassFile | None,
    ignore: Sequence[str] | None,
) -> LabelledFolder:
    """One mask holds all classes; several masks of an image hold an object each."""
    survey = merge({mask: surveys[mask] for match in matches for mask in match.masks})
    words = {word for match in matches[:50] for word in read_name(match.masks[0]).family}
    # the folder's own name tells a published data set as well as those in it
    words |= {part.lower() for part in (*tree.root.resolve().parts[-2:], *matches[0].masks[0].parts)}
    table = propose_table(survey, listed, named, ignore, words)
    several = {match.name: match.masks for match in matches if len(match.masks) > 1}

    def read(sample: Sample) -> np.ndarray:
        labels = [table.apply(read_mask(tree.root / mask)) for mask in several.get(sample.name, (sample.mask,))]
        return _overlay(labels, tree.root / sample.image)

    samples = []
    for match in matches:
        first = surveys[match.masks[0]]
        counts = table.label_counts(survey.counts_of(first))
        sample = Sample(match.image, match.name, match.split, first.size, counts, match.masks[0])
        if match.name in several:
            sample.counts = np.bincount(read(sample).ravel(), minlength=256)
        samples.append(sample)
    notes = [f'{count(len(several), "image")} with several masks each, laid over one another'] if several else []
    # used where they are: a copy of a large set's masks would help nobody
    ready = table.is_identity and not several and all(one.is_index for one in surveys.values())
    return LabelledFolder(
        tree.root, _layout(matches), table.classes, samples, read, ready, table.as_json(), [*notes, *table.notes]
    )


def _overlay(labels: list[np.ndarray], image: Path) -> np.ndarray:
    """Objects of later masks over those of earlier ones."""
    result = labels[0].copy()
    for other in labels[1:]:
        if other.shape != result.shape:
            raise ConversionError(f'{image}: its masks have sizes {result.shape} and {other.shape}')
        result[other > 0] = other[other > 0]
    return result


def _layout(matches: list) -> str:
    first = matches[0]
    return f'masks such as {first.masks[0].as_posix()} for images such as {first.image.as_posix()}'
