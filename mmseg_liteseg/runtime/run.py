"""Runs a segmenter over pictures, a video or a camera, and writes what comes out."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator

import numpy as np

from mmseg_liteseg.deploy.errors import DeployError

from .inputs import Pictures, Video
from .outputs import Outputs, check_targets, for_model, write_masks, write_picture
from .pictures import read_image
from .progress import Progress
from .segmenter import Segmenter
from .video import VideoReader, video_writer

# Some formats only estimate how many frames they hold.
_MISSING = 0.02


def run_pictures(segmenter: Segmenter, found: Pictures, outputs: Outputs, alpha: float) -> tuple[Progress, list[str]]:
    """Goes through files; one that cannot be read is named, left out and does not stop the others.

    Returns:
        How many were done and how fast, and a line for each failure.

    Raises:
        DeployError: an output would replace an input, the model fails, or nothing can be written.
    """
    outputs = for_model(outputs, segmenter.metadata)
    check_targets(outputs, found)
    progress, failures = Progress(len(found.files), 'pictures'), []

    def readable() -> Iterator[tuple[Path, np.ndarray]]:
        for file in found.files:
            try:
                yield file, read_image(file)
            except DeployError as error:
                failures.append(str(error))

    try:
        for file, image, mask in _segment(segmenter, readable()):
            relative = file.relative_to(found.root)
            if outputs.mask:
                write_masks(outputs, relative, mask)
            if outputs.overlay:
                write_picture(outputs.overlay_of(relative), segmenter.overlay(image, mask, alpha))
            progress.step()
    finally:
        progress.close()
    return progress, failures


def run_video(
    segmenter: Segmenter, video: Video, outputs: Outputs, alpha: float, limit: int | None
) -> tuple[Progress, list[str]]:
    """Goes through frames, ``limit`` of them at most. Ctrl-C ends a camera's video, and drops that of a file.

    Returns:
        How many frames were done and how fast, and a line if the video ended early.

    Raises:
        DeployError: the video cannot be read or written, or the model fails.
    """
    outputs = for_model(outputs, segmenter.metadata)
    reader = VideoReader(video)
    total = min(filter(None, (reader.frames, limit)), default=None)
    progress = Progress(total, 'frames')
    try:
        with ExitStack() as stack:
            write = _frame_writer(video, outputs, reader.fps, stack)
            frames = enumerate(islice(reader, limit))
            try:
                for index, frame, mask in _segment(segmenter, frames):
                    painted = segmenter.overlay(frame, mask, alpha) if outputs.overlay else None
                    write(index, mask, painted)
                    progress.step()
            except KeyboardInterrupt:
                if not video.is_camera or not progress.done:
                    raise
            if not progress.done:
                raise DeployError(f'{video.name}: it gives no frame')
    finally:
        progress.close()
        reader.close()
    if not video.is_camera and total and progress.done < (1 - _MISSING) * total:
        return progress, [f'video {video.source}: ends after {progress.done} of {total} frames, it may be truncated']
    return progress, []


def _segment(
    segmenter: Segmenter, pictures: Iterable[tuple[Any, np.ndarray]]
) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """(key, picture) -> (key, picture, mask), as many at a time as the model takes."""
    pictures = iter(pictures)
    while True:
        chunk = list(islice(pictures, segmenter.batch))
        if not chunk:
            return
        for (key, image), mask in zip(chunk, segmenter.predict([image for _, image in chunk])):
            yield key, image, mask


def _frame_writer(
    video: Video, outputs: Outputs, fps: float, stack: ExitStack
) -> Callable[[int, np.ndarray, np.ndarray | None], None]:
    """A function that writes the mask and the overlay of a frame; ``stack`` closes the video."""
    add = None
    if outputs.overlay:
        target = outputs.overlay_of(Path(f'{video.name}.mp4'), '.mp4')
        if not video.is_camera and target.resolve() == video.source.resolve():
            raise DeployError(f'out {target}: this is the input, name another file')
        add = stack.enter_context(video_writer(target, fps))

    def write(index: int, mask: np.ndarray, painted: np.ndarray | None) -> None:
        if outputs.mask:
            write_masks(outputs, Path(video.name) / f'{index:06}.png', mask)
        if add is not None:
            add(painted)

    return write
