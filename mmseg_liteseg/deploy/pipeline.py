"""Reads the test pipeline of a config: what of it an artefact's metadata can carry, and what it cannot."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

from mmengine.config import Config

from .errors import DeployError
from .fields import brief, check_kind
from .steps import ARGUMENTS, check_steps

# Reading labels, and turning arrays into tensors: nothing happens to the picture.
_HARMLESS = ('LoadAnnotations', 'LoadMultiLabelAnnotations', 'PackSegInputs', 'PackMultiLabelInputs')


def find_pipeline(cfg: Config) -> list[dict]:
    """A config's test pipeline: ``test_pipeline``, as mmseg's ``inference_model``; else the test or val data's own.

    Raises:
        DeployError: There is none, or the two read files differently: a base's was left behind.
    """
    check_kind('cfg', cfg, Config)
    tested = next(filter(None, map(_of_loader, (cfg.get(name) for name in ('test_dataloader', 'val_dataloader')))), [])
    if not cfg.get('test_pipeline') and not tested:
        raise DeployError('the config has no test_pipeline, nor a pipeline under test_dataloader or val_dataloader')
    if not cfg.get('test_pipeline'):
        return tested
    found = list(cfg.test_pipeline)
    if tested and read_color_type(found) != read_color_type(tested):
        raise DeployError(
            f'test_pipeline reads files with color_type={read_color_type(found)!r}, but the test data with '
            f'{read_color_type(tested)!r}: set test_pipeline to the pipeline of test_dataloader.dataset'
        )
    return found


def _of_loader(loader: dict | None) -> list[dict]:
    """The pipeline of a loader's data set, inside wrappers."""
    dataset = loader
    while isinstance(dataset, Mapping) and dataset.get('dataset'):
        dataset = dataset['dataset']
    return list(_flat(dataset.get('pipeline') or ())) if isinstance(dataset, Mapping) else []


def read_steps(pipeline: Iterable[dict]) -> tuple[dict[str, Any], ...]:
    """The steps that a pipeline takes with a picture.

    Returns:
        What `mmseg_liteseg.deploy.steps.take_steps` takes.

    Raises:
        DeployError: a step is none that can travel; names it.
    """
    steps = [step for transform in _flat(pipeline) for step in _read(dict(transform))]
    return check_steps(steps, 'test_pipeline')


def read_color_type(pipeline: Iterable[dict]) -> str | int:
    """How a pipeline reads files: ``color_type`` of its LoadImageFromFile.

    Raises:
        DeployError: its decoder is another one than the runtime's, OpenCV.
    """
    loads = [transform for transform in _flat(pipeline) if _kind(transform).startswith('LoadImage')]
    first = dict(loads[0]) if loads else {}
    backend = first.get('imdecode_backend', 'cv2')
    if backend != 'cv2':
        raise DeployError(
            f'test_pipeline: LoadImageFromFile with imdecode_backend={backend!r}, but the runtime reads files with '
            "OpenCV: set it to 'cv2'"
        )
    return first.get('color_type', 'color')


def loading_transforms(pipeline: Iterable[dict] | None) -> list[dict]:
    """The transforms of a pipeline that read pictures and labels, pixels as they are in the file."""
    loading = [
        dict(transform)
        for transform in _flat(() if pipeline is None else pipeline)
        if _kind(transform).startswith('Load')
    ]
    for transform in loading:
        transform.pop('to_float32', None)  # a step of its own, see `read_steps`
    return loading


def _flat(pipeline: Iterable[dict]) -> Iterator[dict]:
    """Without wrappers that only cache or group."""
    if not isinstance(pipeline, (list, tuple)):
        raise DeployError(f'test_pipeline: expected a list of steps, got {brief(pipeline)}')
    for transform in pipeline:
        if not isinstance(transform, Mapping) or 'type' not in transform:
            raise DeployError(f'test_pipeline: expected steps like dict(type=...), got {brief(transform)}')
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
    probabilities = fields.get('prob')  # one, or one per direction
    listed = probabilities if isinstance(probabilities, list) else [probabilities]
    # mmseg's own test pipelines hold one that never flips
    never = kind == 'RandomFlip' and all(probability == 0 for probability in listed)
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
