"""A first convolution trained on three colours, for images of any number of channels."""

from __future__ import annotations

import torch
from mmengine.logging import print_log
from torch import Tensor

from mmseg_liteseg.checkpoint.guard import mark, source_of

_COLOURS = 3


def adapt_first_conv(state_dict: dict[str, Tensor], key: str, channels: int) -> None:
    """Widens or narrows a weight (out, 3, h, w) of a state dict to (out, channels, h, w), in place; others stay.

    Colours stay as they are, further channels start as the mean of the three, and everything is scaled such that the
    sum over the channels is the same: an image whose channels are equal gives what it gave before. One or two channels
    all start as the mean. (timm repeats the colours instead, which keeps the sum for multiples of three alone:
    https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/_manipulate.py, adapt_input_conv.)

    Args:
        state_dict: Weights about to be loaded.
        key: Of the convolution's weight.
        channels: Of the model's images.

    Example:
        >>> weights = {'conv': torch.rand(8, 3, 3, 3)}
        >>> before = weights['conv'].sum(1)
        >>> adapt_first_conv(weights, 'conv', 5)
        >>> weights['conv'].shape, torch.allclose(weights['conv'].sum(1), before)
        (torch.Size([8, 5, 3, 3]), True)
    """
    weight = state_dict.get(key)
    if weight is None or weight.ndim != 4 or weight.shape[1] != _COLOURS or channels == _COLOURS:
        return
    mean = weight.mean(1, keepdim=True)
    kept = weight[:, :_COLOURS] if channels > _COLOURS else weight[:, :0]
    adapted = torch.cat([kept, mean.repeat(1, channels - kept.shape[1], 1, 1)], dim=1) * (_COLOURS / channels)
    # the mark sits on the tensor that is replaced: without it the guard would let a misfit of Paddle's pass
    source = source_of(weight)
    if source is not None:
        mark({key: adapted}, source)
    state_dict[key] = adapted
    print_log(
        f'{key}: trained on 3 channels, adapted to the {channels} of the images (the sum over channels is kept)',
        logger='current',
    )
