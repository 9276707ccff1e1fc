"""A small set on disk: a bright square and a dark disc on noise, which may overlap; and a model thin enough for it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import tifffile
from mmengine.config import Config

SIZE = 48
CLASSES = ('square', 'disc')


def draw(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W, 3) and masks (H, W, 2), uint8, 0 and 1."""
    rng = np.random.default_rng(index)
    image = rng.integers(100, 140, (SIZE, SIZE, 3)).astype(np.uint8)
    masks = np.zeros((SIZE, SIZE, 2), np.uint8)
    (x, y), (u, v) = rng.integers(4, SIZE - 22, 2), rng.integers(12, SIZE - 12, 2)
    masks[y : y + 18, x : x + 18, 0] = 1
    cv2.circle(disc := np.zeros((SIZE, SIZE), np.uint8), (int(u), int(v)), 10, 1, -1)
    masks[..., 1] = disc
    image[..., 0][masks[..., 0] > 0] += 90
    image[..., 2][masks[..., 1] > 0] -= 90
    return image, masks


def write(root: Path, kind: str, count: int = 16) -> None:
    """Writes img/*.png and, in ann, what ``kind`` says: 'bands', 'folders', 'binary'."""
    (root / 'img').mkdir(parents=True)
    for index in range(count):
        image, masks = draw(index)
        name = f'{index:02}'
        cv2.imwrite(str(root / 'img' / f'{name}.png'), image)
        files = {'bands': {}, 'binary': {f'{name}.png': masks[..., 0]}}
        files['folders'] = {f'{c}/{name}.png': masks[..., i] * 255 for i, c in enumerate(CLASSES)}
        for path, mask in files[kind].items():
            (root / 'ann' / path).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / 'ann' / path), mask)
        if kind == 'bands':
            (root / 'ann').mkdir(exist_ok=True)
            bands = masks.transpose(2, 0, 1)
            tifffile.imwrite(root / 'ann' / f'{name}.tif', bands, photometric='minisblack', planarconfig='separate')


def make_config(root: Path, dataset: dict, head: dict, evaluator: dict, multi_label: bool, iters: int = 60) -> Config:
    """A training of a thin PP-LiteSeg on all pictures, validated on the same ones at the end."""
    load = dict(type=f'mmseg_liteseg.Load{"MultiLabel" if multi_label else ""}Annotations')
    if not multi_label:
        load = dict(type='LoadAnnotations')
    pack = dict(type='mmseg_liteseg.PackMultiLabelInputs' if multi_label else 'PackSegInputs')
    crop = dict(
        type='mmseg_liteseg.RandomScaleCrop', crop_size=(SIZE, SIZE), min_scale_factor=0.75, max_scale_factor=1.25
    )
    data = dict(data_root=str(root), data_prefix=dict(img_path='img', seg_map_path='ann'), img_suffix='.png', **dataset)
    train = [dict(type='LoadImageFromFile'), load, crop, dict(type='mmseg_liteseg.RandomHorizontalFlip'), pack]
    test = [dict(type='LoadImageFromFile'), load, pack]
    norm = dict(type='BN')
    loader = dict(batch_size=8, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True))
    return Config(
        dict(
            default_scope='mmseg',
            work_dir=str(root / 'work'),
            model=dict(
                type='mmseg_liteseg.FastEncoderDecoder',
                data_preprocessor=dict(
                    type='mmseg_liteseg.LiteSegDataPreProcessor',
                    mean=[127.5] * 3,
                    std=[127.5] * 3,
                    bgr_to_rgb=True,
                    size=(SIZE, SIZE),
                    seg_pad_val=255,
                ),
                backbone=dict(
                    type='mmseg_liteseg.STDCNet',
                    arch='stdc1',
                    base_channels=8,
                    norm_cfg=norm,
                    init_cfg=dict(type='Kaiming', layer='Conv2d'),
                ),
                neck=dict(type='mmseg_liteseg.SPPM', in_channels=128, channels=16, norm_cfg=norm),
                decode_head=dict(
                    type='mmseg_liteseg.FLDHead',
                    in_channels=(32, 64, 128, 16),
                    decoder_channels=(16, 16, 16),
                    channels=16,
                    aux_channels=(16, 16),
                    norm_cfg=norm,
                    **head,
                ),
                test_cfg=dict(mode='whole'),
            ),
            train_dataloader=dict(loader, dataset=dict(data, pipeline=train)),
            val_dataloader=dict(
                batch_size=1,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(data, pipeline=test, test_mode=True),
            ),
            test_dataloader=dict(
                batch_size=1,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(data, pipeline=test, test_mode=True),
            ),
            val_evaluator=evaluator,
            test_evaluator=evaluator,
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=iters, val_interval=iters),
            val_cfg=dict(type='ValLoop'),
            test_cfg=dict(type='TestLoop'),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.01)),
            param_scheduler=[dict(type='PolyLR', eta_min=1e-4, power=0.9, end=iters, by_epoch=False)],
            randomness=dict(seed=0),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=iters, by_epoch=False)),
            log_level='WARNING',
        )
    )
