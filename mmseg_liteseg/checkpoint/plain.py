"""The state of a training as plain values, which every version of torch reads without running anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

# Beyond these, torch's safe loading refuses an object's class.
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def as_plain(value: Any) -> Any:
    """Numbers, text and tensors, in dictionaries, lists and tuples; numpy's values become Python's.

    Raises:
        TypeError: Something else is in it.

    Example:
        >>> as_plain({'score': np.float64(0.5), 'ids': np.arange(2), 'size': (1, None)})
        {'score': 0.5, 'ids': [0, 1], 'size': (1, None)}
    """
    if type(value) in _PLAIN or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return as_plain(value.tolist())
    if isinstance(value, dict):
        return {as_plain(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [as_plain(item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    for base in _PLAIN[:-1]:  # subclasses, such as enumerations of integers
        if isinstance(value, base):
            return base(value)
    raise TypeError(f'{type(value).__name__} is no plain value')


def plain_message_hub(state: dict[str, Any]) -> dict[str, Any]:
    """What mmengine's message hub saves, less the histories of logged values and what is not plain.

    The histories only smooth the log; as objects of mmengine's and numpy's classes they keep safe loading from reading
    the file, and they grow with the training.

    Args:
        state: From ``MessageHub.state_dict()``.
    """
    info = {}
    for key, value in state['runtime_info'].items():
        try:
            info[key] = as_plain(value)
        except TypeError:
            continue
    return dict(log_scalars={}, runtime_info=info, resumed_keys=dict.fromkeys(info, True))
