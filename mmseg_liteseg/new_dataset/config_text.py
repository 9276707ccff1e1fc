"""The config, as text: at most 25 lines, each number with its reason."""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from mmseg_liteseg.datasets.converters.masks import ClassRow

from .pixel_values import PixelValues
from .recipe import Recipe

_TEMPLATE = """\
# PP-LiteSeg-T on {name}: {images}; from scratch on one device.
# Train: python tools/train.py THIS_FILE, or from anywhere: mim train mmseg_liteseg THIS_FILE
_base_ = 'mmseg_liteseg::ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py'
data_root = '{{{{ fileDirname }}}}'  # this file's folder, from which train.txt and val.txt name images and masks
metainfo = dict(classes={classes}, palette={palette})
crop_size = {crop}  # {crop_why}
batch_size = {batch}  # {batch_why}
max_iters, val_interval = {iters}, {interval}  # {iters_why}
data = dict(_delete_=True, type='mmseg_liteseg.PairListDataset', data_root=data_root, metainfo=metainfo)
load = [dict(type='LoadImageFromFile'{color_type}), dict(type='mmseg_liteseg.LoadAnnotations')]
scales = dict(min_scale_factor=0.5, max_scale_factor=2.0{pad_value})
pack, flip = [dict(type='PackSegInputs')], dict(type='mmseg_liteseg.RandomHorizontalFlip')
augment = [dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=crop_size, **scales), flip{distort}, *pack]
train_dataloader = dict(batch_size=batch_size, dataset=dict(ann_file='train.txt', pipeline=load + augment, **data))
val_dataloader = dict(dataset=dict(ann_file='val.txt', pipeline=load + pack, **data))
test_dataloader = dict(dataset=dict(ann_file='{test}.txt', pipeline=load + pack, **data)){test_why}
ohem = dict(min_kept={min_kept:g})  # {kept_why}
loss = dict(class_weight={weights})  # {weight_why}
model = dict({values}decode_head=dict(num_classes={num_classes}, sampler=ohem, loss_decode=loss))
optim_wrapper = dict(optimizer=dict(lr={lr:g}))  # {lr_why}
warm_up = dict(type='LinearLR', start_factor=0.01, begin=0, end={warm_up}, by_epoch=False)
param_scheduler = [warm_up, dict(type='PolyLR', eta_min=0, power=0.9, begin={warm_up}, end=max_iters, by_epoch=False)]
train_cfg = schedule_for = dict(max_iters=max_iters, val_interval=val_interval)
"""
MAX_LINES = 25
_WARM_UP = 200


def config_text(
    name: str, classes: Sequence[ClassRow], counts: Mapping[str, int], recipe: Recipe, values: PixelValues
) -> str:
    """The config.

    Args:
        name: Of the data set.
        classes: Its classes.
        counts: Images by split; without test, val is tested on.
        recipe: The numbers.
        values: How images are loaded.
    """
    test = 'test' if counts.get('test') else 'val'
    return _TEMPLATE.format(
        name=name,
        images=', '.join(f'{count} {split}' for split, count in counts.items() if count) + ' images',
        classes=_tuple(repr(row.name) for row in classes),
        palette=[list(row.colour) for row in classes],
        num_classes=len(classes),
        crop=recipe.crop_size,
        batch=recipe.batch_size,
        iters=recipe.max_iters,
        interval=recipe.val_interval,
        weights=[round(weight, 3) for weight in recipe.weights],
        min_kept=recipe.min_kept,
        lr=recipe.lr,
        warm_up=min(_WARM_UP, recipe.max_iters // 10),
        test=test,
        test_why='  # no test split was found' if test == 'val' else '',
        **_reasons(classes, recipe),
        **_loading(values),
    )


def _loading(values: PixelValues) -> dict[str, str]:
    """Settings for images that are more than colours of 8 bits."""
    if values.is_plain:
        return dict(color_type='', pad_value='', values='', distort=", dict(type='mmseg_liteseg.RandomDistort')")
    norm = f'mean={list(values.mean)}, std={list(values.std)}, bgr_to_rgb=False'
    return dict(
        color_type=", color_type='unchanged'",
        pad_value=f', img_pad_value={sum(values.mean) / len(values.mean):.4g}',
        values=f'data_preprocessor=dict({norm}), backbone=dict(in_channels={len(values.mean)}), ',
        distort='',  # made for 8-bit colours
    )


def _tuple(items: Iterable[str]) -> str:
    items = list(items)
    return f'({", ".join(items)}{"," if len(items) == 1 else ""})'


def _reasons(classes: Sequence[ClassRow], recipe: Recipe) -> dict[str, str]:
    """The comment beside each number."""
    height, width = recipe.size
    which = 'images are' if recipe.same_size else 'the median image is'
    hours = recipe.minutes_on_cpu / 60
    duration = f'{hours:.1f} hours' if hours > 1.5 else f'{recipe.minutes_on_cpu:.0f} minutes'
    least, most = (choose(zip(recipe.weights, (row.name for row in classes)))[1] for choose in (min, max))
    return dict(
        crop_why=f'height and width; {which} {height} x {width}: its shape, at most 512 x 512 pixels, multiples of 32',
        batch_why='the pixels of 16 crops of 360 x 480 (the CamVid recipe), if there are so many images; at least 4',
        iters_why=f'{recipe.passes:.0f} passes; about {duration} on two CPU cores: a fifth gives a first idea there',
        kept_why=f'pixels OHEM keeps: all but the largest class hold {1 - max(recipe.shares):.0%}; 1/16 to 1/4',
        weight_why=f"1/ln(1.10 + share of train's pixels), mean 1: from {least} to {most}",
        lr_why='AdamW from scratch; half of 0.001 for batches below 8',
    )
