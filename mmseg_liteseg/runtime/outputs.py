"""Where masks and overlays go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Metadata
from mmseg_liteseg.visualization.files import replaced_by

from .inputs import PICTURES, VIDEOS, Pictures, Video


@dataclass(frozen=True)
class Outputs:
    """Names of the files to write.

    Attributes:
        out: A folder, which gets ``masks`` and ``overlays``; or the one file.
        is_file: Which of both.
        mask: Whether masks are written.
        overlay: Whether overlays are written.
        classes: Names of the classes of a model that gives a mask for each; a folder for each then.
    """

    out: Path
    is_file: bool
    mask: bool
    overlay: bool
    classes: tuple[str, ...] = ()

    def mask_of(self, relative: Path) -> Path:
        """The PNG of labels for an input, named by its path below the input's folder."""
        return self.out if self.is_file else self.out / 'masks' / relative.with_suffix('.png')

    def masks_of(self, relative: Path) -> list[Path]:
        """The PNG of labels; or, of a model that gives a mask per class, their PNGs of 0 and 255."""
        if not self.classes:
            return [self.mask_of(relative)]
        folders = [name.replace('/', '_').replace('\\', '_') for name in self.classes]
        return [self.out / 'masks' / folder / relative.with_suffix('.png') for folder in folders]

    def overlay_of(self, relative: Path, suffix: str = '.jpg') -> Path:
        """The painted picture or video for an input."""
        return self.out if self.is_file else self.out / 'overlays' / relative.with_suffix(suffix)

    def of(self, relative: Path) -> list[Path]:
        """All files for a picture."""
        return self.masks_of(relative) * self.mask + [self.overlay_of(relative)] * self.overlay


def choose_outputs(out: Path, found: Pictures | Video, mask: bool, overlay: bool) -> Outputs:
    """Decides what is written: both for pictures, overlays for videos and for a single file, unless told.

    Raises:
        DeployError: what is asked for does not go together.
    """
    is_video = isinstance(found, Video)
    suffixes = VIDEOS if is_video else PICTURES
    is_file = not out.is_dir() and out.suffix.lower() in suffixes and (is_video or found.single)
    if not mask and not overlay:
        mask, overlay = not (is_video or is_file), True
    if is_file and mask and overlay:
        raise DeployError(f'out {out}: one file cannot hold masks and overlays, choose one or name a folder')
    if is_file and mask and is_video:
        raise DeployError(f'out {out}: masks of a video are a PNG per frame, name a folder')
    if is_file and mask and out.suffix.lower() != '.png':
        raise DeployError(f'out {out}: a mask must be a .png, {out.suffix} would change its labels')
    if not is_file and out.exists() and not out.is_dir():
        raise DeployError(f'out {out}: expected a folder, found a file')
    return Outputs(out, is_file, mask, overlay)


def check_targets(outputs: Outputs, found: Pictures) -> None:
    """Looks for files that would be lost.

    Raises:
        DeployError: an output would replace an input, or that of another input.
    """
    inputs = {file.resolve() for file in found.files}
    owners: dict[Path, Path] = {}
    for file in found.files:
        for target in outputs.of(file.relative_to(found.root)):
            if target.resolve() in inputs:
                raise DeployError(f'out {target}: this is an input, name another folder')
            first = owners.setdefault(target, file)
            if first != file:
                raise DeployError(f'{first} and {file} would both be written to {target}: rename one')


def for_model(outputs: Outputs, metadata: Metadata) -> Outputs:
    """The same outputs, with a folder per class for a model whose classes are a yes or no each.

    Raises:
        DeployError: one file is asked for, which cannot hold several masks.
    """
    if not metadata.interface.multi_label:
        return outputs
    if outputs.is_file and outputs.mask:
        raise DeployError(f'out {outputs.out}: this model gives a mask for each class, name a folder')
    return replace(outputs, classes=metadata.classes)


def write_masks(outputs: Outputs, relative: Path, mask: np.ndarray) -> None:
    """Writes labels (H, W), or the masks (C, H, W) of a model that gives one per class."""
    masks = mask * np.uint8(255) if outputs.classes else [mask]
    for path, picture in zip(outputs.masks_of(relative), masks):
        write_picture(path, picture)


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
        raise DeployError(f'{path}: OpenCV cannot write a picture of shape {picture.shape} as {path.suffix}')
    with replaced_by(path) as temporary:
        temporary.write_bytes(data.tobytes())
