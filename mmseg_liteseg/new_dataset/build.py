"""From a folder to a config, in one call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.images import shown

from .plan import Plan, make_plan
from .reading import read_folder
from .write import check_target, write


def new_dataset(
    source: str | Path,
    out: str | Path | None = None,
    *,
    name: str | None = None,
    images: str | None = None,
    masks: str | None = None,
    classes: str | Path | None = None,
    ignore: Sequence[str] | None = None,
    val_share: float = 0.2,
    seed: int = 0,
    multi_label: bool = False,
    overwrite: bool = False,
    dry_run: bool = False,
) -> tuple[Plan, Path | None]:
    """Writes lists of splits, index masks where the stored ones are none, and a config; the source stays as it is.

    Args:
        source: A folder with images and labels in any of the forms of docs/own_data.md.
        out: Folder to write; ``data/NAME-liteseg`` by default.
        name: Of the data set; the source's by default.
        images: Folder of the images in the source, where names do not tell.
        masks: Folder of the masks in the source, likewise.
        classes: A file that lists the classes.
        ignore: Values, colours or classes that are ignored; ('none',) for nothing, None for what is usual.
        val_share: Share of the images for val where the source has none.
        seed: Of what is drawn.
        multi_label: Keep all classes of a pixel: a folder of masks, or a band, per class.
        overwrite: Replace what an earlier call wrote.
        dry_run: Write nothing.

    Returns:
        What was found and decided, and the config (None after a dry run).

    Raises:
        ConversionError: With what was found, what was expected and what to change.
    """
    source = Path(source)
    name = name or source.resolve().name
    out = Path(out) if out else Path('data') / f'{name}-liteseg'
    if not 0 < val_share < 1:
        raise ConversionError(f'val share {val_share}: expected a number between 0 and 1')
    if os.path.realpath(out) == os.path.realpath(source):
        raise ConversionError(f'{out}: is the source itself; name another folder with --out')
    # before the folder is read, which takes minutes of a large one
    if not dry_run:
        check_target(out, overwrite)
    # PairListDataset ends a name at these
    if any(set('\n\r\t') & set(os.path.realpath(path)) for path in (source, out)):
        raise ConversionError(f'{shown(source)}: lists cannot hold names with line breaks or tabs; rename the folder')
    folder = read_folder(source, out, images, masks, Path(classes) if classes else None, ignore, multi_label)
    plan = make_plan(folder, name, val_share, seed)
    return plan, None if dry_run else write(plan, out)
