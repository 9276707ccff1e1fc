"""Pictures in, masks out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Sequence

import cv2
import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.fields import brief, check_choice, check_path, check_real, check_whole
from mmseg_liteseg.deploy.metadata import Metadata
from mmseg_liteseg.deploy.runners import Runner
from mmseg_liteseg.images import ImageFileError, check_range, shown, to_picture
from mmseg_liteseg.visualization.overlays import make_palette, paint_label, paint_masks

from .confidence import check_has_scores, labels_with_confidence
from .opening import open_model
from .pictures import ORDERS, read_image, to_bands, to_bgr
from .sizing import network_size, prepare_picture, to_mask
from .tiling import Tiling


@dataclass(frozen=True)
class Run:
    """Pictures that go through the model together.

    Attributes:
        members: Their indices among the pictures given.
        size: (H, W) in the network.
        data: The model's input, afterwards its output, of ``len(members)`` pictures or a fixed number above it.
    """

    members: list[int]
    size: tuple[int, int]
    data: np.ndarray


class Segmenter:
    """An exported model that takes pictures of any size and gives masks of the same size.

    ::

        picture (H, W, 3) -> the network's size -> model -> logits back at H x W -> argmax -> mask (H, W)
                                                        '-> labels back at H x W ----------------^

    A model of one size gets the picture resized to it; one of any size takes it as it is, or resized as the config's
    test pipeline does. Pictures of one size in the network share a run where the model takes several at a time.
    Threads may share a segmenter.

    Args:
        path: ``.onnx``, or OpenVINO's ``.xml``.
        threads: Of the runtime; 0 leaves it to the runtime.
        device: An execution provider of onnxruntime (``CUDAExecutionProvider``, ``cuda:1``) or a device of OpenVINO
            (``GPU``, ``GPU.1``); the CPU by default.
        options: Of the runtime, by its own names: see ``open_artefact``.
        order: Of the channels of pictures, in and out: 'bgr' (OpenCV's) or 'rgb'.
        batch: Most pictures of a run, for a model that takes any number.
        tiling: Cuts every picture into tiles of this size, for pictures too large for the memory.
        metadata: What the file does not say of itself, see ``mmseg_liteseg.deploy.metadata``.
        runner: The artefact where it is open already, in whatever runtime; ``threads``, ``device`` and ``options`` are
            its own then.
        streams: Threads of yours that will run it at the same time: they share the runtime's ``threads``.

    Attributes:
        metadata: Classes, palette and interface of the model.
        runtime: Name and version of what runs it.
        batch: Pictures of a run: the model's own number, if it has one.
        streams: As above.

    Raises:
        DeployError: the model cannot be used, or an argument is wrong; the message names it.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int = 0,
        device: str | None = None,
        options: Mapping[str, str] | None = None,
        order: str = 'bgr',
        batch: int = 4,
        tiling: Tiling | None = None,
        metadata: Metadata | None = None,
        runner: Runner | None = None,
        streams: int = 1,
    ) -> None:
        check_choice('order', order, ORDERS)
        check_whole('batch', batch, 1)
        if tiling is not None and not isinstance(tiling, Tiling):
            raise DeployError(f'tiling: expected Tiling((H, W), overlap), got {brief(tiling)}')
        self.path, self.order, self.tiling = check_path('model', path), order, tiling
        self._runner, self.metadata = open_model(self.path, threads, device, options, metadata, runner, streams)
        self.runtime, self.streams = self._runner.runtime, streams
        self._interface = self.metadata.interface
        self.batch = self._interface.batch or batch
        self._dtype = np.uint8 if len(self.metadata.classes) <= 256 else np.uint16

    def predict(self, images: np.ndarray | Sequence[np.ndarray], scores: bool = False) -> Any:
        """Labels every pixel.

        Args:
            images: A picture (H, W, 3), uint8, or one of Pillow; or several of any sizes: a list, or an array
                (N, H, W, 3). Grey pictures (H, W) and transparent ones (H, W, 4) are converted. A model of other data
                than 8-bit colours takes (H, W, C) of its own channels and values, as ``read`` gives them.
            scores: Also gives how sure the model is.

        Returns:
            The mask (H, W), uint8 (uint16 beyond 256 classes); for several pictures their masks, in their order. Of a
            model with ``multi_label`` a mask is (C, H, W), 0 and 1 for each class. With ``scores`` instead of each mask
            a pair: the mask, and the probability of each pixel's label (H, W), float32.

        Raises:
            DeployError: a picture is none, or the model failed on it, or gives no scores.
        """
        if scores:
            check_has_scores(self._interface)
        # a single picture is an array, too; strings and mappings can be iterated over but hold no pictures
        several = images.ndim > 3 if isinstance(images, np.ndarray) else isinstance(images, Iterable)
        if not several or isinstance(images, (str, bytes, Mapping)):
            return self._predict([self._checked(images)], scores)[0]
        return self._predict([self._checked(image, f'images[{i}]') for i, image in enumerate(images)], scores)

    def read(self, path: str | Path) -> np.ndarray:
        """Reads a picture as the model's training did: its depth and channels, turned as EXIF says.

        Returns:
            For ``predict`` and ``overlay``, in this segmenter's order of channels.

        Raises:
            DeployError: there is no such file, it is no picture, or not one for this model.
        """
        image = read_image(path, self.metadata.color_type)
        image = self._checked(image if self.order == 'bgr' else _swapped(image), f'image {shown(path)}')
        interface = self._interface
        try:
            check_range(image, interface.mean, interface.std, shown(path))
        except ImageFileError as error:
            raise DeployError(str(error).replace('model.data_preprocessor', 'the model')) from None
        return image if self.order == 'bgr' else _swapped(image)

    def _checked(self, image: Any, name: str = 'image') -> np.ndarray:
        """A caller's picture in BGR, or with the model's bands."""
        if self.metadata.takes_colours:
            return to_bgr(image, self.order, name)
        return to_bands(image, self.order, len(self._interface.mean), name)

    def overlay(self, image: np.ndarray, mask: np.ndarray | None = None, alpha: float = 0.6) -> np.ndarray:
        """Lays the classes' colours over a picture.

        Args:
            image: As in ``predict``.
            mask: Of the picture; predicted if not given.
            alpha: Opacity of the colours, 0 to 1.

        Returns:
            (H, W, 3), uint8, in this segmenter's order of channels; values beyond 8 bits are stretched. Colours are
            made up if the model has none.

        Raises:
            DeployError: as in ``predict``; or the mask is of another size.
        """
        checked = self._checked(image)
        if mask is not None and (not isinstance(mask, np.ndarray) or mask.dtype.kind not in 'uib'):
            raise DeployError(f'mask: expected an array of labels, got {type(mask).__name__}')
        check_real('alpha', alpha, 0, 1)
        mask = self._predict([checked])[0] if mask is None else mask
        bgr = to_picture(checked)
        if mask.shape[-2:] != bgr.shape[:2]:
            raise DeployError(f'mask: expected the size of the picture, {bgr.shape[:2]}, got {mask.shape}')
        palette = self.metadata.palette or make_palette(len(self.metadata.classes))
        paint = paint_masks if self._interface.multi_label else paint_label
        painted = paint(bgr, mask, [colour[::-1] for colour in palette], alpha)
        return painted if self.order == 'bgr' else cv2.cvtColor(painted, cv2.COLOR_BGR2RGB)

    def prepare(self, pictures: Sequence[np.ndarray]) -> Iterator[Run]:
        """BGR pictures -> runs of the model, pictures of one size in the network together."""
        groups: dict[Any, list[int]] = {}
        for index, picture in enumerate(pictures):
            size = network_size(picture.shape[:2], self._interface, self.metadata.steps)
            # in the network they must have one size; results find their place by the index
            groups.setdefault(tuple(size), []).append(index)
        for size, members in groups.items():
            for start in range(0, len(members), self.batch):
                run = members[start : start + self.batch]
                yield Run(run, size, self._inputs([pictures[index] for index in run], size))

    def infer(self, run: Run) -> Run:
        """Runs the model on a run's inputs, which its outputs replace.

        Raises:
            DeployError: the model failed, or its answer is not what its metadata say.
        """
        shape = run.data.shape
        try:
            outputs = self._runner(run.data)
        except DeployError:
            raise
        except Exception as error:  # runtimes' errors share no base but Exception
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise DeployError(f'model {self.path}: it failed on an input of shape {shape} ({reason})') from error
        outputs = self._squeezed(outputs)
        self._check(outputs, len(run.data), run.size)
        return replace(run, data=outputs)

    def _squeezed(self, outputs: np.ndarray) -> np.ndarray:
        """Labels (N, 1, H, W), as mmdeploy's files give them, without the 1."""
        labels = self._interface.output == 'labels' and not self._interface.multi_label
        return outputs[:, 0] if labels and outputs.ndim == 4 and outputs.shape[1] == 1 else outputs

    def finish(self, run: Run, pictures: Sequence[np.ndarray], scores: bool = False) -> Iterator[tuple[int, Any]]:
        """A run's outputs -> (index, mask) of each of its pictures; with scores (index, (mask, confidence))."""
        make = labels_with_confidence if scores else to_mask
        for index, output in zip(run.members, run.data):
            yield index, make(output, self._interface, (run.size, pictures[index].shape[:2]), self._dtype)

    def _predict(self, pictures: list[np.ndarray], scores: bool = False) -> list:
        """BGR pictures -> masks."""
        if self.tiling is not None:
            return [self._predict_tiles(picture, scores) for picture in pictures]
        return self._predict_whole(pictures, scores)

    def _predict_whole(self, pictures: list[np.ndarray], scores: bool) -> list:
        masks: dict[int, Any] = {}
        for run in self.prepare(pictures):
            masks.update(self.finish(self.infer(run), pictures, scores))
        return [masks[index] for index in range(len(pictures))]

    def _predict_tiles(self, picture: np.ndarray, scores: bool) -> Any:
        """A picture whose tiles go through the model one by one."""
        whole: list[np.ndarray] = []
        for tile in self.tiling.spans(*picture.shape[:2]):
            (part,) = self._predict_whole([np.ascontiguousarray(picture[tile.read])], scores)
            parts = part if scores else (part,)
            if not whole:  # the first tells the types, and how many classes have a mask of their own
                whole = [np.empty((*array.shape[:-2], *picture.shape[:2]), array.dtype) for array in parts]
            for array, labels in zip(whole, parts):
                array[(..., *tile.keep)] = tile.kept(labels)
        return tuple(whole) if scores else whole[0]

    def _inputs(self, pictures: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
        """What goes into the model; a batch of a fixed number is filled up with repetitions."""
        resized = [prepare_picture(picture, size, self._interface, self.metadata.steps) for picture in pictures]
        # those beyond the members are dropped in finish
        resized += resized[-1:] * ((self._interface.batch or len(resized)) - len(resized))
        return self._interface.prepare(np.stack(resized))

    def _check(self, outputs: np.ndarray, count: int, size: tuple[int, int]) -> None:
        """An answer of another shape than the metadata say would give masks that mean nothing."""
        kind, shape = self._interface.output, outputs.shape
        interface, classes = self._interface, len(self.metadata.classes)
        channels = 1 if interface.threshold is not None and not interface.multi_label else classes
        expected = {
            'labels': (count, classes, *size) if interface.multi_label else (count, *size),
            'logits': (count, channels, *size),
            'scores': (count, channels, *shape[2:]),
        }[kind]
        if shape != expected or len(shape) != (3 if kind == 'labels' and not interface.multi_label else 4):
            raise DeployError(
                f'model {self.path}: its metadata say that it gives {kind}, {expected} here, but it gave {shape}'
            )


def _swapped(image: np.ndarray) -> np.ndarray:
    """BGR -> RGB and back; other numbers of channels stay as they are."""
    return image[..., ::-1] if image.ndim == 3 and image.shape[2] == 3 else image
