"""The teacher of a distillation: any classifier of mmpretrain or timm, frozen."""

from __future__ import annotations

import os
from typing import Any, Mapping

from mmengine.config import Config
from mmengine.runner import load_checkpoint
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmseg_liteseg.checkpoint.errors import CheckpointMismatchError
from mmseg_liteseg.errors import SettingError


class Teacher:
    """A classifier that predicts in eval mode, without gradients, and is no part of the model that is trained.

    It is held outside the student's modules: no optimiser, checkpoint or process group sees it, and copies of the
    student (EMA) share it.

    Args:
        model: The classifier with its weights.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model.eval().requires_grad_(False)

    def __deepcopy__(self, memo: dict) -> Teacher:
        return self

    def logits(self, inputs: Tensor, given: nn.Module) -> Tensor:
        """Images (N, 3, H, W) -> logits (N, C).

        Args:
            inputs: Images, prepared for the student.
            given: The student's data preprocessor.
        """
        return self.model(_prepared_for(self.model.data_preprocessor, inputs, given), mode='tensor')


def _prepared_for(wanted: nn.Module, inputs: Tensor, given: nn.Module) -> Tensor:
    """Undoes the student's normalisation and applies the teacher's, if it has one of its own."""
    if not getattr(wanted, '_enable_normalize', False):
        return inputs
    if getattr(given, '_enable_normalize', False):
        if _same(wanted, given):
            return inputs
        inputs = inputs * given.std + given.mean
    if wanted.to_rgb != given.to_rgb and inputs.shape[1] == 3:
        inputs = inputs.flip(1)
    return (inputs - wanted.mean) / wanted.std


def _same(a: nn.Module, b: nn.Module) -> bool:
    return a.to_rgb == b.to_rgb and bool((a.mean == b.mean).all()) and bool((a.std == b.std).all())


def build_teacher(config: Mapping[str, Any] | str, checkpoint: str | None = None) -> Teacher:
    """Builds a teacher with its weights.

    Args:
        config: Model of mmpretrain, such as ``dict(type='TimmClassifier', model_name='resnet50', pretrained=True)``, or
            a config file that holds one.
        checkpoint: Its weights; not needed where ``config`` says where they are (``pretrained`` or ``init_cfg``).

    Raises:
        SettingError: There is no such file, or nothing says where the weights are.
        CheckpointMismatchError: The checkpoint does not hold every tensor of the model in its shape.
    """
    # The scope of the training may be another one than mmpretrain's, where these types are.
    model_cfg = dict(_read(config), _scope_='mmpretrain')
    model = MODELS.build(model_cfg)
    init_cfg = model.init_cfg if isinstance(model.init_cfg, dict) else {}
    checkpoint = checkpoint or init_cfg.get('checkpoint')
    if checkpoint:
        _load(model, checkpoint)
    elif model_cfg.get('pretrained') is not True:  # timm loads them while it builds
        raise SettingError(
            'teacher: nothing says where its weights are: set teacher_checkpoint, or pretrained in the teacher itself'
        )
    return Teacher(model)


def _read(config: Mapping[str, Any] | str) -> dict[str, Any]:
    if not isinstance(config, str):
        return dict(config)
    path = os.path.expanduser(config)
    if not os.path.isfile(path):
        raise SettingError(f'teacher: expected a model or a config file, {config} is no file')
    cfg = Config.fromfile(path)
    if 'model' not in cfg:
        raise SettingError(f'teacher: {config} holds no model')
    model = dict(cfg.model)
    if cfg.get('data_preprocessor'):  # where mmpretrain's configs have it
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return model


def _load(model: nn.Module, path: str) -> None:
    """Loads every tensor: of a teacher with random layers mmengine would only warn."""
    loaded = load_checkpoint(model, path, map_location='cpu')
    given = loaded.get('state_dict', loaded)
    given = {key[len('module.') :] if key.startswith('module.') else key: value for key, value in given.items()}
    wanted = {key: value for key, value in model.state_dict().items() if not key.endswith('num_batches_tracked')}
    missing = [key for key in wanted if key not in given]
    different = [key for key in wanted if key in given and given[key].shape != wanted[key].shape]
    for keys, what in ((missing, 'lacks'), (different, 'has other shapes for')):
        if keys:
            more = f' and {len(keys) - 1} more' if len(keys) > 1 else ''
            raise CheckpointMismatchError(f"teacher_checkpoint {path} {what} {keys[0]}{more} of the teacher's tensors")
