"""Writers of video files: PyAV's ffmpeg, whose H.264 plays in browsers and which keeps the frames' times, or OpenCV."""

from __future__ import annotations

import warnings
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
# The encoders' defaults cost more than the network of a small model. Of 720x1280, processor time a frame, size, PSNR:
# x264 24 ms, 97 KiB, 35.4 dB; veryfast 12 ms, 75 KiB, 35.1 dB; superfast 8 ms, but 158 KiB.
# VP9 77 ms, 64 KiB, 35.7 dB; realtime 12 ms, 103 KiB, 35.5 dB.
_SPEED = {
    'libx264': {'preset': 'veryfast'},
    'libvpx-vp9': {'deadline': 'realtime', 'cpu-used': '5'},
}
# Ticks of a second, as MPEG counts: every usual rate is a whole number of them.
_TICKS = 90000


def open_writer(path: Path, name: Path, fps: float, size: tuple[int, int]) -> Any:
    """A writer with ``write(frame, seconds)`` and ``release()``.

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
    return OpenCVWriter(path, name, fps, size)


class OpenCVWriter:
    """Frames through OpenCV, which knows one rate for all of them; says where that is not what they came at.

    Args:
        path: What is written.
        name: What the user calls it.
        fps: Frames per second.
        size: (H, W) of the frames.

    Raises:
        DeployError: OpenCV writes no such file.
    """

    def __init__(self, path: Path, name: Path, fps: float, size: tuple[int, int]) -> None:
        self._name, self._fps = name, fps
        self._count, self._first, self._late = 0, None, 0.0
        four_letters = _FOUR_LETTERS.get(name.suffix.lower(), 'mp4v')
        self._writer = cv2.VideoWriter()
        self._writer.open(str(path), cv2.VideoWriter_fourcc(*four_letters), fps, size[::-1])
        if not self._writer.isOpened():
            raise DeployError(f'out {name}: OpenCV cannot write such a video, try .mp4 or .avi')

    def write(self, frame: np.ndarray, seconds: float | None = None) -> None:
        """Adds a frame (H, W, 3), uint8, BGR."""
        self._writer.write(frame)
        self._first = seconds if self._count == 0 else self._first
        if seconds is not None and self._first is not None:
            self._late = max(self._late, abs(seconds - self._first - self._count / self._fps))
        self._count += 1

    def release(self) -> None:
        """Closes the file."""
        self._writer.release()
        if self._late > 1 / self._fps:
            warnings.warn(
                f'out {self._name}: its frames came at uneven times, up to {self._late:.1f} s from where a constant '
                f'{self._fps:.4g} frames a second puts them. .mp4 and .webm keep the times where PyAV is installed'
            )


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
        self._stream.codec_context.options = _SPEED.get(codec, {})
        self._stream.width, self._stream.height = max(width - width % 2, 2), max(height - height % 2, 2)
        self._stream.pix_fmt = 'yuv420p'  # browsers play no other
        self._stream.codec_context.time_base = Fraction(1, _TICKS)
        self._ticks, self._tick, self._first = _TICKS / fps, None, None

    def write(self, frame: np.ndarray, seconds: float | None = None) -> None:
        """Adds a frame (H, W, 3), uint8, BGR, at its time; one interval after the last where it has none."""
        cropped = np.ascontiguousarray(frame[: self._stream.height, : self._stream.width])
        picture = self._av.VideoFrame.from_ndarray(cropped, format='bgr24')
        picture.pts, picture.time_base = self._next_tick(seconds), Fraction(1, _TICKS)
        for packet in self._stream.encode(picture):
            self._file.mux(packet)

    def _next_tick(self, seconds: float | None) -> int:
        if self._tick is None:
            self._first, self._tick = seconds, 0.0
        elif seconds is None or self._first is None:
            self._tick += self._ticks
        else:
            # a format refuses two frames at one time, and times that go back
            self._tick = max((seconds - self._first) * _TICKS, self._tick + 1)
        return round(self._tick)

    def release(self) -> None:
        """Writes what is still inside and closes the file."""
        # the encoder holds frames back to look ahead
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()
