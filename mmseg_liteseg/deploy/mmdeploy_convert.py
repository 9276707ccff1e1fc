"""mmdeploy's conversion in one call: its wheel brings neither its tools nor its configs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Sequence

from mmengine.config import Config, ConfigDict

from mmseg_liteseg.config_file import read_config

from .agreement import DEFAULT_BOUND, DYNAMIC_SIZES, Bound, check_comparison
from .errors import DeployError, require
from .fields import check_path
from .folder import make_folder, work_folder
from .graph import interface_of
from .images import images_of
from .pipeline import find_pipeline
from .source import load_source
from .verify import verify

_CONVERTERS = dict(onnxruntime='torch2onnx', torchscript='torch2torchscript')
_SDK_FILES = ('deploy.json', 'pipeline.json', 'detail.json')


def convert(
    deploy_config: str,
    config: str,
    checkpoint: str,
    out: str | Path,
    dump_info: bool = False,
    bound: Bound = DEFAULT_BOUND,
    deploy_options: dict | None = None,
    sizes: Sequence[tuple[int, int]] = DYNAMIC_SIZES,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Converts a model with mmdeploy, compares the result with the model, and then puts it into ``out``.

    Args:
        deploy_config: One of configs/deploy, for onnxruntime or torchscript.
        config: Of the model.
        checkpoint: Of the model.
        out: Folder for the results; made if missing.
        dump_info: Also writes the three files that mmdeploy's SDK reads.
        bound: What counts as agreement.
        deploy_options: Settings of the deploy config to override.
        sizes: (H, W) at which a dynamic result is compared.
        say: Takes the lines of the report.

    Returns:
        The files.

    Raises:
        DeployError: a file is missing, mmdeploy is not installed, the backend is another one, or the result does not
            agree with the model; nothing is written then.
    """
    apis = require('mmdeploy.apis', 'mmdeploy==1.3.1', 'this conversion')
    deploy_cfg = _read_deploy_config(deploy_config, deploy_options)
    source = load_source(config, checkpoint)
    check_comparison(source, bound, sizes, None, say)
    out = make_folder(out, 'end2end')
    with_argmax = deploy_cfg.codebase_config.get('with_argmax', True)
    if with_argmax and getattr(source.model.decode_head, 'multi_label', False):
        raise DeployError(
            'codebase_config.with_argmax=True takes one class per pixel, but this model gives a mask for each '
            '(multi_label=True): set it to False (--deploy-options) and compare the logits with the threshold'
        )
    shape = _ir_config(deploy_cfg).get('input_shape')
    size = tuple(shape[::-1]) if shape else (500, 333)
    with work_folder(out, '.mmdeploy-') as folder:
        # pixels, not a file: mmdeploy reads every file as three channels
        picture = images_of(size, 1, len(interface_of(source).mean), source=source)[0]
        name = _ir_config(deploy_cfg).save_file
        model_cfg = sdk_config(config, size)
        run = getattr(apis, _CONVERTERS[deploy_cfg.backend_config.type])
        run(picture, str(folder), name, deploy_cfg, model_cfg, checkpoint, 'cpu')
        # of one logit mmdeploy gives labels, whatever with_argmax says
        labels = with_argmax or source.model.out_channels == 1
        output = 'labels' if labels else 'logits'
        verify(folder / name, source, [size] if shape else sizes, bound, say=say, output=output)
        names = [name]
        if dump_info:
            sdk = require('mmdeploy.backend.sdk.export_info', 'mmdeploy==1.3.1', '--dump-info')
            sdk.export2SDK(deploy_cfg, model_cfg, str(folder), checkpoint, 'cpu')
            names += _SDK_FILES
        for name in names:
            os.replace(folder / name, out / name)
    return [out / name for name in names]


def sdk_config(config: str, size: tuple[int, int]) -> Config:
    """The model's config, with a test pipeline as mmdeploy's SDK knows it: a second step that resizes to one size.

    Args:
        config: Of the model.
        size: (H, W) of the network's input.
    """
    cfg = read_config(check_path('config', config), kind=DeployError)
    load, *others = find_pipeline(cfg)
    # mmdeploy takes labels out by mmseg's name
    others = [step for step in others if step['type'].split('.')[-1] not in ('Resize', 'LoadAnnotations')]
    resize = ConfigDict(type='Resize', scale=size[::-1], keep_ratio=False)
    # the SDK looks for the resize in second place, and does not know ours
    cfg.test_pipeline = [load, resize, *others]
    # mmdeploy reads mean and std at the top level
    cfg.data_preprocessor = cfg.model.data_preprocessor
    if not cfg.get('visualizer'):
        cfg.visualizer = ConfigDict(type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
    return cfg


def _read_deploy_config(path: str, options: dict | None) -> Config:
    cfg = read_config(check_path('deploy config', path), options, DeployError)
    kind = (cfg.get('backend_config') or {}).get('type')
    if kind not in _CONVERTERS:
        raise DeployError(
            f'deploy config {path}: backend_config.type is {kind!r}; this tool converts for '
            f"{' and '.join(_CONVERTERS)}. For others use mmdeploy's own tools/deploy.py with this config"
        )
    return cfg


def _ir_config(cfg: Config) -> ConfigDict:
    return cfg.get('onnx_config') or cfg.ir_config
