"""Full-size logits that are computed when somebody asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any, Callable, Iterator

import torch
from mmengine.structures import PixelData
from mmseg.models.utils import resize
from torch import Tensor

from mmseg_liteseg.ops.bilinear import Axis


@dataclass(frozen=True)
class Geometry:
    """How the logits of an image become logits of its original size: resize, crop, flip, resize."""

    rows: Axis
    columns: Axis

    @property
    def out_shape(self) -> tuple[int, int]:
        """Height and width of the result."""
        return self.rows.out_size, self.columns.out_size

    @torch.no_grad()
    def apply(self, logits: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C, H, W), step by step as mmseg does it."""
        rows, columns = self.rows, self.columns
        logits = self._resize(logits, (rows.mid_size, columns.mid_size))
        logits = logits[:, :, rows.start : rows.stop, columns.start : columns.stop]
        flipped = [dim for dim, axis in ((2, rows), (3, columns)) if axis.flip]
        return self._resize(logits.flip(flipped) if flipped else logits, self.out_shape)

    def _resize(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        return resize(logits, size, mode='bilinear', align_corners=self.rows.align_corners, warning=False)


class LazySegLogits(PixelData):
    """``seg_logits`` of a prediction: ``data`` (C, H, W) is computed at the first access and kept.

    ``to_dict``, which the evaluator calls on every sample, computes nothing: its ``['data']`` does.

    Example:
        >>> axis = Axis(in_size=2, mid_size=4, start=0, stop=4, flip=False, out_size=8, align_corners=False)
        >>> lazy = LazySegLogits.of(torch.rand(5, 2, 2), Geometry(axis, axis))
        >>> lazy.data.shape
        torch.Size([5, 8, 8])
    """

    @classmethod
    def of(cls, logits: Tensor, geometry: Geometry) -> LazySegLogits:
        """Of the low-resolution logits (C, h, w) of one image."""
        lazy = cls()
        lazy.__dict__['_source'] = (logits, geometry)  # not a data field
        return lazy

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there: computes ``data``."""
        source = self.__dict__.pop('_source', None) if name == 'data' else None
        if source is None:
            raise AttributeError(f'{type(self).__name__} has no attribute {name!r}')
        logits, geometry = source
        self.data = geometry.apply(logits[None])[0]
        return self.data

    def keys(self) -> list[str]:
        """Names of the data fields; whoever asks is about to read them."""
        if '_source' in self.__dict__:
            self.__getattr__('data')
        return super().keys()

    def __contains__(self, item: str) -> bool:
        """Whether there is a data field of this name; computes nothing."""
        return (item == 'data' and '_source' in self.__dict__) or super().__contains__(item)

    @property
    def shape(self) -> tuple[int, int] | None:
        """Height and width."""
        source = self.__dict__.get('_source')
        return source[1].out_shape if source else super().shape

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that computes ``data`` when it is read."""
        return _LazyDict(self) if '_source' in self.__dict__ else super().to_dict()


_UNREAD = object()


class _LazyDict(dict):
    """Has ``data``, and computes it as soon as it is read, whichever way."""

    def __init__(self, lazy: LazySegLogits) -> None:
        super().__init__(data=_UNREAD)
        self._lazy = lazy

    def _plain(self) -> dict:
        """The values; the first call computes them."""
        if dict.get(self, 'data') is _UNREAD:
            self['data'] = self._lazy.data
        return {key: dict.__getitem__(self, key) for key in self}

    def __iter__(self) -> Iterator[str]:  # its own, so that dict(...) and {**...} ask for every item
        return super().__iter__()

    def __reduce__(self) -> tuple:
        # as plain values: a process that collects results does not need this class
        return dict, (self._plain(),)


def _by_value(name: str) -> Callable:
    """A method of dict that looks at values, on those that were computed."""

    @wraps(getattr(dict, name))
    def method(self: _LazyDict, *args: Any, **kwargs: Any) -> Any:
        self._plain()
        return getattr(super(_LazyDict, self), name)(*args, **kwargs)

    return method


# dict's own methods take values without asking __getitem__, so each of them is replaced
for _name in ('__getitem__', '__eq__', '__repr__', 'copy', 'get', 'items', 'pop', 'popitem', 'setdefault', 'values'):
    setattr(_LazyDict, _name, _by_value(_name))
