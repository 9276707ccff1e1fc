"""What ``--input`` names: a picture, a folder of them, a video or a camera."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.fields import check_path
from mmseg_liteseg.images import ImageFileError, shown
from mmseg_liteseg.images.files import check_regular, reason_of

PICTURES = (
    *('.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.bmp', '.tif', '.tiff', '.webp', '.gif'),
    *('.pgm', '.ppm', '.pnm', '.jp2', '.avif'),
)
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')


@dataclass(frozen=True)
class Pictures:
    """Files of pictures.

    Attributes:
        root: The folder that was named, or the one of the picture.
        files: Sorted; with those that turn out to be none when they are read.
        single: Whether one file was named.
        problems: A line for each folder that could not be searched.
    """

    root: Path
    files: tuple[Path, ...]
    single: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Video:
    """A video file, a camera or a stream.

    Attributes:
        source: What OpenCV opens: a path, the camera's number, or the address of a stream.
        name: For the files made from it.
    """

    source: Path | int | str
    name: str

    @property
    def is_camera(self) -> bool:
        """Whether it goes on until it is stopped."""
        return not isinstance(self.source, Path)


def find_input(text: str, out: Path) -> Pictures | Video:
    """Finds out what is meant.

    Args:
        text: A path; a camera: ``camera:0``, its number alone, or ``/dev/video0``; or the address of a stream, such as
            ``rtsp://HOST/PATH``.
        out: Where results go: what an earlier run left there is no input, even where it lies in the folder named.

    Raises:
        DeployError: there is nothing of that name, or nothing in it that can be read.
    """
    if isinstance(text, str) and not text.strip():  # an empty variable of a script: it would be the current folder
        raise DeployError('input: expected a path, a camera or an address, got nothing')
    path = check_path('input', text)
    text = os.fspath(text)
    out = check_path('out', out)
    device = re.fullmatch(r'/dev/video(\d+)', text)
    camera = re.fullmatch(r'(?:camera:)?(\d+)', text)
    # a folder may be called 0
    if device or (camera and not path.exists()):
        number = (device or camera)[1]
        return Video(int(number), f'camera{number}')
    if re.match(r'(rtsps?|rtmps?|https?|udp|tcp|srt)://', text):
        # a file's name without user and password, which stand before the @
        return Video(text, re.sub(r'\W+', '_', text.split('://', 1)[1].split('@')[-1]).strip('_')[:60] or 'stream')
    if path.is_dir():
        return _list_pictures(path, out)
    name = shown(text)
    if not path.exists() and not path.is_symlink():
        raise DeployError(f'input {name}: no such file or folder')
    try:
        check_regular(path)
    except ImageFileError as error:
        raise DeployError(f'input {str(error)[len("image ") :]}') from None
    if path.suffix.lower() in VIDEOS:
        return Video(path, path.stem)
    if path.suffix.lower() in PICTURES:
        return Pictures(path.parent, (path,), single=True)
    known = ', '.join((*PICTURES, *VIDEOS))
    expected = 'expected a folder, camera:NUMBER, the address of a stream, or a file with one of'
    raise DeployError(f'input {name}: {expected} {known}')


def _list_pictures(folder: Path, out: Path) -> Pictures:
    """Pictures of a folder and of the folders in it, linked ones too, each folder once."""
    own = os.path.realpath(out)
    if own == os.path.realpath(folder):
        raise DeployError(f'out {shown(out)}: this is the folder of the pictures, name another one')
    files: list[Path] = []
    problems: list[str] = []

    def note(error: OSError) -> None:
        problems.append(f'folder {shown(error.filename)}: cannot be searched ({reason_of(error)})')

    # by real paths: a link to a parent would go round for ever
    seen = {own}
    for place, folders, names in os.walk(folder, followlinks=True, onerror=note):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back, or the results of an earlier run
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        files += [Path(place) / name for name in names if Path(name).suffix.lower() in PICTURES]
    if not files and not problems:
        raise DeployError(f'input {shown(folder)}: no picture in this folder (expected {", ".join(PICTURES)})')
    return Pictures(folder, tuple(sorted(files)), problems=tuple(problems))
