"""What a config says about data and classes, without building anything but the data sets' lists of files."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Iterator, Sequence

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.models.decode_heads import STDCHead
from mmseg.registry import DATASETS, MODELS

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class Head:
    """A head of the model's config.

    Args:
        where: Its path in the config, such as 'model.decode_head'.
        cfg: Its settings.
    """

    where: str
    cfg: dict

    @property
    def num_classes(self) -> int | None:
        """As set, or None."""
        return self.cfg.get('num_classes')

    @property
    def has_own_classes(self) -> bool:
        """Whether it learns something else than the data's classes: STDC's edges, which it makes of the masks."""
        kind = self.cfg.get('type')
        built = MODELS.get(kind) if isinstance(kind, str) else kind
        return isinstance(built, type) and issubclass(built, STDCHead)

    @property
    def losses(self) -> list[dict]:
        """Settings of its losses."""
        losses = self.cfg.get('loss_decode') or []
        return [losses] if isinstance(losses, dict) else list(losses)


@dataclass(frozen=True)
class Sample:
    """An image and its mask, as a data set lists them.

    Args:
        image: Path of the image.
        mask: Path of the mask, or None.
        masks: Paths of the masks, one for all classes or one for each, where a pixel may be of several classes; None
            for a class that an image lacks.
    """

    image: str
    mask: str | None = None
    masks: tuple[str | None, ...] = ()


@dataclass
class Part:
    """One data set of a split; ConcatDataset has several.

    Args:
        split: 'train', 'val' or 'test'.
        where: Its path in the config, such as 'train_dataloader.dataset'.
        cfg: Its settings.
        dataset: The data set, once it is built.
        samples: What it lists.
        outer: Transforms that the wrappers around it apply to its samples, as MultiImageMixDataset does.
    """

    split: str
    where: str
    cfg: dict
    dataset: Any = None
    samples: list[Sample] = field(default_factory=list)
    outer: list[Any] = field(default_factory=list)

    @property
    def pipeline(self) -> list[Any]:
        """Settings of all transforms that a sample goes through."""
        return [*(self.cfg.get('pipeline') or ()), *self.outer]

    @property
    def kind(self) -> Any:
        """Class of the data set; None if its type is not known."""
        kind = self.cfg.get('type')
        return DATASETS.get(kind) if isinstance(kind, str) else kind

    @property
    def metainfo(self) -> dict:
        """The type's own meta information with the config's over it, before mmseg completes it."""
        own = getattr(self.kind, 'METAINFO', None) or {}
        return {**own, **(self.cfg.get('metainfo') or {})}

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes; None without any. A string is a file of names, as for mmengine, if there is one."""
        classes = self.metainfo.get('classes')
        if isinstance(classes, str):
            if not os.path.isfile(classes):
                return None
            with open(classes, encoding='utf-8') as lines:
                return tuple(line.rstrip('\r\n') for line in lines)
        return tuple(map(str, classes)) if classes is not None else None

    @property
    def backend_args(self) -> dict | None:
        """Of mmengine's storage backend."""
        return self.cfg.get('backend_args')

    @property
    def reduce_zero_label(self) -> bool:
        """Whether 0 is ignored and all else moves down by one: the transform's word counts before the data set's."""
        for step in self.steps('LoadAnnotations'):
            if step.get('reduce_zero_label') is not None:
                return step['reduce_zero_label']
        if self.dataset is not None:
            return bool(getattr(self.dataset, 'reduce_zero_label', False))
        return bool(self.cfg.get('reduce_zero_label', False))

    def steps(self, *names: str) -> list[dict]:
        """Settings of the pipeline's transforms of these names, whatever their scope and nesting."""
        return [step for step in walk_steps(self.pipeline) if bare(step.get('type')) in names]


@dataclass(frozen=True)
class Setup:
    """A config as the checks see it.

    Args:
        cfg: The whole config.
        heads: Heads of the model.
        parts: All data sets of all splits.
    """

    cfg: Config
    heads: list[Head]
    parts: list[Part]

    def of(self, split: str) -> list[Part]:
        """The data sets of a split."""
        return [part for part in self.parts if part.split == split]

    @property
    def preprocessor(self) -> dict:
        """Settings of the data preprocessor."""
        return model_of(self.cfg).get('data_preprocessor') or {}

    @property
    def ignore_index(self) -> int:
        """Label that the first head ignores."""
        return self.heads[0].cfg.get('ignore_index', 255) if self.heads else 255

    @property
    def num_classes(self) -> int | None:
        """Of the first head; without one, of the first data set."""
        for head in self.heads:
            if head.num_classes:
                return head.num_classes
        return next((len(part.classes) for part in self.parts if part.classes), None)


def read_setup(cfg: Config, splits: tuple[str, ...] = SPLITS) -> Setup:
    """Finds heads and data sets in a config.

    Example:
        >>> cfg = Config(dict(train_dataloader=dict(dataset=dict(type='RepeatDataset', dataset=dict(type='X')))))
        >>> [part.where for part in read_setup(cfg).parts]
        ['train_dataloader.dataset.dataset']
    """
    parts = []
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if isinstance(loader, dict) and isinstance(loader.get('dataset'), dict):
            leaves = _leaves(loader['dataset'], f'{split}_dataloader.dataset')
            parts += [Part(split, where, leaf, outer=outer) for where, leaf, outer in leaves]
    return Setup(cfg, _heads(model_of(cfg)), parts)


def model_of(cfg: Config) -> dict:
    """Settings of the network, inside test-time augmentation and the like."""
    model = cfg.get('model') or {}
    while 'decode_head' not in model and isinstance(model.get('module'), dict):
        model = model['module']
    return model


def _heads(model: dict) -> list[Head]:
    heads = []
    for key in ('decode_head', 'auxiliary_head'):
        value = model.get(key) or []
        if isinstance(value, dict):
            heads.append(Head(f'model.{key}', value))
        else:
            heads += [Head(f'model.{key}[{index}]', item) for index, item in enumerate(value)]
    return heads


def _leaves(cfg: dict, where: str, outer: Sequence[Any] = ()) -> Iterator[tuple[str, dict, list[Any]]]:
    """The data sets inside ConcatDataset, RepeatDataset and other wrappers, ours too, with the wrappers' transforms."""
    inner = cfg.get('datasets')
    if isinstance(inner, (list, tuple)):
        for index, dataset in enumerate(inner):
            yield from _leaves(dataset, f'{where}.datasets[{index}]', outer)
    elif isinstance(cfg.get('dataset'), dict):
        yield from _leaves(cfg['dataset'], f'{where}.dataset', [*(cfg.get('pipeline') or ()), *outer])
    else:
        yield where, cfg, list(outer)


def walk_steps(node: Any) -> Iterator[dict]:
    """Every transform of a pipeline, those inside others included."""
    if isinstance(node, dict):
        if 'type' in node:
            yield node
        # inside of Albu are transforms of albumentations, which no registry knows
        if bare(node.get('type')) != 'Albu':
            yield from walk_steps(node.get('transforms'))
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from walk_steps(item)


def bare(kind: Any) -> str:
    """A type's name without its scope."""
    return str(kind if isinstance(kind, str) else getattr(kind, '__name__', kind)).rsplit('.', 1)[-1]


@contextmanager
def scope_of(cfg: Config) -> Iterator[None]:
    """Looks names up as a runner of this config would, and leaves the scope of others as it was."""
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'mmseg'):
        yield
