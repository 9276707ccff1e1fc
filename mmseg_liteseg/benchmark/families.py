"""One line for any config of mmseg: what FastEncoderDecoder does in each family, with the difference that was found."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Iterator

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_liteseg.engine.cpu import sync_bn_to_bn
from mmseg_liteseg.models.decode_heads.fused_loss import FusedDDRLoss, FusedLoss, can_fuse

from .models import FAST, drop_pretrained, settle
from .names import config_folders
from .scenes import batch_of, samples_of

# (H, W) of the input and of the picture that it comes from: odd, and larger than the strides
SIZE, ORI_SIZE = (128, 192), (230, 355)
_LIGHT = ('r18', 'tiny', '-t_', '_t_', 'b0', 'm-v2', 'small', 'r50', 'nano')


@dataclass
class Family:
    """A row of the table.

    Attributes:
        family: Folder of mmseg's configs.
        config: The one that was tried.
        segmentor: Its type.
        head: Type of the head that predicts.
        predict: 'fast', or why not.
        differing: Pixels with another label than mmseg's segmentor gives; None if it was not run.
        pixels: Of the label map.
        losses: Which heads compute fused losses.
        loss_gap: Largest relative difference of a loss from mmseg's; None if none is fused.
    """

    family: str
    config: str
    segmentor: str
    head: str
    predict: str
    differing: int | None = None
    pixels: int | None = None
    losses: str = ''
    loss_gap: float | None = None


def check_families(names: list[str] | None = None, say: Callable[[str], None] = print) -> list[dict]:
    """Tries one small config of every family that mmseg installs, with random weights.

    Args:
        names: Families to try; all by default.
        say: Takes each row as it is known.

    Returns:
        The rows, as dicts for a JSON file.
    """
    rows = []
    for folder in sorted(config_folders()['mmseg'].iterdir()):
        if not folder.is_dir() or folder.name == '_base_' or (names and folder.name not in names):
            continue
        rows.append(_check(folder))
        say(format_row(asdict(rows[-1])))
    return [asdict(row) for row in rows]


def format_row(row: dict) -> str:
    """A row of a Markdown table."""
    same = '' if row['differing'] is None else f'{row["differing"]} of {row["pixels"]}'
    gap = '' if row['loss_gap'] is None else f'{row["loss_gap"]:.0e}'
    head = (row['family'], f'`{row["config"]}`', row['segmentor'], row['head'])
    cells = (*head, row['predict'], same, row['losses'], gap)
    return f'| {" | ".join(cells)} |'


HEADER = (
    '| family | config | segmentor | head | predict | differing pixels | fused losses | loss differs by |\n'
    '|-|-|-|-|-|-|-|-|'
)


def lightest(folder: Path) -> Path | None:
    """The config of a family that is likely to be the smallest; None if there is none."""
    # shorter names have fewer options: the plain form of a family
    paths = sorted(folder.glob('*.py'), key=lambda path: (len(path.stem), path.stem))
    ranked = [path for word in _LIGHT for path in paths if word in path.stem]
    return next(iter([*ranked, *paths]), None)


def _check(folder: Path) -> Family:
    path = lightest(folder)
    if path is None:
        return Family(folder.name, '-', '-', '-', 'no config')
    row = Family(folder.name, path.stem, '?', '?', '?')
    try:
        cfg = Config.fromfile(path)
        init_default_scope('mmseg')
        sync_bn_to_bn(cfg.model)
        drop_pretrained(cfg.model)
        head = cfg.model.get('decode_head') or {}
        row.segmentor = cfg.model.type
        row.head = (head if isinstance(head, dict) else head[-1]).get('type', '-')
        if row.segmentor not in FAST:
            row.predict = f'left as it is: {row.segmentor} is no EncoderDecoder'
            return row
        _compare(cfg, row)
    except Exception as error:  # what a config needs may not be installed: mmcv's operators, mmdet, weights
        row.predict = f'not run: {type(error).__name__}: {str(error).strip().splitlines()[0][:90]}'
    return row


def _compare(cfg: Config, row: Family) -> None:
    """Runs both segmentors with the same weights on one picture."""
    torch.manual_seed(0)
    host = MODELS.build(copy.deepcopy(cfg.model)).eval()
    with contextlib.suppress(Exception):  # layers without BN stay as they were initialised
        settle(host, SIZE)
    cfg.model.type = FAST[row.segmentor]
    fast = MODELS.build(cfg.model).eval()
    # the same weights: the segmentor is compared, not the network
    fast.load_state_dict(host.state_dict())
    row.losses = ', '.join(_fused(fast)) or 'none'
    row.predict = fast.why_hosts_way() or 'fast'
    size = SIZE
    try:
        labels = [_labels(model, size) for model in (host, fast)]
    except RuntimeError:  # position embeddings of one size, or pooling that needs a large image
        size = tuple(cfg.crop_size)
        labels = [_labels(model, size) for model in (host, fast)]
    row.differing, row.pixels = int((labels[0] != labels[1]).sum()), labels[0].numel()
    if row.losses != 'none':
        expected, found = (_losses(model, size) for model in (host, fast))
        row.loss_gap = max(abs(found[name] - value) / max(abs(value), 1e-12) for name, value in expected.items())


@torch.inference_mode()
def _labels(model: nn.Module, size: tuple[int, int]) -> torch.Tensor:
    torch.manual_seed(1)  # SegNeXt draws the start of its decomposition in every forward
    (sample,) = samples_of(1, size, ORI_SIZE)
    del sample.gt_sem_seg  # of eleven classes, which the model may not have
    return model(batch_of(1, size), [sample], mode='predict')[0].pred_sem_seg.data


@torch.inference_mode()
def _losses(model: nn.Module, size: tuple[int, int]) -> dict[str, float]:
    """Of a batch, by name. As in training, as some heads have more branches then, but without dropout."""
    torch.manual_seed(1)
    samples = samples_of(2, size)
    for sample in samples:
        sample.gt_sem_seg.data %= model.num_classes
    model.train()
    for module in model.modules():
        if 'Drop' in type(module).__name__:
            module.eval()
    losses = model.loss(batch_of(2, size), samples)
    return {name: float(value) for name, value in losses.items() if 'loss' in name}


def _fused(model: nn.Module) -> Iterator[str]:
    for name, head in model.named_modules():
        if isinstance(head, FusedDDRLoss) or (isinstance(head, FusedLoss) and can_fuse(head)):
            yield name
