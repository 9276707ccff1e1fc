"""What a config's test pipeline does to a picture before the network sees it, as plain data that travels along.

Torch-free: the runtime takes the same steps. Each is a dict of the host's type name and arguments, such as
``{'type': 'Resize', 'scale': [1024, 512], 'keep_ratio': False, 'interpolation': 'bilinear', 'backend': 'cv2'}``.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Callable, Iterable, Mapping, Sequence, Tuple

import cv2
import numpy as np

from .errors import DeployError
from .fields import brief, check_choice, check_kind, check_numbers, check_picture, check_size, check_whole

Step = Mapping[str, Any]
Size = Tuple[int, int]
"""Height and width."""

INTERPOLATIONS = {
    'nearest': cv2.INTER_NEAREST,
    'bilinear': cv2.INTER_LINEAR,
    'bicubic': cv2.INTER_CUBIC,
    'area': cv2.INTER_AREA,
    'lanczos': cv2.INTER_LANCZOS4,
}
_BORDERS = {
    'constant': cv2.BORDER_CONSTANT,
    'edge': cv2.BORDER_REPLICATE,
    'reflect': cv2.BORDER_REFLECT_101,
    'symmetric': cv2.BORDER_REFLECT,
}
_RESIZES = ('Resize', 'ResizeToMultiple', 'ResizeShortestEdge')
# Of every type, the arguments that have a meaning here; with any other the step is refused.
ARGUMENTS = {
    'ToFloat32': (),
    'Resize': ('scale', 'scale_factor', 'keep_ratio', 'interpolation', 'backend'),
    'ResizeToMultiple': ('size_divisor', 'interpolation'),
    'ResizeShortestEdge': ('scale', 'max_size'),
    'Pad': ('size', 'size_divisor', 'pad_to_square', 'pad_val', 'padding_mode'),
    'RGB2Gray': ('out_channels', 'weights'),
}


def check_steps(steps: Iterable[Step], name: str) -> tuple[dict[str, Any], ...]:
    """Steps as they were read from a file, after a check that `take_steps` knows them all.

    Args:
        steps: The steps.
        name: Of the file, for messages.

    Raises:
        DeployError: a type, an argument or an interpolation is unknown.
    """
    checked = []
    for step in steps if isinstance(steps, (list, tuple)) else [steps]:
        kind = step.get('type') if isinstance(step, Mapping) else step
        if not isinstance(kind, str) or kind not in ARGUMENTS or not isinstance(step, Mapping):
            raise DeployError(f'{name}: step {brief(kind)}: expected one of {", ".join(ARGUMENTS)}')
        unknown = sorted(set(step) - {'type', *ARGUMENTS[kind]})
        if unknown:
            raise DeployError(f'{name}: step {kind}: unknown argument {unknown[0]!r}')
        fields = {key: value for key, value in step.items() if value is not None}
        method, backend = fields.get('interpolation', 'bilinear'), fields.get('backend', 'cv2')
        if not _is_one_of(method, INTERPOLATIONS) or not _is_one_of(backend, ('cv2', 'pillow')):
            raise DeployError(
                f'{name}: step {kind}: interpolation {brief(method)} of backend {brief(backend)} is unknown'
            )
        _check_values(step, f'{name}: step {kind}')
        checked.append(dict(step))
    return tuple(checked)


def _check_values(step: Step, name: str) -> None:
    """Numbers where numbers belong, and what a step cannot do without."""
    for key in ('scale', 'scale_factor', 'size_divisor', 'max_size', 'size'):
        if step.get(key) is not None:
            sides = (1, 2) if (step['type'], key) == ('Resize', 'scale') else (2,)  # mmcv makes two of one
            if key in ('scale', 'size') and step['type'] in ('Resize', 'Pad') and _count(step[key]) not in sides:
                raise DeployError(f'{name}: {key}: expected two sides, got {brief(step[key])}')
            check_numbers(f'{name}: {key}', step[key], np.finfo(float).tiny)
            if isinstance(step[key], (list, tuple)) and len(step[key]) != 2:
                raise DeployError(f'{name}: {key}: expected one number or two, got {brief(step[key])}')
    for key in ('keep_ratio', 'pad_to_square'):
        check_choice(f'{name}: {key}', step.get(key), (True, False, None, 0, 1))
    needed = dict(Resize=('scale', 'scale_factor'), ResizeShortestEdge=('scale',), Pad=('size', 'size_divisor'))
    square = step['type'] == 'Pad' and step.get('pad_to_square')
    keys = needed.get(step['type'], ())
    if keys and not square and all(step.get(key) is None for key in keys):
        raise DeployError(f'{name}: expected {" or ".join(keys)}, got neither')
    if step['type'] == 'ResizeShortestEdge' and step.get('max_size') is None:
        raise DeployError(f'{name}: expected max_size')
    if step['type'] == 'Pad':
        _check_padding(step, name)
    if step['type'] == 'RGB2Gray':
        weights = step.get('weights', (1,))
        check_numbers(f'{name}: weights', weights if isinstance(weights, (list, tuple)) else None)
        if step.get('out_channels') is not None:
            check_whole(f'{name}: out_channels', step['out_channels'], 1)


def _check_padding(step: Step, name: str) -> None:
    """Whole sides, a colour, and a known way to fill."""
    if step.get('size') is not None:
        check_size(f'{name}: size', step['size'])
    if step.get('size_divisor') is not None:
        check_whole(f'{name}: size_divisor', step['size_divisor'], 1)
    value = step.get('pad_val', 0)
    check_numbers(f'{name}: pad_val', value.get('img', 0) if isinstance(value, Mapping) else value)
    if not _is_one_of(step.get('padding_mode', 'constant'), _BORDERS):
        raise DeployError(f'{name}: padding_mode {brief(step["padding_mode"])} is unknown')


def _is_one_of(value: Any, known: Iterable[str]) -> bool:
    return isinstance(value, str) and value in known


def _count(value: Any) -> int:
    """Of numbers in a flat list, or 1 of one; 0 of what is nested."""
    if not isinstance(value, (list, tuple)):
        return 1
    return 0 if any(isinstance(item, (list, tuple, Mapping)) for item in value) else len(value)


def from_resize(resize: Mapping[str, Any] | None) -> tuple[dict[str, Any], ...]:
    """Steps of metadata before format 2, which had one ``resize``.

    Raises:
        DeployError: it is no dictionary.
    """
    if resize is None:
        return ()
    check_kind('resize', resize, Mapping)
    if not resize:
        return ()
    fields = dict(resize)
    floats = [dict(type='ToFloat32')] if fields.pop('to_float32', False) else []
    return (*floats, dict(type='Resize', **fields))


def size_after(size: Size, steps: Iterable[Step]) -> Size:
    """Height and width of a picture after all steps.

    Example:
        >>> size_after((720, 960), [dict(type='Resize', scale_factor=0.5), dict(type='Pad', size_divisor=128)])
        (384, 512)
    """
    size = check_size('size', size)
    for step in check_steps(steps, 'steps'):
        if step['type'] in _RESIZES:
            size = _resized(size, step)
        elif step['type'] == 'Pad':
            size = _padded(size, step)
    return size


def take_steps(picture: np.ndarray, steps: Iterable[Step]) -> np.ndarray:
    """Takes the steps, number for number as mmcv and mmseg do.

    Args:
        picture: (H, W, C), BGR.
        steps: See the module.

    Returns:
        (H', W', C'), uint8 or float.

    Raises:
        DeployError: it is no picture, or a step is unknown or does not fit it.
    """
    check_picture('picture', picture)
    for step in check_steps(steps, 'steps'):
        kind = step['type']
        if kind == 'ToFloat32':
            picture = picture.astype(np.float32)
        elif kind == 'RGB2Gray':
            picture = _grey(picture, step)
        elif kind == 'Pad':
            picture = _pad(picture, step)
        else:
            picture = resize(picture, _resized(picture.shape[:2], step), step)
    return picture


def resize(picture: np.ndarray, size: Size, step: Step = {}) -> np.ndarray:
    """Resizes (h, w, C) to (H, W, C) with a step's interpolation and backend, bilinear in OpenCV by default.

    Raises:
        DeployError: it is no picture, or the backend takes none of its type.
    """
    check_picture('picture', picture)
    size = check_size('size', size)
    check_kind('step', step, Mapping)
    if picture.shape[:2] == tuple(size):
        return picture
    method, target = step.get('interpolation'), tuple(size)[::-1]
    method = 'bilinear' if method is None else method
    if not _is_one_of(method, INTERPOLATIONS):
        raise DeployError(f'step: interpolation {brief(method)} is unknown')
    if step.get('backend') == 'pillow':
        return _resize_in_pillow(picture, target, method)
    # OpenCV drops a single channel
    resized = _by_opencv(cv2.resize, picture, target, interpolation=INTERPOLATIONS[method])
    return resized.reshape(*size, picture.shape[2])


def _by_opencv(function: Callable[..., np.ndarray], picture: np.ndarray, *args: Any, **kwargs: Any) -> np.ndarray:
    """Which types and channels each function takes differs from version to version: it is asked."""
    try:
        return function(picture, *args, **kwargs)
    except cv2.error as error:
        kind = f'{picture.dtype} with {picture.shape[2]} channels'
        raise DeployError(f'picture: OpenCV cannot {function.__name__} {kind} ({brief(error.err)})') from None


def _resize_in_pillow(picture: np.ndarray, target: tuple[int, int], method: str) -> np.ndarray:
    from PIL import Image

    if picture.dtype != np.uint8 or picture.shape[2] > 4:
        kind = f'{picture.dtype} with {picture.shape[2]} channels'
        raise DeployError(f'step Resize: backend pillow takes uint8 pictures of up to four channels, got {kind}')
    code = dict(area='BOX').get(method, method.upper())
    grey = picture[..., 0] if picture.shape[2] == 1 else picture
    resized = np.asarray(Image.fromarray(grey).resize(target, getattr(Image, code)))
    return resized.reshape(*target[::-1], picture.shape[2])


def _resized(size: Size, step: Step) -> Size:
    """Size that a step of one of the three kinds resizes to; roundings as in mmcv."""
    height, width = size
    if step['type'] == 'ResizeToMultiple':
        across, down = _pair(step.get('size_divisor', 32))
        return ceil(height / down) * int(down), ceil(width / across) * int(across)
    if step['type'] == 'ResizeShortestEdge':
        return _within(size, _shortest_edge(size, step))
    if step.get('scale') is None:
        across, down = _pair(step['scale_factor'])
        return _round(height * down), _round(width * across)
    across, down = _pair(step['scale'])
    return _within(size, (across, down)) if step.get('keep_ratio') else (int(down), int(across))


def _within(size: Size, scale: Sequence[float]) -> Size:
    """As large as goes into ``scale``, whose longer side holds the longer side."""
    # mmcv's rescale_size: long side to long side, whichever way the picture lies
    factor = min(max(scale) / max(size), min(scale) / min(size))
    return _round(size[0] * factor), _round(size[1] * factor)


def _shortest_edge(size: Size, step: Step) -> tuple[int, int]:
    """(W, H) of mmseg's ResizeShortestEdge, before its own Resize rounds once more."""
    short = float(min(_pair(step['scale'])))
    factor = short / min(size)
    height, width = (short, factor * size[1]) if size[0] < size[1] else (factor * size[0], short)
    longest = max(height, width)
    if longest > step['max_size']:
        height, width = height * step['max_size'] / longest, width * step['max_size'] / longest
    return int(width + 0.5), int(height + 0.5)


def _padded(size: Size, step: Step) -> Size:
    target = tuple(step['size'])[::-1] if step.get('size') else size
    if step.get('pad_to_square'):
        target = (max(size), max(size))
    divisor = step.get('size_divisor')
    if divisor:
        target = tuple(ceil(side / divisor) * divisor for side in target)
    return max(target[0], size[0]), max(target[1], size[1])


def _pad(picture: np.ndarray, step: Step) -> np.ndarray:
    """Adds rows below and columns on the right."""
    height, width = _padded(picture.shape[:2], step)
    value = step.get('pad_val', 0)
    value = value.get('img', 0) if isinstance(value, Mapping) else value
    channels = picture.shape[2]
    padded = _by_opencv(
        cv2.copyMakeBorder,
        picture,
        0,
        height - picture.shape[0],
        0,
        width - picture.shape[1],
        _BORDERS[step.get('padding_mode', 'constant')],
        # OpenCV fills the channels that a short value does not name with 0, and takes four equal ones for any number
        value=tuple(value) if isinstance(value, (list, tuple)) else (value,) * 4,
    )
    return padded.reshape(height, width, channels)


def _grey(picture: np.ndarray, step: Step) -> np.ndarray:
    """Mmseg's RGB2Gray: weights of the channels in the order that they have, in float64."""
    weights = np.asarray(step.get('weights', (0.299, 0.587, 0.114)), np.float64)
    if picture.shape[2] != len(weights):
        raise DeployError(f'step RGB2Gray: {len(weights)} weights for a picture of {picture.shape[2]} channels')
    grey = (picture * weights).sum(2, keepdims=True)
    return grey.repeat(step.get('out_channels') or len(weights), axis=2)


def _round(side: float) -> int:
    return max(int(side + 0.5), 1)  # mmcv would fail where nothing is left


def _pair(value: Any) -> tuple[float, float]:
    """Horizontal and vertical, from one number or two."""
    if isinstance(value, (list, tuple)):
        return float(value[0]), float(value[1])
    return float(value), float(value)
