"""What ``--input`` names: a picture, a folder of them, a video or a camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mmseg_liteseg.deploy.errors import DeployError

PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')


@dataclass(frozen=True)
class Pictures:
    """Files of pictures.

    Attributes:
        root: The folder that was named, or the one of the picture.
        files: Sorted.
        single: Whether one file was named.
    """

    root: Path
    files: tuple[Path, ...]
    single: bool = False


@dataclass(frozen=True)
class Video:
    """A video file or a camera.

    Attributes:
        source: What OpenCV opens: a path, or the camera's number.
        name: For the files made from it.
    """

    source: Path | int
    name: str

    @property
    def is_camera(self) -> bool:
        """Whether it goes on until it is stopped."""
        return isinstance(self.source, int)


def find_input(text: str, out: Path) -> Pictures | Video:
    """Finds out what is meant.

    Args:
        text: A path, or a camera: ``camera:0``, or its number alone.
        out: Where results go: what an earlier run left there is no input, even where it lies in the folder named.

    Raises:
        DeployError: there is nothing of that name, or nothing in it that can be read.
    """
    path = Path(text)
    camera = re.fullmatch(r'(?:camera:)?(\d+)', text)
    if camera and not path.exists():
        return Video(int(camera[1]), f'camera{camera[1]}')
    if path.is_dir():
        return Pictures(path, _list_pictures(path, out))
    if not path.is_file():
        raise DeployError(f'input {text}: no such file or folder')
    if path.suffix.lower() in VIDEOS:
        return Video(path, path.stem)
    if path.suffix.lower() in PICTURES:
        return Pictures(path.parent, (path,), single=True)
    known = ', '.join((*PICTURES, *VIDEOS))
    raise DeployError(f'input {text}: expected a folder, camera:NUMBER, or a file with one of {known}')


def _list_pictures(folder: Path, out: Path) -> tuple[Path, ...]:
    """Pictures of a folder and of the folders in it."""
    if out.resolve() == folder.resolve():
        raise DeployError(f'out {out}: this is the folder of the pictures, name another one')
    files = sorted(file for file in folder.rglob('*') if file.suffix.lower() in PICTURES and file.is_file())
    kept = tuple(file for file in files if out.resolve() not in file.resolve().parents)
    if not kept:
        raise DeployError(f'input {folder}: no picture in this folder (expected {", ".join(PICTURES)})')
    return kept
