"""CamVid as released, or as in the SegNet tutorial, to MMSegmentation's folders.

Written are ``OUT/img_dir/{train,val,test}`` (images as they are) and ``OUT/ann_dir/{train,val,test}`` (PNG, one
channel, 0..10 for the classes of :data:`mmseg_liteseg.datasets.classes.CAMVID_METAINFO`, 255 for void).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from rich.progress import track

from mmseg_liteseg.disk import naming
from mmseg_liteseg.images import ImageFileError, read_file, shown
from mmseg_liteseg.images.files import reason_of
from mmseg_liteseg.images.header import open_lazily

from ..classes import CAMVID_METAINFO, VOID
from .archive import safe_extract
from .camvid_labels import MINOR_CLASSES, classes_from_colours, classes_from_indices
from .camvid_layouts import Found, Pair, find_pairs
from .errors import ConversionError

_NAMED = 20  # of broken files, in a message
NUM_CLASSES = len(CAMVID_METAINFO['classes'])


@dataclass
class Summary:
    """What was written: the folder, images and labelled pixels (11 classes, then void) by split, remarks."""

    out: Path
    layout: str
    size: tuple[int, int]
    images: dict[str, int]
    pixels: dict[str, np.ndarray]
    notes: list[str]

    def __str__(self) -> str:
        """The table that the tool prints."""
        splits = list(self.images)
        lines = [f'{"":12}' + ''.join(f'{split:>9}' for split in splits)]
        lines.append(f'{"images":12}' + ''.join(f'{self.images[split]:9d}' for split in splits))
        for index, name in enumerate((*CAMVID_METAINFO['classes'], 'void')):
            shares = (100 * self.pixels[split][index] / max(self.pixels[split].sum(), 1) for split in splits)
            lines.append(f'{name:12}' + ''.join(f'{share:8.2f}%' for share in shares))
        lines += [f'note: {note}' for note in self.notes]
        height, width = self.size
        lines.append(
            f'{sum(self.images.values())} pairs of {height} x {width} pixels in {self.out} (from {self.layout})'
        )
        return '\n'.join(lines)


def convert_camvid(
    source: str | Path,
    out: str | Path | None = None,
    layout: str = 'auto',
    size: tuple[int, int] | None = None,
    force: bool = False,
    minor: str = 'merge',
    splits: dict[str, list[str]] | None = None,
) -> Summary:
    """Converts CamVid; nothing is left behind if it fails.

    Args:
        source: Folder or tar archive in one of the layouts of :mod:`.camvid_layouts`.
        out: Folder to write; ``data/camvid-{height}x{width}`` by default, as the configs expect.
        layout: 'auto', 'segnet' or 'original'.
        size: Height and width to resize to (images by area, labels by nearest neighbour); default: as found.
        force: Replace an earlier conversion.
        minor: What becomes of the minor classes of the original release; one of :data:`.camvid_labels.MINOR_CLASSES`.
        splits: Frames of each split of the original release, the standard ones by default.

    Raises:
        ConversionError: On anything unexpected in the source, and if ``out`` exists and ``force`` is not set.
    """
    source = Path(source)
    if not source.exists():
        raise ConversionError(f'{source}: no such file or folder')
    if minor not in MINOR_CLASSES:
        raise ConversionError(f'minor {minor!r}: expected one of {", ".join(MINOR_CLASSES)}')
    if size is not None and min(size) < 1:
        raise ConversionError(f'size {size}: expected a positive height and width')
    with tempfile.TemporaryDirectory(prefix='camvid-') as scratch:
        root = source
        if source.is_file():
            safe_extract(source, Path(scratch))
            root = Path(scratch)
        found = find_pairs(root, layout, splits)
        keep = size is None
        size = _image_size(next(iter(found.pairs.values()))[0].image) if keep else size
        out = Path(out) if out else Path('data') / f'camvid-{size[0]}x{size[1]}'
        _check_target(out, force)
        return _write(out, _Writer(found, size, keep, minor))


def _check_target(out: Path, force: bool) -> None:
    if not out.exists():
        return
    if not force:
        raise ConversionError(f'{out}: exists already; name another folder or replace it with --force')
    strangers = sorted(path.name for path in out.iterdir() if path.name not in ('img_dir', 'ann_dir'))
    if not out.is_dir() or strangers:
        raise ConversionError(f'{out}: not replaced, as it holds other things: {", ".join(strangers[:5])}')


def _write(out: Path, writer: _Writer) -> Summary:
    """Writes into a folder beside ``out`` and moves it there when it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f'.{out.name}-', dir=out.parent))
    try:
        with naming(out):
            summary = writer.write(work / 'out')
        if out.exists():
            os.replace(out, work / 'old')  # removed below, with all that is in work
        os.replace(work / 'out', out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    summary.out = out
    return summary


@dataclass
class _Writer:
    """Reads, checks and writes the pairs, one after the other."""

    found: Found
    size: tuple[int, int]
    keep: bool
    minor: str

    def write(self, target: Path) -> Summary:
        pixels, notes, broken = {}, [*self.found.notes], []
        for split, pairs in self.found.pairs.items():
            image_dir, label_dir = target / 'img_dir' / split, target / 'ann_dir' / split
            image_dir.mkdir(parents=True)
            label_dir.mkdir(parents=True)
            pixels[split] = np.zeros(NUM_CLASSES + 1, dtype=np.int64)
            for pair in track(pairs, description=f'{split:5}'):
                try:
                    image, labels, defects = self._read(pair)
                except ConversionError as error:  # the others are looked at too, so that one run names them all
                    broken.append(str(error))
                    continue
                if defects:
                    notes.append(f'{pair.label}: {defects} pixels in colours of no class became void')
                labels = self._save(pair, image, labels, image_dir, label_dir)
                counts = np.bincount(labels.ravel(), minlength=256)
                pixels[split] += np.append(counts[:NUM_CLASSES], counts[VOID])
        if broken:
            several = f'{len(broken)} pairs cannot be used: ' if len(broken) > 1 else ''
            more = f'; and {len(broken) - _NAMED} more' if len(broken) > _NAMED else ''
            raise ConversionError(several + '; '.join(broken[:_NAMED]) + more)
        images = {split: len(pairs) for split, pairs in self.found.pairs.items()}
        return Summary(target, self.found.layout, self.size, images, pixels, notes)

    def _read(self, pair: Pair) -> tuple[Image.Image, np.ndarray, int]:
        """Returns the image, labels (H, W) and the number of pixels that are a known defect of the release."""
        image, label = _load(pair.image), _load(pair.label)
        if image.size != label.size:
            raise ConversionError(f'{pair.label}: {_by(label)} pixels, but its image {pair.image} has {_by(image)}')
        if self.keep and image.size != (self.size[1], self.size[0]):
            raise ConversionError(f'{pair.image}: {_by(image)} pixels, the others have {self.size[0]} x {self.size[1]}')
        if image.mode not in ('RGB', 'RGBA', 'P', 'L'):
            raise ConversionError(f'{pair.image}: mode {image.mode}; expected an 8-bit colour image')
        if self.found.layout == 'original':
            return image, *classes_from_colours(np.asarray(label.convert('RGB')), pair.frame, self.minor)
        if label.mode not in ('L', 'P'):
            raise ConversionError(f'{pair.label}: mode {label.mode}; expected one channel with indices 0..11')
        return image, classes_from_indices(np.asarray(label), pair.frame), 0

    def _save(self, pair: Pair, image: Image.Image, labels: np.ndarray, image_dir: Path, label_dir: Path) -> np.ndarray:
        # copied, not encoded anew: images stay bit for bit what was released
        if self.keep:
            shutil.copyfile(pair.image, image_dir / f'{pair.frame}{pair.image.suffix.lower()}')
        else:
            # labels are picked and never blended: a mean of two classes is a third one
            new = (self.size[1], self.size[0])
            image.convert('RGB').resize(new, Image.BOX).save(image_dir / f'{pair.frame}.png')
            labels = np.asarray(Image.fromarray(labels).resize(new, Image.NEAREST))
        Image.fromarray(labels).save(label_dir / f'{pair.frame}.png')
        return labels


def _by(image: Image.Image) -> str:
    return f'{image.size[1]} x {image.size[0]}'


def _load(path: Path) -> Image.Image:
    """Decodes the whole file, so that truncation shows, and turns it as EXIF says, as every reader will."""
    try:
        image = open_lazily(read_file(path), shown(path))
        if image is None:
            raise ValueError('an unknown format, or a broken header')
        image.load()
        return ImageOps.exif_transpose(image)
    except ImageFileError as error:
        raise ConversionError(str(error)) from None
    except Exception as error:  # decoders of Pillow raise errors of many types on broken files
        raise ConversionError(f'{shown(path)}: not a readable image ({reason_of(error)})') from None


def _image_size(path: Path) -> tuple[int, int]:
    width, height = _load(path).size
    return height, width
