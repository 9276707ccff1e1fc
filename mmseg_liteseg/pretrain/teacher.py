"""The teacher of a classifier's distillation: any classifier of mmpretrain or timm."""

from __future__ import annotations

from typing import Any, Mapping

from mmpretrain.registry import MODELS
from torch import nn

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.models.teacher import Teacher, load_whole, read_model


def build_teacher(config: Mapping[str, Any] | str, checkpoint: str | None = None) -> Teacher:
    """Builds a teacher with its weights.

    Args:
        config: Model of mmpretrain, such as ``dict(type='TimmClassifier', model_name='resnet50', pretrained=True)``, or
            a config file that holds one.
        checkpoint: Its weights; not needed where ``config`` says where they are (``pretrained`` or ``init_cfg``).

    Raises:
        SettingError: There is no such file, or nothing says where the weights are.
        CheckpointFileError: The checkpoint cannot be read, or does not hold every tensor of the model in its shape.
    """
    # The scope of the training may be another one than mmpretrain's, where these types are.
    model_cfg = dict(read_model(config, 'teacher'), _scope_='mmpretrain')
    model = MODELS.build(model_cfg)
    init_cfg = model.init_cfg if isinstance(model.init_cfg, dict) else {}
    checkpoint = checkpoint or init_cfg.get('checkpoint')
    if checkpoint:
        load_whole(model, checkpoint, 'teacher_checkpoint')
    elif model_cfg.get('pretrained') is not True:  # timm loads them while it builds
        raise SettingError(
            'teacher: nothing says where its weights are: set teacher_checkpoint, or pretrained in the teacher itself'
        )
    _take_normalisation(model)
    return Teacher(model, borrows=True)


def _take_normalisation(model: nn.Module) -> None:
    """Gives a model of timm the mean and std that timm says it was trained with, unless the config names others."""
    inside = getattr(model, 'model', None)
    known = getattr(inside, 'pretrained_cfg', None) or getattr(inside, 'default_cfg', None) or {}
    if getattr(model.data_preprocessor, '_enable_normalize', False) or not {'mean', 'std'} <= set(known):
        return
    mean, std = ([round(255 * value, 4) for value in known[name]] for name in ('mean', 'std'))
    model.data_preprocessor = MODELS.build(
        dict(type='ClsDataPreprocessor', _scope_='mmpretrain', mean=mean, std=std, to_rgb=True)
    )
