"""Runs a segmenter over pictures, a video or a camera, and writes what comes out."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Callable, Iterable, Iterator

import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.images import shown
from mmseg_liteseg.images.files import reason_of
from mmseg_liteseg.processor import available_cores

from .confidence import mark_unsure
from .inputs import Pictures, Video
from .outputs import Outputs, for_model, name_outputs, write_masks, write_picture
from .progress import Progress
from .segmenter import Run, Segmenter
from .stages import Stage, Stages, opencv_alone
from .video import VideoReader, video_writer

# Frames in the network at a time, at most: each holds intermediate results.
_MOST_STREAMS = 4
# Some formats only estimate how many frames they hold.
_MISSING = 0.02
# What a system says of a single name; with anything else, such as a full disk, the next one would fail too.
_OF_ONE_NAME = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)


def run_pictures(
    segmenter: Segmenter,
    found: Pictures,
    outputs: Outputs,
    alpha: float,
    strict: bool = False,
    least: float | None = None,
) -> tuple[Progress, list[str]]:
    """Goes through files; one that fails, on the way in, in the model or on the way out, does not stop the others.

    Args:
        segmenter: The model.
        found: The files.
        outputs: Where results go.
        alpha: Opacity of the colours of overlays.
        strict: Stops at the first failure.
        least: Pixels whose label has a smaller probability get the largest value of the mask's type, 255 as a rule.

    Returns:
        How many were done and how fast, and a line for each failure.

    Raises:
        DeployError: an output would replace an input, nothing can be written any more, or, with ``strict``, a failure.
    """
    outputs = for_model(outputs, segmenter.metadata)
    names = name_outputs(outputs, found)
    progress, failures = Progress(len(found.files), 'pictures'), []

    def fail(line: str) -> None:
        failures.append(line)
        if strict:
            raise DeployError(f'{line}; {progress.done} of {len(found.files)} pictures were done before')

    def readable() -> Iterator[tuple[Path, np.ndarray]]:
        for file in found.files:
            try:
                yield file, segmenter.read(file)
            except DeployError as error:
                fail(str(error))

    try:
        for problem in found.problems:
            fail(problem)
        for file, image, mask in _segment_each(partial(_predict, segmenter, least), segmenter.batch, readable(), fail):
            try:
                if outputs.mask:
                    write_masks(outputs, names[file], mask, file)
                if outputs.overlay:
                    write_picture(outputs.overlay_of(names[file]), segmenter.overlay(image, mask, alpha))
            except OSError as error:
                if error.errno not in _OF_ONE_NAME:
                    raise DeployError(
                        f'{shown(file)}: its results cannot be written ({reason_of(error)} in {shown(outputs.out)}); '
                        f'{progress.done} of {len(found.files)} pictures were done, this one and those behind it in '
                        'the order of their names were not'
                    ) from None
                fail(f'image {shown(file)}: its results cannot be written ({reason_of(error)})')
            except (DeployError, MemoryError) as error:
                fail(f'image {shown(file)}: {reason_of(error)}')
            else:
                progress.step()
    finally:
        progress.close()
    return progress, failures


def _predict(segmenter: Segmenter, least: float | None, images: list[np.ndarray]) -> list[np.ndarray]:
    """Masks, with a value of its own where the model is not sure."""
    if least is None:
        return segmenter.predict(images)
    # the type's largest value is no label: 255 is ignored by every metric
    pairs = segmenter.predict(images, scores=True)
    return [mark_unsure(mask, confidence, least, np.iinfo(mask.dtype).max) for mask, confidence in pairs]


def _segment_each(
    predict: Callable[[list[np.ndarray]], list[np.ndarray]],
    batch: int,
    pictures: Iterable[tuple[Path, np.ndarray]],
    fail: Callable[[str], None],
) -> Iterator[tuple[Path, np.ndarray, np.ndarray]]:
    """(file, picture) -> (file, picture, mask), as many at a time as the model takes; those that fail together each
    have another try of their own.
    """
    pictures = iter(pictures)
    while True:
        chunk = list(islice(pictures, batch))
        if not chunk:
            return
        try:
            yield from [(*pair, mask) for pair, mask in zip(chunk, predict([image for _, image in chunk]))]
            continue
        except (DeployError, MemoryError) as error:
            if len(chunk) == 1:
                fail(f'image {shown(chunk[0][0])}: {reason_of(error)}')
                continue
        # one that is too large for the memory must not cost its neighbours their masks
        for file, image in chunk:
            try:
                yield file, image, predict([image])[0]
            except (DeployError, MemoryError) as error:
                fail(f'image {shown(file)}: {reason_of(error)}')


def streams_of(threads: int) -> int:
    """How many frames of a video to have in the network at a time on a CPU, for a segmenter of so many threads: one a
    core, up to 4, are done sooner than one after the other on all cores.

    Args:
        threads: 0 for all cores.
    """
    return min(_MOST_STREAMS, threads or available_cores())


def run_video(
    segmenter: Segmenter,
    video: Video,
    outputs: Outputs,
    alpha: float,
    limit: int | None,
    say: Callable[[str], None] | None = None,
) -> tuple[Progress, list[str]]:
    """Goes through frames, ``limit`` of them at most. Reading, resizing, the network, the label map, painting and
    writing overlap; of a camera's pictures those that come while the network is busy are left out.

    Ctrl-C ends the video with what is done: its file plays.

    Args:
        segmenter: The model.
        video: Where frames come from.
        outputs: What is written.
        alpha: Opacity of the colours.
        limit: Most frames; None for all.
        say: Takes the time of each stage at the end, if it is wanted.

    Returns:
        How many frames were done and how fast, and a line if the video ended early.

    Raises:
        DeployError: the video cannot be read or written, or the model fails.
    """
    outputs = for_model(outputs, segmenter.metadata)
    if segmenter.tiling is not None:
        raise DeployError(f'{video.name}: tiles are for pictures, a video is labelled frame by frame')
    if not segmenter.metadata.takes_colours:
        raise DeployError(f'{video.name}: a video holds 8-bit colours, this model was trained on other data')
    reader = VideoReader(video)
    total = min(filter(None, (reader.frames, limit)), default=None)
    progress, stopped = Progress(total, 'frames'), False
    try:
        with ExitStack() as stack:
            if segmenter.streams > 1:  # each has a core of its own: none is idle
                stack.enter_context(opencv_alone())
            write = _frame_writer(video, outputs, reader.fps, stack)
            chunks = _chunks(islice(reader.timed(), limit), segmenter.batch)
            stages = stack.enter_context(
                Stages(chunks, _stages(segmenter, outputs.overlay, alpha), latest=video.is_camera)
            )
            try:
                for chunk in stages:
                    for frame in chunk.results():
                        stages.timed('write', write, progress.done, *frame)
                        progress.step()
            # here and not outside: what is written so far is closed on the way out, and plays
            except KeyboardInterrupt:
                stopped = True
            if not progress.done:
                raise KeyboardInterrupt if stopped else DeployError(f'{video.name}: it gives no frame')
        if say is not None:
            say(stages.table())
    finally:
        progress.close()
        reader.close()
    if stopped and not video.is_camera:
        return progress, [f'video {video.source}: stopped after {progress.done} of {total or "unknown"} frames']
    if not video.is_camera and total and progress.done < (1 - _MISSING) * total:
        return progress, [f'video {video.source}: ends after {progress.done} of {total} frames, it may be truncated']
    return progress, []


@dataclass
class _Chunk:
    """Frames that go through the model at a time, with what became of them so far."""

    frames: list[np.ndarray]
    times: list[float]
    runs: list[Run] = field(default_factory=list)
    masks: dict[int, np.ndarray] = field(default_factory=dict)
    painted: list[np.ndarray] | None = None

    def results(self) -> Iterator[tuple[float, np.ndarray, np.ndarray | None]]:
        """Time, mask and, where it is wanted, overlay of each frame."""
        for index, seconds in enumerate(self.times):
            yield seconds, self.masks[index], None if self.painted is None else self.painted[index]


def _chunks(timed: Iterator[tuple[np.ndarray, float]], size: int) -> Iterator[_Chunk]:
    while True:
        chunk = list(islice(timed, size))
        if not chunk:
            return
        frames, times = zip(*chunk)
        yield _Chunk(list(frames), list(times))


def _stages(segmenter: Segmenter, overlay: bool, alpha: float) -> list[Stage]:
    """What happens to a chunk between reading and writing."""

    def resize(chunk: _Chunk) -> _Chunk:
        return replace(chunk, runs=list(segmenter.prepare(chunk.frames)))

    def network(chunk: _Chunk) -> _Chunk:
        return replace(chunk, runs=[segmenter.infer(run) for run in chunk.runs])

    def label_map(chunk: _Chunk) -> _Chunk:
        masks = {index: mask for run in chunk.runs for index, mask in segmenter.finish(run, chunk.frames)}
        return replace(chunk, runs=[], masks=masks)

    def paint(chunk: _Chunk) -> _Chunk:
        pairs = enumerate(chunk.frames)
        return replace(chunk, painted=[segmenter.overlay(frame, chunk.masks[i], alpha) for i, frame in pairs])

    stages = [('resize', resize), ('network', network, segmenter.streams), ('label map', label_map)]
    return [*stages, ('paint', paint)] if overlay else stages


def _frame_writer(
    video: Video, outputs: Outputs, fps: float, stack: ExitStack
) -> Callable[[int, float, np.ndarray, np.ndarray | None], None]:
    """A function that writes the mask and the overlay of a frame at its time; ``stack`` closes the video."""
    add = None
    if outputs.overlay:
        target = outputs.overlay_of(Path(video.name), '.mp4')
        if not video.is_camera and target.resolve() == video.source.resolve():
            raise DeployError(f'out {target}: this is the input, name another file')
        add = stack.enter_context(video_writer(target, fps))

    def write(index: int, seconds: float, mask: np.ndarray, painted: np.ndarray | None) -> None:
        if outputs.mask:
            write_masks(outputs, Path(video.name) / f'{index:06}', mask)
        if add is not None:
            add(painted, seconds)

    return write
