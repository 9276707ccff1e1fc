"""The teacher of a segmentation distillation: any segmentor of mmseg's kind, frozen."""

from __future__ import annotations

import copy
import os
from typing import Any, Mapping

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmseg_liteseg.checkpoint.errors import CheckpointMismatchError
from mmseg_liteseg.checkpoint.finite import check_finite
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS

# weights that only the teacher's own training used
_NOT_NEEDED = ('auxiliary_head.', 'decode_head.aux_heads.')


class SegTeacher:
    """A segmentor in eval mode, without gradients, that is no part of the model that is trained.

    Args:
        model: The segmentor with its weights.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model.eval().requires_grad_(False)

    @torch.no_grad()
    def logits(self, inputs: Tensor, given: nn.Module) -> Tensor:
        """Images (N, C, H, W), prepared for the student -> logits (N, K, h, w) at the teacher's own resolution.

        Args:
            inputs: The images.
            given: The student's data preprocessor, whose normalisation is undone where the teacher's is another.
        """
        if next(self.model.parameters()).device != inputs.device:
            self.model.to(inputs.device)
        return self.model(_prepared_for(self.model.data_preprocessor, inputs, given), mode='tensor')


def build_teacher(config: Mapping[str, Any] | str, checkpoint: str) -> SegTeacher:
    """Builds a teacher and fills it with its weights, read without running anything that the file holds.

    Args:
        config: A config file, or the ``model`` of one.
        checkpoint: ``.pth`` or ``.pdparams``, a path or an address.

    Raises:
        SettingError: There is no such config, or it holds no segmentor.
        CheckpointFileError: The checkpoint cannot be read, or does not hold every tensor of the model in its shape.
    """
    cfg = copy.deepcopy(_read(config))
    if not isinstance(cfg.get('decode_head'), (dict, list, tuple)):
        raise SettingError('distillation.teacher: expected a segmentor with a decode_head')
    cfg.update(train_cfg=None, pretrained=None)
    for part in ('backbone', 'neck', 'decode_head'):  # the checkpoint fills everything: nothing else is to be fetched
        if isinstance(cfg.get(part), dict):
            cfg[part].pop('init_cfg', None)
    cfg.pop('distillation', None)
    model = revert_sync_batchnorm(MODELS.build(cfg))
    _load(model, checkpoint)
    return SegTeacher(model)


def _read(config: Mapping[str, Any] | str) -> dict[str, Any]:
    if not isinstance(config, str):
        return dict(config)
    path = os.path.expanduser(config)
    if not os.path.isfile(path):
        raise SettingError(f'distillation.teacher: expected a model or a config file, {config} is no file')
    model = Config.fromfile(path).get('model')
    if not isinstance(model, dict):
        raise SettingError(f'distillation.teacher: {config} holds no model')
    return dict(model)


def _load(model: nn.Module, path: str) -> None:
    """Loads every tensor that predicts: of a teacher with random layers mmengine would only warn."""
    loaded = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    given = loaded.get('state_dict', loaded)
    given = {key[len('module.') :] if key.startswith('module.') else key: value for key, value in given.items()}
    wanted = {key: value for key, value in model.state_dict().items() if _is_needed(key)}
    missing = [key for key in wanted if key not in given]
    different = [key for key in wanted if key in given and given[key].shape != wanted[key].shape]
    for keys, what in ((missing, 'lacks'), (different, 'has other shapes for')):
        if keys:
            more = f' and {len(keys) - 1} more' if len(keys) > 1 else ''
            raise CheckpointMismatchError(
                f"distillation.checkpoint {path} {what} {keys[0]}{more} of the teacher's tensors: it belongs to "
                'another config'
            )
    check_finite({key: given[key] for key in wanted}, path)
    model.load_state_dict({key: given[key] for key in model.state_dict() if key in given}, strict=False)


def _is_needed(key: str) -> bool:
    return not key.startswith(_NOT_NEEDED) and not key.endswith('num_batches_tracked')


def _prepared_for(wanted: nn.Module, inputs: Tensor, given: nn.Module) -> Tensor:
    """Undoes the student's normalisation and applies the teacher's, if it is another."""
    mine, theirs = _normalisation(given, inputs), _normalisation(wanted, inputs)
    swap = _swaps(given) != _swaps(wanted)
    if not swap and all(torch.equal(a, b) for a, b in zip(mine, theirs)):
        return inputs
    pixels = inputs * mine[1] + mine[0]
    pixels = pixels.flip(1) if swap else pixels
    return (pixels - theirs[0]) / theirs[1]


def _normalisation(preprocessor: nn.Module, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and std in pixel values, (C or 1, 1, 1) each."""
    if not getattr(preprocessor, '_enable_normalize', False):
        return like.new_zeros((1, 1, 1)), like.new_ones((1, 1, 1))
    scale = getattr(preprocessor, '_full_scale', None)  # ours divides by it first
    scale = like.new_ones(()) if scale is None else scale.to(like)
    return preprocessor.mean.to(like) * scale, preprocessor.std.to(like) * scale


def _swaps(preprocessor: nn.Module) -> bool:
    return bool(getattr(preprocessor, 'channel_conversion', False))
