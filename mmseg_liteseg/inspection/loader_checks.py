"""The config against itself: data loaders, loops, batch sizes, channels."""

from __future__ import annotations

import os
from typing import Any, Iterator

from mmengine.device import get_device

from mmseg_liteseg.wording import count

from .finding import Finding
from .setup import Part, Setup, bare, model_of, walk_steps

_LOOPS = {
    'train': ('train_dataloader', 'train_cfg', 'optim_wrapper'),
    'val': ('val_dataloader', 'val_cfg', 'val_evaluator'),
    'test': ('test_dataloader', 'test_cfg', 'test_evaluator'),
}
_SYNCED = ('SyncBN', 'MMSyncBN', 'NaiveSyncBN')
_BATCH_NORMS = ('BN', 'BN2d', *_SYNCED)


def check_loaders(setup: Setup) -> list[Finding]:
    """What is missing among loaders and loops, and batches that cannot be trained."""
    checks = (_check_trios, _check_batch, _check_channels, _check_loading, _check_reading)
    return [finding for check in checks for finding in check(setup)]


def _check_trios(setup: Setup) -> Iterator[Finding]:
    """Mmengine wants loader, loop and metric (or optimiser) all set or all left out."""
    for split, names in _LOOPS.items():
        missing = [name for name in names if setup.cfg.get(name) is None]
        if not missing or len(missing) == len(names):
            continue
        there = [name for name in names if name not in missing]
        cure = f'set {" and ".join(missing)}'
        if split == 'test':
            cure = ', '.join(f'{name} = {name.replace("test", "val")}' for name in missing) + ' tests on the val data'
        yield Finding(
            'error',
            f'no-{missing[0].replace("_", "-")}',
            f'{" and ".join(missing)} left out, but {" and ".join(there)} set',
            tuple(missing),
            'mmengine takes all of them or none',
            cure,
            # a runner cannot even be built, so this stops a training, too
            split='' if split == 'test' else split,
        )


def _check_batch(setup: Setup) -> Iterator[Finding]:
    """Pooling to 1x1 leaves batch normalisation a single value per channel where the batch is one image."""
    loader = setup.cfg.get('train_dataloader') or {}
    if not isinstance(loader, dict) or not _normalises_single_pixels(setup):
        return
    if loader.get('batch_size') == 1 and not _shares_statistics(setup):
        yield Finding(
            'error',
            'batch-of-one',
            'train_dataloader.batch_size is 1',
            ('train_dataloader.batch_size',),
            'SPPM pools to 1x1, where batch normalisation needs at least two images',
            'set batch_size=2 or more, with smaller crops if memory is short',
            split='train',
        )


def _shares_statistics(setup: Setup) -> bool:
    """Whether batch normalisation sees the images of several processes."""
    kind = bare((model_of(setup.cfg)['neck'].get('norm_cfg') or {}).get('type'))
    return kind in _SYNCED and _processes() > 1 and get_device() != 'cpu'  # without a GPU it becomes BN


def _processes() -> int:
    # told from variables, as the process group is not joined yet
    return max(int(os.environ.get(name) or 1) for name in ('WORLD_SIZE', 'SLURM_NTASKS', 'OMPI_COMM_WORLD_SIZE'))


def _normalises_single_pixels(setup: Setup) -> bool:
    neck = model_of(setup.cfg).get('neck') or {}
    if bare(neck.get('type')) != 'SPPM' or 1 not in neck.get('pool_scales', (1, 2, 4)):
        return False
    return bare((neck.get('norm_cfg') or {'type': 'BN'}).get('type')) in _BATCH_NORMS


