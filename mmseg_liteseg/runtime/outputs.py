"""Where masks and overlays go."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Metadata
from mmseg_liteseg.images import output_names, shown
from mmseg_liteseg.images.naming import with_ending
from mmseg_liteseg.visualization.files import replaced_by
from mmseg_liteseg.visualization.overlays import make_palette

from .georeference import read_georeference, write_geotiff
from .inputs import PICTURES, VIDEOS, Pictures, Video

# What OpenCV writes, in all its versions.
_WRITTEN = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')


@dataclass(frozen=True)
class Outputs:
    """Names of the files to write.

    Attributes:
        out: A folder, which gets ``masks`` and ``overlays``; or the one file.
        is_file: Which of both.
        mask: Whether masks are written.
        overlay: Whether overlays are written.
        classes: Names of the classes of a model that gives a mask for each; a folder for each then.
        kind: What a pixel of a mask is: 'labels', 'palette' (labels, which viewers show in colour) or 'colors'. Or
            'geotiff': labels, in files that keep the georeference of their pictures.
        palette: Colours (R, G, B), by label, for the last two.
    """

    out: Path
    is_file: bool
    mask: bool
    overlay: bool
    classes: tuple[str, ...] = ()
    kind: str = 'labels'
    palette: tuple[tuple[int, int, int], ...] = ()

    @property
    def mask_suffix(self) -> str:
        """Of the files of masks."""
        return '.tif' if self.kind == 'geotiff' else '.png'

    def mask_of(self, name: Path) -> Path:
        """The file of labels for an input, by its name without suffix (see ``output_names``)."""
        return self.out if self.is_file else self.out / 'masks' / with_ending(name, self.mask_suffix)

    def masks_of(self, name: Path) -> list[Path]:
        """The file of labels; or, of a model that gives a mask per class, their files of 0 and 255."""
        if not self.classes:
            return [self.mask_of(name)]
        # a class name is no path
        folders = [label.replace('/', '_').replace('\\', '_') for label in self.classes]
        return [self.out / 'masks' / folder / with_ending(name, self.mask_suffix) for folder in folders]

    def overlay_of(self, name: Path, suffix: str = '.jpg') -> Path:
        """The painted picture or video for an input."""
        return self.out if self.is_file else self.out / 'overlays' / with_ending(name, suffix)

    def of(self, name: Path) -> list[Path]:
        """All files for a picture."""
        return self.masks_of(name) * self.mask + [self.overlay_of(name)] * self.overlay


def choose_outputs(out: Path, found: Pictures | Video, mask: bool, overlay: bool, kind: str = 'labels') -> Outputs:
    """Decides what is written: both for pictures, overlays for videos and for a single file, unless told.

    Raises:
        DeployError: what is asked for does not go together.
    """
    is_video = isinstance(found, Video)
    suffixes = VIDEOS if is_video else _WRITTEN
    is_file = not out.is_dir() and out.suffix.lower() in suffixes and (is_video or found.single)
    if not is_file and not out.exists() and out.suffix.lower() in (*PICTURES, *VIDEOS):
        several = '' if is_video or found.single else 'for several pictures '
        kinds = f', or a file with one of {", ".join(suffixes)}' if not several else ''
        raise DeployError(f'out {shown(out)}: {several}expected a folder{kinds}')
    if not mask and not overlay:
        mask, overlay = not (is_video or is_file), True
    if is_file and mask and overlay:
        raise DeployError(f'out {out}: one file cannot hold masks and overlays, choose one or name a folder')
    if is_file and mask and is_video:
        raise DeployError(f'out {out}: masks of a video are a PNG per frame, name a folder')
    if kind == 'geotiff' and is_video:
        raise DeployError('mask-kind geotiff: a video has no georeference')
    suffixes = ('.tif', '.tiff') if kind == 'geotiff' else ('.png',)
    if is_file and mask and out.suffix.lower() not in suffixes:
        what = 'of this kind must be a' if kind == 'geotiff' else 'must be a'
        raise DeployError(f'out {out}: a mask {what} {suffixes[0]}, {out.suffix} would change its labels')
    if not is_file and out.exists() and not out.is_dir():
        raise DeployError(f'out {out}: expected a folder, found a file')
    return Outputs(out, is_file, mask, overlay, kind=kind)


def name_outputs(outputs: Outputs, found: Pictures) -> dict[Path, Path]:
    """Names of the outputs of all pictures, each its own.

    Returns:
        From file to the name that ``Outputs`` takes.

    Raises:
        DeployError: an output would replace an input.
    """
    names = {Path(file): name for file, name in output_names(found.files, found.root).items()}
    # the folder is resolved and not the file: a link that is replaced does no harm to what it leads to
    inputs = {os.path.realpath(file) for file in found.files}
    for name in names.values():
        for target in outputs.of(name):
            if os.path.realpath(target) in inputs:  # a link would be written through
                raise DeployError(f'out {shown(target)}: this is an input, name another folder')
    return names


def for_model(outputs: Outputs, metadata: Metadata) -> Outputs:
    """The same outputs, with a folder per class for a model whose classes are a yes or no each.

    Raises:
        DeployError: one file is asked for, which cannot hold several masks.
    """
    palette = metadata.palette or tuple(make_palette(len(metadata.classes)))
    outputs = replace(outputs, palette=palette)
    if not metadata.interface.multi_label:
        return outputs
    if outputs.is_file and outputs.mask:
        raise DeployError(f'out {outputs.out}: this model gives a mask for each class, name a folder')
    return replace(outputs, classes=metadata.classes)


def write_masks(outputs: Outputs, name: Path, mask: np.ndarray, source: Path | None = None) -> None:
    """Writes labels (H, W), or the masks (C, H, W) of a model that gives one per class; ``source`` is the picture."""
    if outputs.kind == 'geotiff':
        place = read_georeference(source)
        bands = mask * np.uint8(255) if outputs.classes else [mask]
        for path, band in zip(outputs.masks_of(name), bands):
            write_geotiff(path, band, place, () if outputs.classes else outputs.palette)
    elif outputs.classes:
        for path, picture in zip(outputs.masks_of(name), mask * np.uint8(255)):
            write_picture(path, picture)
    elif outputs.kind == 'palette':
        write_palette(outputs.mask_of(name), mask, outputs.palette)
    else:
        colours = np.array([*outputs.palette, (0, 0, 0)], np.uint8)[:, ::-1]  # black where the model is not sure
        picture = mask if outputs.kind == 'labels' else colours[np.minimum(mask, len(outputs.palette))]
        write_picture(outputs.mask_of(name), picture)


def write_palette(path: Path, mask: np.ndarray, palette: Sequence[tuple[int, int, int]]) -> None:
    """Writes labels (H, W), uint8, as a PNG whose pixels are labels and whose palette holds the colours.

    Raises:
        DeployError: there are more than 256 labels.
    """
    if mask.dtype != np.uint8:
        raise DeployError(f'{shown(path)}: a palette holds 256 colours, the model has more classes')
    # OpenCV writes no palettes
    from PIL import Image  # nothing else here needs it

    picture = Image.fromarray(mask)
    picture.putpalette([value for colour in palette for value in colour])
    with replaced_by(path) as temporary, temporary.open('wb') as file:
        picture.save(file, format='PNG')


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Writes (H, W) labels or an (H, W, 3) BGR picture; the file is there whole or not at all.

    Raises:
        DeployError: the format cannot hold it.
    """
    try:
        written, data = cv2.imencode(path.suffix, picture)
    except cv2.error:
        written = False
    if not written:
        raise DeployError(f'{shown(path)}: OpenCV cannot write a picture of shape {picture.shape} as {path.suffix}')
    with replaced_by(path) as temporary:
        temporary.write_bytes(data.tobytes())
