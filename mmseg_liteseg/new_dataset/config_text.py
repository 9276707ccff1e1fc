"""The config, as text: at most 25 lines, each number with its reason."""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from mmseg_liteseg.datasets.converters.masks import ClassRow
from mmseg_liteseg.wording import count

from .pixel_values import PixelValues
from .recipe import Recipe

_TEMPLATE = """\
# PP-LiteSeg-T on {name}: {images}; from scratch on one device.
# Train: python tools/train.py THIS_FILE, or from anywhere: mim train mmseg_liteseg THIS_FILE
_base_ = 'mmseg_liteseg::ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py'
data_root = '{{{{ fileDirname }}}}'  # this file's folder, from which train.txt and val.txt name images and masks
metainfo = dict(classes={classes}, palette={palette})
# In one place each; the pipeline, the schedule with its warm-up and the checkpoints follow (docs/configs.md).
crop_size = {crop}  # {crop_why}
max_iters, val_interval = {iters}, {interval}  # {iters_why}
data = dict(type='mmseg_liteseg.PairListDataset', data_root=data_root, metainfo=metainfo{multi_label})
{pipelines}batch_size = {batch}  # {batch_why}
train_dataloader = dict(batch_size=batch_size, dataset=dict(ann_file='train.txt'{train_pipeline}, **data))
val_dataloader = dict(dataset=dict(ann_file='val.txt'{test_pipeline}, **data))
test_dataloader = dict(dataset=dict(ann_file='{test}.txt'{test_pipeline}, **data)){test_why}
{loss}model = dict({values}decode_head=dict(num_classes={num_classes}, {sampler}, loss_decode=loss))
optim_wrapper = dict(optimizer=dict(lr={lr:g}))  # {lr_why}
"""
_ONE_LABEL = """\
ohem = dict(min_kept={min_kept:g})  # {kept_why}
loss = dict(class_weight=dict(type='enet', c=1.10, mean=1.0))  # {weight_why}
"""
_SEVERAL_LABELS = """\
val_evaluator = test_evaluator = dict(_delete_=True, type='mmseg_liteseg.MultiLabelMetric')
loss = [dict(type=kind, use_sigmoid=True) for kind in ('CrossEntropyLoss', 'mmseg_liteseg.DiceLoss')]
"""
_PIPELINES = """\
load = [dict(type='LoadImageFromFile'{color_type}), dict(type='mmseg_liteseg.{loader}')]
scales = dict(min_scale_factor=0.5, max_scale_factor=2.0{pad_value})
crop = dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=crop_size, **scales)
augment = [crop, dict(type='mmseg_liteseg.RandomHorizontalFlip'){distort}]
pack, pipeline_for = dict(type='{packer}'), dict(crop_size=crop_size)
{fit_line}train_pipeline, test_pipeline = [*load, *augment, pack], [load[0], {fit}load[1], pack]
tta_pipeline = [load[0], dict(type='mmseg_liteseg.MultiScaleFlip', transforms=[{fit}load[1], pack])]
"""
# The base's but for sizes.
_FITTED_PIPELINES = """\
load, pack = [dict(type='LoadImageFromFile'), dict(type='mmseg_liteseg.LoadAnnotations')], dict(type='PackSegInputs')
{fit_line}test_pipeline = [load[0], {fit}load[1], pack]
tta_pipeline = [load[0], dict(type='mmseg_liteseg.MultiScaleFlip', transforms=[{fit}load[1], pack])]
"""
# Of 562 x 750 pixels the published CamVid model finds poles with 14.6 IoU, brought to 576 x 768 with 22.1.
_FIT = "fit = dict(type='ResizeToMultiple', size_divisor=32)  # as crops are: coarse maps lie as in training\n"
MAX_LINES = 25


