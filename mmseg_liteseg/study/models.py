"""Who takes part: each name with how its model comes from our CamVid config or from mmseg's own."""

from __future__ import annotations

import copy
import difflib
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from mmengine.config import Config, ConfigDict

from mmseg_liteseg.benchmark.names import resolve
from mmseg_liteseg.engine.cpu import sync_bn_to_bn

from .budget import RELEASED
from .errors import StudyError

_PARTS = ('mmseg_liteseg.study.parts',)
_WEIGHABLE = ('CrossEntropyLoss', 'OhemCrossEntropy')
_HOST_CLASSES = 19  # mmseg's configs are for Cityscapes
Size = Sequence[int]


@dataclass(frozen=True)
class Entry:
    """A model of the study.

    Attributes:
        group: 'ours', 'rival', 'ablation' or 'start'.
        about: What it is.
        source: Name of a config, as tools/benchmark.py takes it.
        change: What to merge into the config's model, given the crop.
        edges: Whether the losses need a map of the labels' edges.
        imports: Modules that the config needs beside our registry.
        settings: What to set in the whole config, by dotted names, when all else is done; made for one recipe.
        needs: What a training of it must name: nothing, '--start' or '--teacher'.
    """

    group: str
    about: str
    source: str = RELEASED
    change: Callable[[Size], dict] = field(default=lambda crop: {})
    edges: bool = False
    imports: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ''


def _decoder(**fields: Any) -> Callable[[Size], dict]:
    return lambda crop: dict(decode_head=fields)


_WIDE = dict(decoder_channels=(96, 96, 96))
_ADD = dict(fusion_cfg=dict(type='mmseg_liteseg.UAFM'))
_NO_SPPM = dict(type='mmseg_liteseg.PlainContext', in_channels=1024, channels=128, _delete_=True)
_B = dict(backbone=dict(arch='stdc2'), decode_head=dict(decoder_channels=(64, 96, 128), channels=64))

# Steps of the recipe's training pipeline; what is loaded comes from a pipeline of its own.
_PASTE, _CROP = 'train_dataloader.dataset.pipeline.0', 'train_dataloader.dataset.pipeline.1'
_WEIGHTS = 'model.decode_head.loss_decode.0.class_weight'
_ENET = dict(type='enet', c=1.10, mean=1.0)
_UNALIGNED = {
    f'{_CROP}.crop_size': (360, 480),
    'val_dataloader.dataset.pipeline.0.transforms.1.scale': (720, 540),
}


