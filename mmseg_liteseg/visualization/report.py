"""What a trained model can do: IoU per class, pictures of its predictions, curves of its training."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Sequence

import cv2
import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.structures import SegDataSample

from mmseg_liteseg.datasets.transforms.loading import read_any
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.evaluation.multi_label import count_entries
from mmseg_liteseg.images import read_picture, shown

from .curves import draw_curves, read_scalars
from .files import replaced_by
from .overlays import draw_sheet


class Report(NamedTuple):
    """Results of an evaluation.

    Args:
        classes: Names of the classes.
        iou: Intersection over union of each class, 0..1; nan where neither labels nor predictions hold the class.
        accuracy: Share of each class's pixels that were found, 0..1; nan without any.
        share: Share of each class among the labelled pixels, 0..1.
        pictures: Files written.
    """

    classes: Sequence[str]
    iou: np.ndarray
    accuracy: np.ndarray
    share: np.ndarray
    pictures: Sequence[Path]

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that are there."""
        return float(np.nanmean(self.iou))

    def table(self) -> str:
        """The results as text, one class a line, in percent."""
        width = max(len(name) for name in (*self.classes, 'class'))
        lines = [f'{"class":{width}}     IoU     acc   share']
        for name, *values in zip(self.classes, self.iou, self.accuracy, self.share):
            lines.append(f'{name:{width}}' + ''.join(_percent(value) for value in values))
        mean = (self.mean_iou, float(np.nanmean(self.accuracy)))
        return '\n'.join([*lines, f'{"mean":{width}}' + ''.join(_percent(value) for value in mean)])


def _percent(value: float) -> str:
    return '       -' if np.isnan(value) else f'{100 * value:8.2f}'


class EvaluationHook(Hook):
    """Looks on while the test loop runs: counts pixels per class and keeps some samples.

    Args:
        num_samples: How many samples to keep, spread evenly over the data set.
    """

    def __init__(self, num_samples: int = 6) -> None:
        if num_samples < 1:
            raise SettingError(f'num_samples: expected at least 1, got {num_samples}')
        self.num_samples = num_samples

    def before_test(self, runner: Runner) -> None:
        """Starts anew."""
        dataset = runner.test_dataloader.dataset
        self.metainfo = dataset.metainfo
        self.ignore_index = getattr(dataset, 'ignore_index', 255)
        self.backend_args = getattr(dataset, 'backend_args', None)
        # spread over the set, as neighbours are frames of one scene as a rule
        self.wanted = set(np.linspace(0, len(dataset) - 1, self.num_samples).astype(int).tolist())
        self.counts, self.pixels = np.zeros((len(self.metainfo['classes']), 3), np.int64), 0
        model = getattr(runner.model, 'module', runner.model)  # of test-time augmentation or DDP
        self.multi_label = getattr(getattr(model, 'decode_head', None), 'multi_label', False)
        self.samples: list[tuple] = []
        self._seen = 0

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict[str, Any], outputs: Sequence[SegDataSample]
    ) -> None:
        """Counts one batch."""
        for sample in outputs:
            label, prediction = (field.data.cpu() for field in (sample.gt_sem_seg, sample.pred_sem_seg))
            if self.multi_label:  # (C, H, W): a mask for each class
                self.counts += count_entries(prediction, label, self.ignore_index).numpy()
                self.pixels += label[0].numel()
                label, prediction = label.numpy(), prediction.numpy()
            else:
                label, prediction = label.squeeze(0).numpy(), prediction.squeeze(0).numpy()
                self._count(count_pairs(label, prediction, len(self.counts), self.ignore_index))
            if self._seen in self.wanted:
                content = read_any(sample.img_path, self.backend_args)
                self.samples.append((read_picture(content, shown(sample.img_path))[..., ::-1], label, prediction))
            self._seen += 1

    def _count(self, pairs: np.ndarray) -> None:
        """Hits, false alarms and misses of each class, as ``count_entries`` has them."""
        hits = np.diag(pairs)
        self.counts += np.stack([hits, pairs.sum(0) - hits, pairs.sum(1) - hits], axis=1)
        self.pixels += pairs.sum()


def count_pairs(label: np.ndarray, prediction: np.ndarray, num_classes: int, ignore_index: int) -> np.ndarray:
    """Pixels by class: (label, prediction), int64; pixels labelled ``ignore_index`` do not count."""
    valid = label != ignore_index
    pairs = label[valid].astype(np.int64) * num_classes + prediction[valid]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def make_report(runner: Runner, work_dir: str | Path, num_samples: int = 6) -> Report:
    """Evaluates the runner's model by its test loop and writes ``overlays.png`` and ``curves.png``.

    Args:
        runner: With a model whose weights are loaded, and a test loop.
        work_dir: Work folder of the training: its curves are read from it, the pictures go there. Without a training
            in it, no curves are drawn.
        num_samples: Rows of the sheet of overlays.
    """
    hook = EvaluationHook(num_samples)
    runner.register_hook(hook)
    runner.test()
    classes, palette = hook.metainfo['classes'], hook.metainfo['palette']
    pictures = [Path(work_dir) / 'overlays.png']
    _write_picture(draw_sheet(hook.samples, classes, palette), pictures[0])
    try:
        curves = read_scalars(work_dir)
    except FileNotFoundError as error:
        runner.logger.warning(f'No curves drawn. {error}')
    else:
        pictures.append(Path(work_dir) / 'curves.png')
        draw_curves(curves, pictures[1])
    hits, false_alarms, misses = hook.counts.T
    labelled = hits + misses
    with np.errstate(invalid='ignore'):
        iou = hits / (labelled + false_alarms)
        return Report(classes, iou, hits / labelled, labelled / max(hook.pixels, 1), pictures)


def _write_picture(image: np.ndarray, path: Path) -> None:
    """Writes a picture (H, W, 3), RGB, as PNG."""
    with replaced_by(path) as temporary:
        temporary.write_bytes(cv2.imencode('.png', image[..., ::-1])[1].tobytes())