def config_text(
    name: str,
    classes: Sequence[ClassRow],
    counts: Mapping[str, int],
    recipe: Recipe,
    values: PixelValues,
    multi_label: bool = False,
) -> str:
    """The config.

    Args:
        name: Of the data set.
        classes: Its classes.
        counts: Images by split; without test, val is tested on.
        recipe: The numbers.
        values: How images are loaded.
        multi_label: Whether a pixel may belong to several classes.
    """
    test = 'test' if counts.get('test') else 'val'
    reasons = _reasons(classes, recipe)
    own = multi_label or not values.is_plain
    images = 'image' if sum(counts.values()) == 1 else 'images'
    return _TEMPLATE.format(
        name=' '.join(name.split()),
        images=', '.join(f'{number} {split}' for split, number in counts.items() if number) + ' ' + images,
        classes=_tuple(repr(row.name) for row in classes),
        palette=[list(row.colour) for row in classes],
        num_classes=len(classes),
        crop=recipe.crop_size,
        batch=recipe.batch_size,
        iters=recipe.max_iters,
        interval=recipe.val_interval,
        lr=recipe.lr,
        test=test,
        test_why='  # no test split was found' if test == 'val' else '',
        loss=_SEVERAL_LABELS if multi_label else _ONE_LABEL.format(min_kept=recipe.min_kept, **reasons),
        sampler='sampler=None, multi_label=True' if multi_label else 'sampler=ohem',
        multi_label=', multi_label=True' if multi_label else '',
        pipelines=_pipelines(values, multi_label, own, recipe.fit),
        train_pipeline=', pipeline=train_pipeline' if own else '',
        test_pipeline=', pipeline=test_pipeline' if own or recipe.fit else '',
        values=_normalisation(values),
        **reasons,
    )


def _pipelines(values: PixelValues, multi_label: bool, own: bool, fit: bool) -> str:
    """Where the base's pipelines, for colours of 8 bits, one label at a pixel and sizes as they are, do not fit."""
    if not own and not fit:
        return ''
    return (_PIPELINES if own else _FITTED_PIPELINES).format(
        color_type='' if values.is_plain else ", color_type='unchanged'",
        pad_value='' if values.is_plain else f', img_pad_value={sum(values.mean) / len(values.mean):.4g}',
        distort=", dict(type='mmseg_liteseg.RandomDistort')" if values.is_plain else '',  # made for 8-bit colours
        loader='LoadMultiLabelAnnotations' if multi_label else 'LoadAnnotations',
        packer='mmseg_liteseg.PackMultiLabelInputs' if multi_label else 'PackSegInputs',
        fit_line=_FIT if fit else '',
        fit='fit, ' if fit else '',
    )


def _normalisation(values: PixelValues) -> str:
    """Settings of the model for images that are more than colours of 8 bits."""
    if values.is_plain:
        return ''
    norm = f'mean={list(values.mean)}, std={list(values.std)}, bgr_to_rgb=False'
    return f'data_preprocessor=dict({norm}), backbone=dict(in_channels={len(values.mean)}), '


def _tuple(items: Iterable[str]) -> str:
    items = list(items)
    return f'({", ".join(items)}{"," if len(items) == 1 else ""})'


def _reasons(classes: Sequence[ClassRow], recipe: Recipe) -> dict[str, str]:
    """The comment beside each number."""
    height, width = recipe.size
    # each number's comment says where it comes from, so that a user can judge it for other data
    which = 'images are' if recipe.same_size else 'the median image is'
    hours = recipe.minutes_on_cpu / 60
    duration = count(hours, 'hour', 1) if hours > 1.5 else count(recipe.minutes_on_cpu, 'minute')
    least, most = (choose(zip(recipe.weights, (row.name for row in classes))) for choose in (min, max))
    return dict(
        crop_why=f'height and width; {which} {height} x {width}: its shape, at most 512 x 512 pixels, multiples of 32',
        batch_why='the pixels of 16 crops of 360 x 480, if there are so many images',
        iters_why=f'{count(recipe.passes, "pass")}; about {duration} on two CPU cores: a fifth is a first idea there',
        kept_why=f'pixels OHEM keeps: all but the largest class hold {1 - max(recipe.shares):.0%}; 1/16 to 1/4',
        weight_why=f'1/ln(1.10 + share): {least[0]:.2f} ({least[1]}) to {most[0]:.2f} ({most[1]})',
        lr_why='AdamW from scratch; half of 0.001 for batches below 8',
    )
