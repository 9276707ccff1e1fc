"""The trained model that an artefact is made from, with everything about it that has to travel along."""

from __future__ import annotations

import copy
import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmseg_liteseg.checkpoint.finite import check_finite
from mmseg_liteseg.command_line import fault_of_config
from mmseg_liteseg.config_file import read_config
from mmseg_liteseg.engine.following import follow
from mmseg_liteseg.engine.loading import check_checkpoint_path, check_fit, reading
from mmseg_liteseg.errors import LiteSegError, SettingError
from mmseg_liteseg.registry import DATASETS, MODELS
from mmseg_liteseg.wording import are, count

from .errors import DeployError
from .fields import brief, check_path
from .pipeline import find_pipeline, read_color_type, read_steps

# Weights that only training uses.
_TRAINING_ONLY = ('auxiliary_head.', 'decode_head.aux_heads.')


@dataclass
class Source:
    """A trained model and what its config says about data.

    Attributes:
        model: Segmentor in eval mode, on the CPU, without SyncBN.
        cfg: Its config.
        classes: Names, by label.
        palette: Colours (R, G, B), by label.
        pipeline: The config's test pipeline, as `mmseg.apis.inference_model` takes it.
        steps: What it does to a picture, see ``Metadata.steps``.
        files: Names of config and checkpoint and their sha256.
        color_type: How files are read, see ``Metadata.color_type``.
    """

    model: nn.Module
    cfg: Config
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    pipeline: list[dict]
    steps: tuple[dict[str, Any], ...]
    files: dict[str, str]
    color_type: str | int = 'color'


def load_source(config: str | Path, checkpoint: str | Path, cfg_options: dict | None = None) -> Source:
    """Builds the config's model and fills it with the checkpoint's weights.

    Args:
        config: Path of a config file.
        checkpoint: Path of a checkpoint, ``.pth`` or ``.pdparams``.
        cfg_options: Settings to override.

    Raises:
        LiteSegError: a file is missing or unreadable, a weight that inference needs is missing, or the config asks for
            something that an exported model does not do; the message names the file or the field.
    """
    for name, value in (('config', config), ('checkpoint', checkpoint)):
        check_path(name, value)
    config, checkpoint = os.fspath(config), os.fspath(checkpoint)  # not Path's text: an address would lose a slash
    cfg = read_config(config, cfg_options, DeployError)
    check_checkpoint_path(checkpoint)
    with _faults_of(config):
        follow(cfg)  # a data_root set anew, data of the validation: as in the tools that train and test
        _check_inference(cfg)
        pipeline = copy.deepcopy(find_pipeline(cfg))  # inference_model of an array changes the config's
        steps, color_type = read_steps(pipeline), read_color_type(pipeline)
        model = _build(cfg)
    meta = load_weights(model, checkpoint)
    with _faults_of(config):
        classes, palette = _read_classes(cfg, meta, model.decode_head.num_classes)
    return Source(model, cfg, classes, palette, pipeline, steps, _read_files(config, checkpoint), color_type)


@contextmanager
def _faults_of(config: str) -> Iterator[None]:
    """What is wrong with a config, in our words and with its name.

    Raises:
        DeployError: whatever was raised: the hosts put values of a config to use as they are, which fails in as many
            ways as there are values.
    """
    try:
        yield
    except DeployError:
        raise
    except LiteSegError as error:
        raise DeployError(f'config {config}: {error}') from error
    except Exception as error:
        reason = fault_of_config(error) or f'{type(error).__name__}: {" ".join(str(error).split())[:300]}'
        raise DeployError(f'config {config}: no model can be made of it ({reason})') from error


def _build(cfg: Config) -> nn.Module:
    """The config's segmentor in eval mode, without SyncBN."""
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    cfg.model.train_cfg = None
    # before building, which would fetch what the checkpoint replaces
    _forget_pretrained(cfg.model)
    _list_statistics(cfg.model)
    return revert_sync_batchnorm(MODELS.build(cfg.model)).eval()


def load_weights(model: nn.Module, checkpoint: str) -> dict[str, Any]:
    """Loads weights and returns the checkpoint's meta. mmengine would go on where some are missing.

    Raises:
        LiteSegError: the file cannot be read, a weight that inference needs is missing, NaN or infinite, or a shape
            differs.
    """
    with reading(checkpoint, DeployError):
        loaded = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    weights = loaded.get('state_dict', loaded)
    weights = {key[7:] if key.startswith('module.') else key: value for key, value in weights.items()}
    # shapes first: load_state_dict raises of them in many lines
    check_fit(model.state_dict(), weights, checkpoint)
    with reading(checkpoint, DeployError):
        check_finite({key: value for key, value in weights.items() if _is_needed(key)}, checkpoint)
    missing = [k for k in model.load_state_dict(weights, strict=False).missing_keys if _is_needed(k)]
    if missing:
        raise DeployError(
            f'checkpoint {checkpoint}: {count(len(missing), "weight")} of the model {are(len(missing))} missing, '
            f'such as {missing[0]}'
        )
    return loaded.get('meta', {}) if 'state_dict' in loaded else {}