def _host_ohem(crop: Size) -> dict:
    """The host's sampler, told to keep the same share of the pixels; its min_kept is per image."""
    # a sixteenth, as PaddleSeg's 130000 of 4 x 512 x 1024
    sampler = dict(type='OHEMPixelSampler', thresh=0.7, min_kept=crop[0] * crop[1] // 16, _delete_=True)
    return dict(decode_head=dict(sampler=sampler))


ENTRIES = {
    'T': Entry('ours', 'PP-LiteSeg-T'),
    'B': Entry('ours', 'PP-LiteSeg-B', change=lambda crop: _B),
    'T-drawn': Entry('start', 'from weights trained on the drawn street scenes', needs='--start'),
    'T-drawn-encoder': Entry('start', 'from the encoder alone of that model', needs='--start'),
    'T-distilled': Entry('start', 'with the predictions of a trained model beside the labels', needs='--teacher'),
    'T-self-distilled': Entry('start', 'the same, its teacher a T that was trained far longer', needs='--teacher'),
    'STDC1-Seg': Entry('rival', "mmseg's STDC1", 'STDC1-Seg'),
    'STDC1-Seg-drawn': Entry('rival', 'from its weights trained on the drawn scenes', 'STDC1-Seg', needs='--start'),
    'B-drawn': Entry('ours', 'from its weights trained on the drawn scenes', change=lambda crop: _B, needs='--start'),
    'PIDNet-S-drawn': Entry(
        'rival', 'from its weights trained on the drawn scenes', 'PIDNet-S', edges=True, needs='--start'
    ),
    'DDRNet23-slim-drawn': Entry(
        'rival', 'from its weights trained on the drawn scenes', 'DDRNet23-slim', needs='--start'
    ),
    'BiSeNetV2': Entry('rival', "mmseg's BiSeNetV2", 'BiSeNetV2'),
    'PIDNet-S': Entry('rival', "mmseg's PIDNet-S", 'PIDNet-S', edges=True),
    'DDRNet23-slim': Entry('rival', "mmseg's DDRNet23-slim", 'DDRNet23-slim'),
    'Fast-SCNN': Entry('rival', "mmseg's Fast-SCNN", 'Fast-SCNN'),
    'T-without-FLD': Entry('ablation', 'a decoder of 96 channels throughout', change=_decoder(**_WIDE)),
    'T-without-SPPM': Entry(
        'ablation', 'a 1x1 convolution for SPPM', change=lambda crop: dict(neck=_NO_SPPM)
    ),
    'T-add': Entry('ablation', 'addition for attention', change=_decoder(**_ADD)),
    'T-only-FLD': Entry(
        'ablation', 'no SPPM, addition',
        change=lambda crop: dict(neck=_NO_SPPM, decode_head=_ADD),
    ),
    'T-baseline': Entry(
        'ablation', '96 channels, no SPPM, addition',
        change=lambda crop: dict(neck=_NO_SPPM, decode_head={**_WIDE, **_ADD}),
    ),
    'T-mmseg-OHEM': Entry('ablation', "mmseg's OHEMPixelSampler", change=_host_ohem),
    'T-unpasted': Entry('ablation', 'nothing is pasted', settings={f'{_PASTE}.prob': 0.0}),
    'T-rounded-labels': Entry(
        'ablation', "labels scaled with OpenCV's rounding", settings={f'{_CROP}.exact_labels': False}
    ),
    'T-weighted': Entry(
        'ablation', 'classes weighed 1/ln(1.10 + share)', settings={_WEIGHTS: dict(_delete_=True, **_ENET)}
    ),
    'T-unaligned': Entry('ablation', 'crops of 360x480, tested at 540x720', settings=_UNALIGNED),
    'T-padded-pool': Entry(
        'ablation', "the encoder's average pooling counts its padding",
        change=lambda crop: dict(backbone=dict(type='mmseg_liteseg.PaddedPoolSTDCNet')), imports=_PARTS,
    ),
}  # fmt: skip


def get_entry(name: str) -> Entry:
    """A model by name.

    Raises:
        StudyError: There is none of that name; names close ones.
    """
    if name not in ENTRIES:
        close = difflib.get_close_matches(name, ENTRIES, 2, 0.5)
        hint = f' (close: {", ".join(close)})' if close else ''
        raise StudyError(f'model {name}: expected one of {", ".join(ENTRIES)}{hint}')
    return ENTRIES[name]


def model_config(name: str, crop: Size, batch: int, ours: Config) -> ConfigDict:
    """Config of a model, from scratch, with BN and our preprocessing.

    A rival's heads for mmseg's 19 classes get ours (STDC's edge head keeps its own 2), Cityscapes' class weights go,
    and hard example mining keeps at least the share of the pixels that it kept with its own config's crops and batch,
    or goes where our recipe has none.

    Args:
        name: Of ``ENTRIES``.
        crop: Height and width of the training crops.
        batch: Images per iteration.
        ours: Our CamVid config, whose preprocessing, number of classes and class weights, if any, hold for all.
    """
    entry = get_entry(name)
    source = copy.deepcopy(ours) if entry.source == RELEASED else Config.fromfile(resolve(entry.source)[1])
    source.merge_from_dict(dict(model=entry.change(crop)))
    model = source.model
    sync_bn_to_bn(model)
    if entry.group == 'rival':
        model.data_preprocessor = copy.deepcopy(ours.model.data_preprocessor)
        # numbers of pixels to keep are meant as a share of the crop
        area = crop[0] * crop[1] / (source.crop_size[0] * source.crop_size[1])
        classes = ours.model.decode_head.num_classes
        _adapt(model, classes, area, batch / source.train_dataloader.batch_size)
        _weigh(model, classes, ours.get('class_weight'))
        if ours.model.decode_head.sampler is None:
            _without_samplers(model)
    return model


def _without_samplers(node: Any) -> None:
    """Takes the mining of hard pixels out of the heads, in place, as a recipe without it has it for all models."""
    if isinstance(node, dict) and 'sampler' in node:
        node['sampler'] = None
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ():
        _without_samplers(value)


def _weigh(node: Any, num_classes: int, formula: Any, inside: int | None = None) -> None:
    """Gives the losses of heads for our classes the recipe's class weights, if it has any, in place."""
    if isinstance(node, dict) and formula:
        inside = node.get('num_classes', inside)
        if inside == num_classes and node.get('type') in _WEIGHABLE and not node.get('use_sigmoid', False):
            node['class_weight'] = copy.deepcopy(formula)
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ():
        _weigh(value, num_classes, formula, inside)


def _adapt(node: Any, num_classes: int, area: float, batch: float) -> None:
    """Fits a tree of dicts and lists to other classes and to crops and batches larger by these factors, in place."""
    if isinstance(node, dict):
        node.pop('pretrained', None)
        node.pop('class_weight', None)
        if (node.get('init_cfg') or {}).get('type') == 'Pretrained':
            node.pop('init_cfg')
        if node.get('num_classes') == _HOST_CLASSES:
            node['num_classes'] = num_classes
        if node.get('type') == 'OHEMPixelSampler':  # its min_kept is per image
            node['min_kept'] = max(round(node['min_kept'] * area), 2)
        elif node.get('type') == 'OhemCrossEntropy':  # per batch
            node['min_kept'] = max(round(node['min_kept'] * area * batch), 1)
    if isinstance(node, (dict, list, tuple)):
        for value in node.values() if isinstance(node, dict) else node:
            _adapt(value, num_classes, area, batch)
