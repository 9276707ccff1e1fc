"""Predictions of a training's best checkpoint on every validation image, and which of them to show."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import cv2
import mmcv
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.apis import init_model
from mmseg.registry import DATASETS

from mmseg_liteseg.engine.history_hook import iou_of
from mmseg_liteseg.visualization.files import replaced_by
from mmseg_liteseg.visualization.overlays import draw_sheet
from mmseg_liteseg.visualization.report import count_pairs

from .errors import StudyError


@dataclass(frozen=True)
class Scored:
    """One image and how well it was predicted.

    Attributes:
        path: Of the image.
        label: Classes (H, W), uint8; 255 where there is none.
        prediction: Classes (H, W), uint8.
        confusion: Pixels by (label, prediction).
        miou: Mean over the classes that label or prediction hold, 0..1.
    """

    path: str
    label: np.ndarray
    prediction: np.ndarray
    confusion: np.ndarray
    miou: float


@dataclass(frozen=True)
class Evaluation:
    """All validation images of one model.

    Attributes:
        images: In the data set's order.
        classes: Their names.
        palette: RGB colour of each.
    """

    images: list[Scored]
    classes: Sequence[str]
    palette: Sequence

    @property
    def iou(self) -> np.ndarray:
        """Of each class over all images, as mmseg counts it; nan where neither labels nor predictions hold it."""
        return iou_of(sum(image.confusion for image in self.images))

    @property
    def miou(self) -> float:
        """Mean over the classes that are there."""
        return float(np.nanmean(self.iou))

    def choose(self, count: int = 5) -> dict[str, list[Scored]]:
        """The best, those around the median, and the worst, by the images' own mIoU; each list from better to worse."""
        ranked = sorted(self.images, key=lambda image: -image.miou)
        count = min(count, len(ranked))
        # by rank, and not chosen by hand: the pages say so
        middle = (len(ranked) - count) // 2
        return dict(good=ranked[:count], typical=ranked[middle : middle + count], worst=ranked[-count:])


@torch.no_grad()
def evaluate(cfg: Config, checkpoint: str | Path, data_root: str, device: str = 'cpu') -> Evaluation:
    """Predicts every validation image, one scale, no flip.

    Raises:
        StudyError: There is no such checkpoint.
    """
    if not Path(checkpoint).is_file():
        raise StudyError(f'{checkpoint}: no such checkpoint')
    cfg = copy.deepcopy(cfg)
    model = init_model(cfg, str(checkpoint), device=device)
    init_default_scope('mmseg')
    dataset = DATASETS.build({**cfg.val_dataloader.dataset, 'data_root': data_root, 'pipeline': cfg.test_pipeline})
    classes = dataset.metainfo['classes']
    images = [_score(model, dataset[i], len(classes)) for i in range(len(dataset))]
    return Evaluation(images, classes, dataset.metainfo['palette'])


def _score(model: Any, data: dict[str, Any], num_classes: int) -> Scored:
    sample = model.test_step(pseudo_collate([data]))[0]
    label, prediction = (
        field.data.squeeze(0).cpu().numpy().astype(np.uint8) for field in (sample.gt_sem_seg, sample.pred_sem_seg)
    )
    confusion = count_pairs(label, prediction, num_classes, ignore_index=255)
    return Scored(sample.img_path, label, prediction, confusion, float(np.nanmean(iou_of(confusion))))


def draw_choice(evaluation: Evaluation, folder: Path, cell_width: int = 300) -> dict[str, list[Scored]]:
    """Writes good.jpg, typical.jpg and worst.jpg, and returns the images on each; sample.jpg has two typical ones.

    thin.jpg enlarges where the classes of the fewest labelled pixels are found.
    """
    chosen = evaluation.choose()
    for name, images in dict(chosen, sample=chosen['typical'][:2]).items():
        _write_sheet(evaluation, [_row(image) for image in images], folder / f'{name}.jpg', cell_width)
    _write_sheet(evaluation, _enlarged(evaluation), folder / 'thin.jpg', cell_width)
    return chosen


def _row(image: Scored) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return mmcv.imread(image.path, channel_order='rgb'), image.label, image.prediction


def _enlarged(evaluation: Evaluation, classes: Sequence[str] = ('pole', 'sign'), part: int = 3) -> list[tuple]:
    """Of each class the two images with most of it, cut to the window of 1/part of the sides that holds most of it."""
    rows = []
    for name in (name for name in classes if name in evaluation.classes):
        index = list(evaluation.classes).index(name)
        pixels = [int((image.label == index).sum()) for image in evaluation.images]
        # far apart: neighbours in a film look the same
        first = int(np.argmax(pixels))
        far = [count if abs(i - first) > len(pixels) // 4 else -1 for i, count in enumerate(pixels)]
        for image in (evaluation.images[first], evaluation.images[int(np.argmax(far))]):
            height, width = (side // part for side in image.label.shape)
            # sums of the window whose upper left corner is at each pixel
            mask = (image.label == index).astype(np.float32)
            sums = cv2.boxFilter(mask, -1, (width, height), anchor=(0, 0), normalize=False)
            sums = sums[: mask.shape[0] - height + 1, : mask.shape[1] - width + 1]
            y, x = np.unravel_index(int(np.argmax(sums)), sums.shape)
            rows.append(tuple(picture[y : y + height, x : x + width] for picture in _row(image)))
    return rows


def _write_sheet(evaluation: Evaluation, rows: Sequence[tuple], path: Path, cell_width: int) -> None:
    sheet = draw_sheet(rows, evaluation.classes, evaluation.palette, cell_width)
    with replaced_by(path) as temporary:  # PNG would take five times the bytes
        temporary.write_bytes(cv2.imencode('.jpg', sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
