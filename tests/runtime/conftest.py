"""A model that is a function of numpy: the runtime's own logic needs no other."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.metadata import Interface, Metadata
from mmseg_liteseg.deploy.runners import Runner
from mmseg_liteseg.deploy.runners.find import check_settings
from mmseg_liteseg.runtime import Segmenter, opening

PALETTE = ((200, 0, 0), (0, 150, 0), (0, 0, 100))
INTERFACE = dict(
    layout='NCHW', dtype='float32', color='rgb', mean=(0.0,) * 3, std=(1.0,) * 3, size=None, batch=None, output='labels'
)


class Stub(Runner):
    """Labels each pixel by its greatest channel, in the network's order; keeps what it was given."""

    runtime = 'stub 1.0'

    def __init__(self, metadata: Metadata | None) -> None:
        self.metadata, self.inputs, self.function = metadata, [], None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        self.inputs.append(x)
        interface = self.metadata.interface
        if self.function is not None:
            return self.function(x)
        logits = x if interface.layout == 'NCHW' else x.transpose(0, 3, 1, 2)
        return logits.argmax(1).astype(np.uint8) if interface.output == 'labels' else logits.astype(np.float32)


def greatest(image: np.ndarray) -> np.ndarray:
    """What the stub should say of a BGR picture: 0 red, 1 green, 2 blue."""
    return image[..., ::-1].argmax(-1).astype(np.uint8)


def draw(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise, BGR."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def blocks(height: int, width: int) -> np.ndarray:
    """Red, green and blue beside each other: survives JPEG and video."""
    image = np.zeros((height, width, 3), np.uint8)
    for label in range(3):
        image[:, label * width // 3 : (label + 1) * width // 3, 2 - label] = 200
    return image


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Stub]:
    """Makes ``open_artefact`` answer with a stub for the file ``stub.path``."""

    def make(function: Callable | None = None, steps: tuple = (), **interface: object) -> Stub:
        metadata = Metadata(Interface(**{**INTERFACE, **interface}), ('r', 'g', 'b'), PALETTE, steps)
        runner = Stub(metadata)
        runner.function, runner.path = function, tmp_path / 'stub.onnx'
        runner.path.touch()
        runner.opened = []

        def open_stub(path: Path, *settings: object) -> Stub:
            check_settings(*settings)
            runner.opened.append((path, *settings))
            return runner

        monkeypatch.setattr(opening, 'open_artefact', open_stub)
        return runner

    return make


@pytest.fixture
def segmenter(stub: Callable[..., Stub]) -> Callable[..., Segmenter]:
    """Makes a segmenter around a stub: ``segmenter(options=dict(batch=2), output='logits')``."""

    def make(function: Callable | None = None, options: dict | None = None, **settings: object) -> Segmenter:
        runner = stub(function, **settings)
        made = Segmenter(runner.path, **(options or {}))
        made.stub = runner
        return made

    return make


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with three pictures, one of them deeper, and files that are none."""
    folder = tmp_path / 'photos'
    (folder / 'deep').mkdir(parents=True)
    for name in ('a.png', 'b.JPG', 'deep/a.bmp'):
        cv2.imwrite(str(folder / name), blocks(12, 18))
    (folder / 'notes.txt').write_text('no picture')
    return folder


def write_video(path: Path, frames: int = 6, fps: float = 12.5, size: tuple[int, int] = (48, 66)) -> Path:
    """MJPG in an .avi: OpenCV writes and reads it without ffmpeg."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), fps, size[::-1])
    for _ in range(frames):
        writer.write(blocks(*size))
    writer.release()
    return path
