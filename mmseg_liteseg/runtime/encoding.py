"""Writers of video files: PyAV's ffmpeg, whose H.264 plays in browsers, else OpenCV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmseg_liteseg.deploy.errors import DeployError

# OpenCV's. Its MPEG-4 in .mp4 plays in VLC and the like, not in browsers.
_FOUR_LETTERS = {'.avi': 'MJPG', '.webm': 'VP80', '.mpg': 'mp1v', '.mpeg': 'mp1v'}
# What browsers play, best first, as far as the ffmpeg at hand was built with it.
_CODECS = {'.mp4': ('libx264', 'h264', 'libvpx-vp9'), '.m4v': ('libx264', 'h264'), '.webm': ('libvpx-vp9', 'libvpx')}


def open_writer(path: Path, name: Path, fps: float, size: tuple[int, int]) -> Any:
    """A writer with ``write(frame)`` and ``release()``.

    Args:
        path: What is written.
        name: What the user calls it; its suffix decides on the format.
        fps: Frames per second.
        size: (H, W) of the frames. Odd sides lose their last row or column: these formats have none.

    Raises:
        DeployError: no library at hand writes such a file.
    """
    suffix = name.suffix.lower()
    if suffix in _CODECS:
        try:
            return AvWriter(path, suffix, fps, size)
        except ImportError:
            pass  # not installed: OpenCV's formats will do
    writer = cv2.VideoWriter()
    writer.open(str(path), cv2.VideoWriter_fourcc(*_FOUR_LETTERS.get(suffix, 'mp4v')), fps, size[::-1])
    if not writer.isOpened():
        raise DeployError(f'out {name}: OpenCV cannot write such a video, try .mp4 or .avi')
    return writer


class AvWriter:
    """Frames to H.264 or VP9 through PyAV.

    Args:
        path: What is written.
        suffix: One of ``.mp4``, ``.m4v`` and ``.webm``.
        fps: Frames per second.
        size: (H, W) of the frames.

    Raises:
        ImportError: PyAV is not installed, or its ffmpeg has none of the codecs.
    """

    def __init__(self, path: Path, suffix: str, fps: float, size: tuple[int, int]) -> None:
        import av

        codec = next((name for name in _CODECS[suffix] if name in av.codecs_available), None)
        if codec is None:
            raise ImportError(f'no codec for {suffix}')
        self._av, (height, width) = av, size
        # the temporary name has another suffix; faststart: a browser plays before it has all
        options = {} if suffix == '.webm' else dict(movflags='faststart')
        self._file = av.open(str(path), 'w', format='webm' if suffix == '.webm' else 'mp4', options=options)
        # a camera's 29.97 as a fraction that the formats hold
        self._stream = self._file.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        self._stream.width, self._stream.height = max(width - width % 2, 2), max(height - height % 2, 2)
        self._stream.pix_fmt = 'yuv420p'  # browsers play no other

    def write(self, frame: np.ndarray) -> None:
        """Adds a frame (H, W, 3), uint8, BGR."""
        cropped = np.ascontiguousarray(frame[: self._stream.height, : self._stream.width])
        for packet in self._stream.encode(self._av.VideoFrame.from_ndarray(cropped, format='bgr24')):
            self._file.mux(packet)

    def release(self) -> None:
        """Writes what is still inside and closes the file."""
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()