def check_last_batch(setup: Setup, sizes: dict[str, int]) -> list[Finding]:
    """An epoch whose last batch is one image fails as a batch of one does, at the end of the epoch.

    Args:
        setup: The config.
        sizes: Samples of the training's data sets by their paths in the config; nothing is said where one is missing.
    """
    loader = setup.cfg.get('train_dataloader') or {}
    images = _length(loader.get('dataset') or {}, 'train_dataloader.dataset', sizes)
    sampler, batch = bare((loader.get('sampler') or {}).get('type')), loader.get('batch_size') or 0
    if not images or sampler == 'InfiniteSampler':
        return []
    processes = _processes()
    own = -(-images // processes)  # the sampler repeats some, so that each process has as many
    told = f'{images} training images' + (f' in {processes} processes' if processes > 1 else '')
    if loader.get('drop_last') and own < batch:
        return [
            Finding(
                'error',
                'no-batch',
                f'{told} make no batch of {batch}, and drop_last leaves smaller ones out',
                ('train_dataloader.batch_size',),
                'nothing would be trained',
                f'set batch_size={own} or less',
                split='train',
            )
        ]
    # other samplers may give another number of samples
    if sampler != 'DefaultSampler' or loader.get('drop_last') or batch < 2 or own % batch != 1:
        return []
    if not _normalises_single_pixels(setup) or _shares_statistics(setup):
        return []
    return [
        Finding(
            'error',
            'batch-of-one',
            f'{told} in batches of {batch} leave a last batch of one',
            ('train_dataloader',),
            'SPPM pools to 1x1, where batch normalisation needs at least two images',
            "set drop_last=True, or sampler=dict(type='InfiniteSampler', shuffle=True)",
            split='train',
        )
    ]


def _length(dataset: dict, where: str, sizes: dict[str, int]) -> int | None:
    """Samples of a data set and of those inside it; None where a wrapper chooses them by what they hold."""
    if isinstance(dataset.get('datasets'), (list, tuple)):
        parts = [_length(part, f'{where}.datasets[{i}]', sizes) for i, part in enumerate(dataset['datasets'])]
        return None if None in parts else sum(parts)
    if not isinstance(dataset.get('dataset'), dict):
        return sizes.get(where)
    inner, kind = _length(dataset['dataset'], f'{where}.dataset', sizes), bare(dataset.get('type'))
    if inner is None or kind not in ('RepeatDataset', 'MultiImageMixDataset', 'SeededDataset'):
        return None
    return inner * dataset.get('times', 1)


def _check_channels(setup: Setup) -> Iterator[Finding]:
    """Channels that the loader gives, mean and std, and what the network takes."""
    pre, backbone = setup.preprocessor, model_of(setup.cfg).get('backbone') or {}
    mean, std = pre.get('mean'), pre.get('std')
    if mean is None:
        return
    where = ('model.data_preprocessor.mean',)
    if std is not None and len(std) != len(mean):
        yield Finding(
            'error', 'channels', f'mean has {len(mean)} numbers, std {len(std)}', where, cure='one per channel'
        )
    taken = backbone.get('in_channels', 3)
    if bare(backbone.get('type')) == 'STDCNet' and len(mean) != taken:
        what = f'mean has {count(len(mean), "number")}, but the backbone takes {count(taken, "channel")}'
        yield Finding('error', 'channels', what, where, cure=f'set model.backbone.in_channels={len(mean)}')
    if std is not None and not all(std):
        yield Finding(
            'error', 'channels', 'std holds a 0', ('model.data_preprocessor.std',), cure='give numbers above 0'
        )
    for part in setup.parts:
        given = channels_of(part)
        kind = 'grayscale' if len(mean) == 1 else 'unchanged'
        if given is not None and len(mean) != given:
            yield Finding(
                'error',
                'channels',
                f'{part.split}: LoadImageFromFile gives {count(given, "channel")}, but mean has '
                f'{count(len(mean), "number")}',
                (f'{part.where}.pipeline',),
                cure=f'set color_type={kind!r} there, or mean to {given} numbers',
                split=part.split,
            )


def _check_loading(setup: Setup) -> Iterator[Finding]:
    """A pipeline that loads images and no labels; loaders of other kinds are trusted."""
    for part in setup.parts:
        names = [bare(step.get('type')) for step in walk_steps(part.pipeline)]
        loaders = [name for name in names if 'load' in name.lower()]
        if part.split != 'test' and loaders and all('image' in name.lower() for name in loaders):
            yield Finding(
                'error',
                'no-labels-loaded',
                f'{part.split}: the pipeline has no LoadAnnotations',
                (f'{part.where}.pipeline',),
                'there is nothing to compare predictions with',
                "put dict(type='LoadAnnotations') behind LoadImageFromFile",
                split=part.split,
            )


def _check_reading(setup: Setup) -> Iterator[Finding]:
    """Pipelines of their own for inference and test-time augmentation, left as they were in a base."""
    tested = next(iter(setup.of('test') or setup.of('val')), None)
    read = _color_type(tested.pipeline) if tested else None
    users = dict(test_pipeline='inference_model, export and mmdeploy take it', tta_pipeline='--tta takes it')
    for name, use in users.items():
        other = _color_type(setup.cfg.get(name))
        if None not in (read, other) and other != read:
            yield Finding(
                'warning',
                'other-reading',
                f'{name} reads images with color_type={other!r}, the {tested.split} data with {read!r}',
                (name,),
                f'{use}, and would see other values than the training',
                f'set color_type={read!r} in {name}',
            )


def _color_type(pipeline: Any) -> str | int | None:
    loads = [step for step in walk_steps(pipeline) if bare(step.get('type')) == 'LoadImageFromFile']
    return loads[0].get('color_type', 'color') if loads else None


def channels_of(part: Part) -> int | None:
    """Channels of the images that the pipeline loads; None where the files or another loader decide."""
    kind: Any = next((step.get('color_type', 'color') for step in part.steps('LoadImageFromFile')), None)
    if kind is None:
        return None
    return {'color': 3, 'color_ignore_orientation': 3, 'grayscale': 1, 'grayscale_ignore_orientation': 1}.get(kind)
