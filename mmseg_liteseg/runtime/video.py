"""Videos and cameras in, videos out."""

from __future__ import annotations

import math
import re
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

import cv2
import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.visualization.files import replaced_by

from .encoding import open_writer
from .inputs import Video

_DEFAULT_FPS = 30.0


class VideoReader:
    """Frames of a video or a camera: iterate over it.

    Attributes:
        fps: Frames per second as the source states them, 30 if it does not.
        frames: How many it announces; None for cameras and streams. Some formats only estimate it.

    Raises:
        DeployError: it cannot be opened.
    """

    def __init__(self, video: Video) -> None:
        source = str(video.source) if isinstance(video.source, Path) else video.source
        self._capture, self._live = cv2.VideoCapture(source), video.is_camera
        if not self._capture.isOpened():
            kind = 'camera' if isinstance(source, int) else 'stream' if video.is_camera else 'video'
            known = 'cannot be read (truncated, or a format that OpenCV does not know)'
            where = re.sub(r'//[^/@]*@', '//', str(source))  # without a password
            raise DeployError(f'{kind} {where}: {"cannot be opened" if video.is_camera else known}')
        fps, frames = (self._capture.get(name) for name in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT))
        self.fps = fps if math.isfinite(fps) and fps > 0 else _DEFAULT_FPS
        self.frames = int(frames) if not video.is_camera and math.isfinite(frames) and frames > 0 else None

    def __iter__(self) -> Iterator[np.ndarray]:
        """(H, W, 3), uint8, BGR, until there is no further one."""
        return (frame for frame, _ in self.timed())

    def timed(self) -> Iterator[tuple[np.ndarray, float]]:
        """Frames with their times in seconds, each later than the one before: of files what they say, which need not be
        even (phones, recorded screens), of cameras and streams the clock's.
        """
        last = -math.inf
        while True:
            there, frame = self._capture.read()
            if not there:
                return
            now = time.monotonic() if self._live else self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
            if not now > last:  # formats without times, and files whose times go back
                now = last + 1 / self.fps if math.isfinite(last) else 0.0
            last = now
            yield frame, now

    def close(self) -> None:
        """Gives the file or the camera back."""
        self._capture.release()


@contextmanager
def video_writer(path: Path, fps: float) -> Iterator[Callable[..., None]]:
    """Gives a function that adds a frame (H, W, 3), uint8, BGR, and takes its time in seconds, if it has one. The video
    appears once all are written, or not at all.

    Raises:
        DeployError: OpenCV cannot write such a file, or the frames' size changes.
    """
    with replaced_by(path) as temporary:
        writers: list[Any] = []
        size: list[tuple[int, int]] = []

        def add(frame: np.ndarray, seconds: float | None = None) -> None:
            if not size:
                size.append(frame.shape[:2])
                # not before a frame is there, which tells the size
                writers.append(open_writer(temporary, path, fps, size[0]))
            if frame.shape[:2] != size[0]:  # the writer would drop it and say nothing
                raise DeployError(f'out {path}: the size of the frames changes from {size[0]} to {frame.shape[:2]}')
            writers[0].write(frame, seconds)

        try:
            yield add
        finally:
            for writer in writers:
                writer.release()
        check = cv2.VideoCapture(str(temporary))  # a full disk is no error to the writer
        readable = check.isOpened()
        check.release()
        if not readable:
            raise DeployError(f'out {path}: no video came out (is the disk full?)')