def reference_logits(model: nn.Module, inputs: Tensor) -> Tensor:
    """Mmseg's own path: normalised images (N, C, H, W) -> logits at the same size."""
    size = tuple(inputs.shape[2:])
    meta = dict(ori_shape=size, img_shape=size, pad_shape=size, padding_size=[0, 0, 0, 0])
    with torch.no_grad():
        return model.encode_decode(inputs, [meta] * len(inputs))


def _is_needed(key: str) -> bool:
    return not key.startswith(_TRAINING_ONLY) and not key.endswith('num_batches_tracked')


def _check_inference(cfg: Config) -> None:
    if not isinstance(cfg.get('model'), dict) or 'decode_head' not in cfg.model:
        raise SettingError('expected a segmentor under model, with a decode_head')
    mode = (cfg.model.get('test_cfg') or {}).get('mode', 'whole')
    if mode != 'whole':
        raise SettingError(f"model.test_cfg.mode is {mode!r}. An exported model sees whole images: set it to 'whole'")
    padding = (cfg.model.get('data_preprocessor') or {}).get('test_cfg')
    if padding:
        raise SettingError(
            f'model.data_preprocessor.test_cfg pads test images ({dict(padding)}). An exported model '
            'takes them as they are: remove it'
        )


def _forget_pretrained(model: dict) -> None:
    """The checkpoint fills everything: nothing else must be downloaded or looked for."""
    model.pop('pretrained', None)
    for part in ('backbone', 'neck', 'decode_head'):
        if (model.get(part) or {}).get('init_cfg'):
            model[part].pop('init_cfg')


def _list_statistics(model: dict) -> None:
    """Mean and std as lists with a number per channel: mmseg takes tensors too, and one number for all channels.

    Raises:
        DeployError: they are no numbers.
    """
    part, channels = model.get('data_preprocessor') or {}, (model.get('backbone') or {}).get('in_channels', 3)
    for name in ('mean', 'std'):
        if part.get(name) is None:
            continue
        try:
            values = np.asarray(part[name], np.float64).ravel().tolist()
        except (TypeError, ValueError):
            raise DeployError(
                f'model.data_preprocessor.{name}: expected a number per channel, got {brief(part[name])}'
            ) from None
        part[name] = values * channels if len(values) == 1 and isinstance(channels, int) else values


def _read_classes(
    cfg: Config, meta: dict, num_classes: int
) -> tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]:
    """From the checkpoint, else the test data set's class, else numbers and the generated colours of mmseg."""
    found = dict(meta.get('dataset_meta') or {}) or _dataset_meta(cfg)
    classes = tuple(str(name) for name in found.get('classes') or range(num_classes))
    if len(classes) != num_classes:
        raise DeployError(
            f'the model has {count(num_classes, "class")}, but {len(classes)} {are(len(classes))} named: '
            f'{", ".join(classes[:5])}, ...'
        )
    palette = found.get('palette') or _make_palette(num_classes)
    return classes, tuple(tuple(int(value) for value in color) for color in palette[:num_classes])


def _dataset_meta(cfg: Config) -> dict:
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader') or {}
    dataset = loader.get('dataset') or {}
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    kind = DATASETS.get(dataset['type']) if isinstance(dataset.get('type'), str) else dataset.get('type')
    return {**getattr(kind, 'METAINFO', {}), **(dataset.get('metainfo') or {})}


def _make_palette(num_classes: int) -> list[list[int]]:
    generator = torch.Generator().manual_seed(42)
    return torch.randint(0, 256, (num_classes, 3), generator=generator).tolist()


def _read_files(config: str, checkpoint: str) -> dict[str, str]:
    files = dict(config=Path(config).name, checkpoint=Path(checkpoint).name, config_sha256=sha256_of(config))
    if Path(checkpoint).is_file():
        files['checkpoint_sha256'] = sha256_of(checkpoint)
    return files


def sha256_of(path: str | Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with check_path('file', path).open('rb') as stream:
        for block in iter(lambda: stream.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
