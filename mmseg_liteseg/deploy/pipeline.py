"""Reads the test pipeline of a config: what of it an artefact's metadata can carry, and what it cannot."""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from mmengine.config import Config

from .errors import DeployError
from .steps import ARGUMENTS, check_steps

# Reading labels, and turning arrays into tensors: nothing happens to the picture.
_HARMLESS = ('LoadAnnotations', 'PackSegInputs')


def read_steps(cfg: Config) -> tuple[dict[str, Any], ...]:
    """The steps of a config's test pipeline.

    Args:
        cfg: Its ``test_pipeline`` is read, which mmseg's ``inference_model`` takes too; else that of test_dataloader or
            val_dataloader.

    Returns:
        What `mmseg_liteseg.deploy.steps.take_steps` takes.

    Raises:
        DeployError: a step is none that can travel; names it.
    """
    steps = [step for transform in _flat(_find(cfg)) for step in _read(dict(transform))]
    return check_steps(steps, 'test_pipeline')


def _find(cfg: Config) -> Iterable[dict]:
    for dataset in (cfg, *((cfg.get(name) or {}).get('dataset') or {} for name in ('test_dataloader', 'val_dataloader'))):
        while dataset.get('dataset'):
            dataset = dataset['dataset']
        pipeline = dataset.get('test_pipeline' if dataset is cfg else 'pipeline')
        if pipeline:
            return pipeline
    return ()


def _flat(pipeline: Iterable[dict]) -> Iterator[dict]:
    """Without wrappers that only cache or group."""
    for transform in pipeline:
        if _kind(transform) in ('CachedLoading', 'Compose'):
            yield from _flat(transform['transforms'])
        else:
            yield transform


def _kind(transform: dict) -> str:
    kind = transform.get('type')
    return kind.rsplit('.', 1)[-1] if isinstance(kind, str) else getattr(kind, '__name__', str(kind))


def _read(transform: dict) -> list[dict]:
    """One transform as steps: none, one, or an error."""
    kind = _kind(transform)
    fields = {key: _plain(value) for key, value in transform.items() if key != 'type'}
    if kind.startswith('LoadImage'):
        return [dict(type='ToFloat32')] if fields.get('to_float32') else []
    never = kind == 'RandomFlip' and fields.get('prob') == 0
    if kind in _HARMLESS or never:
        return []
    unknown = [key for key in fields if key not in ARGUMENTS.get(kind, ())]
    if kind not in ARGUMENTS or unknown:
        what = f'{kind} with {unknown[0]}={fields[unknown[0]]!r}' if kind in ARGUMENTS else kind
        raise DeployError(
            f'test_pipeline: {what} changes the picture, and an exported model cannot take that step along: its masks '
            f'would not be those of inference_model. Known are {", ".join(name for name in ARGUMENTS)}; remove the '
            'step for export (--cfg-options), or do it before the picture reaches the model'
        )
    return [dict(type=kind, **fields)]


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
