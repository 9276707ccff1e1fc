"""What every distillation asks of a teacher: frozen, whole, and shown the images as it knows them."""

from __future__ import annotations

import os
from typing import Any, Mapping

import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmseg_liteseg.checkpoint.errors import CheckpointMismatchError
from mmseg_liteseg.checkpoint.finite import check_finite
from mmseg_liteseg.errors import SettingError


class Teacher:
    """A model in eval mode, without gradients, that is no part of the one that is trained.

    It is held outside the student's modules: no optimiser, checkpoint or process group sees it, and copies of the
    student (EMA) share it.

    Args:
        model: The model with its weights, of mmengine's kind: it has a data preprocessor, and ``mode='tensor'``.
        borrows: Without a normalisation of its own it gets the student's images as they are, not raw ones.
    """

    def __init__(self, model: nn.Module, borrows: bool = False) -> None:
        self.model, self._borrows = model.eval().requires_grad_(False), borrows

    def __deepcopy__(self, memo: dict) -> Teacher:
        return self

    @torch.no_grad()
    def logits(self, inputs: Tensor, given: nn.Module) -> Tensor:
        """Images (N, C, H, W), prepared for the student -> the teacher's logits, at its own resolution.

        Args:
            inputs: The images.
            given: The student's data preprocessor, whose normalisation is undone where the teacher's is another.
        """
        parameter = next(self.model.parameters(), inputs)
        # here and not when built: the student moves to its device later
        if parameter.device != inputs.device:
            self.model.to(inputs.device)
        wanted = self.model.data_preprocessor
        if not (self._borrows and not _normalises(wanted)):
            inputs = _prepared_for(wanted, inputs, given)
        output = self.model(inputs, mode='tensor')
        # heads with further branches give the main one first
        return output if isinstance(output, Tensor) else output[0]


def read_model(config: Mapping[str, Any] | str, setting: str) -> dict[str, Any]:
    """The model of a config, which may be one itself.

    Args:
        config: A config file, or its ``model``.
        setting: What the user calls it.

    Raises:
        SettingError: There is no such file, or it holds no model.
    """
    if not isinstance(config, str):
        return dict(config)
    path = os.path.expanduser(config)
    if not os.path.isfile(path):
        raise SettingError(f'{setting}: expected a model or a config file, {config} is no file')
    cfg = Config.fromfile(path)
    if not isinstance(cfg.get('model'), dict):
        raise SettingError(f'{setting}: {config} holds no model')
    model = dict(cfg.model)
    if cfg.get('data_preprocessor'):  # where mmpretrain's configs have it
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return model


def load_whole(model: nn.Module, path: str, setting: str, unused: tuple[str, ...] = ()) -> None:
    """Loads every tensor that predicts, read without running anything that the file holds: of a teacher with random
    layers mmengine would only warn.

    Args:
        model: Takes the weights.
        path: ``.pth`` or ``.pdparams``, a path or an address.
        setting: What the user calls it.
        unused: Prefixes of tensors that only the model's own training used.

    Raises:
        CheckpointFileError: The checkpoint cannot be read, or does not hold every tensor in its shape.
    """
    loaded = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    given = loaded.get('state_dict', loaded)
    # what a wrapper for several GPUs puts before every key
    given = {key[len('module.') :] if key.startswith('module.') else key: value for key, value in given.items()}
    wanted = {
        key: value
        for key, value in model.state_dict().items()
        # Paddle's weights have no such counter, and in eval mode nobody reads it
        if not key.startswith(unused) and not key.endswith('num_batches_tracked')
    }
    missing = [key for key in wanted if key not in given]
    different = [key for key in wanted if key in given and given[key].shape != wanted[key].shape]
    for keys, what in ((missing, 'lacks'), (different, 'has other shapes for')):
        if keys:
            more = f' and {len(keys) - 1} more' if len(keys) > 1 else ''
            raise CheckpointMismatchError(
                f"{setting} {path} {what} {keys[0]}{more} of the teacher's tensors: it belongs to another config"
            )
    check_finite({key: given[key] for key in wanted}, path)
    # strictness was applied above, to what predicts
    model.load_state_dict({key: given[key] for key in model.state_dict() if key in given}, strict=False)


def _prepared_for(wanted: nn.Module, inputs: Tensor, given: nn.Module) -> Tensor:
    """Undoes the student's normalisation and applies the teacher's, if it is another."""
    mine, theirs = _normalisation(given, inputs), _normalisation(wanted, inputs)
    swap = _swaps(given) != _swaps(wanted) and inputs.shape[1] == 3
    if not swap and all(torch.equal(a, b) for a, b in zip(mine, theirs)):
        return inputs
    pixels = inputs * mine[1] + mine[0]
    pixels = pixels.flip(1) if swap else pixels
    return (pixels - theirs[0]) / theirs[1]


def _normalises(preprocessor: nn.Module) -> bool:
    return getattr(preprocessor, '_enable_normalize', False)


def _normalisation(preprocessor: nn.Module, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and std in pixel values, (C or 1, 1, 1) each."""
    if not _normalises(preprocessor):
        return like.new_zeros((1, 1, 1)), like.new_ones((1, 1, 1))
    scale = getattr(preprocessor, '_full_scale', None)  # ours divides by it first
    scale = like.new_ones(()) if scale is None else scale.to(like)
    return preprocessor.mean.to(like) * scale, preprocessor.std.to(like) * scale


def _swaps(preprocessor: nn.Module) -> bool:
    """Whether the order of the colours changes."""
    # mmengine's name, mmseg 1.2's own and mmpretrain's
    names = ('_channel_conversion', 'channel_conversion', 'to_rgb')
    return any(getattr(preprocessor, name, False) for name in names)
