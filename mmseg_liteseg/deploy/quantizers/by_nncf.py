"""INT8 for OpenVINO by NNCF, OpenVINO's own quantiser."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterable

import numpy as np

from ..errors import DeployError, require
from ..instructions import instructions
from ..metadata import KEY, Metadata
from ..runners.ov import shared_core
from .options import QuantizeOptions

_CONVOLUTIONS = ('Convolution', 'GroupConvolution')
# A model of any size is run at these (H, W) as one of each size, too: no side is a multiple of 32.
_CHECKED_SIZES = ((90, 122), (250, 333))
# Ties within float32's rounding, where the plug-in sums in another order.
_TIES = 1e-3


def write(
    path: Path, stem: Path, inputs: Iterable[np.ndarray], metadata: Metadata, options: QuantizeOptions
) -> tuple[list[Path], list[str]]:
    """Quantises the convolutions of an ``.xml`` and writes ``stem.xml`` and ``stem.bin``; see ``write_integer``."""
    nncf = require('nncf', 'nncf', 'INT8 for OpenVINO')
    openvino = require('openvino', 'openvino', 'INT8 for OpenVINO')
    nncf.set_log_level(logging.ERROR)
    model = shared_core(openvino).read_model(str(path))
    operations = model.get_ordered_ops()
    kept = [
        operation.get_friendly_name()
        for operation in operations
        if operation.get_type_name() in _CONVOLUTIONS and re.search(options.float_layers, operation.get_friendly_name())
    ]
    # convolutions alone, as in onnxruntime's files
    others = sorted({operation.get_type_name() for operation in operations} - {*_CONVOLUTIONS, 'Relu'})
    preset, overflow = nncf.QuantizationPreset, nncf.OverflowFix
    quantised = nncf.quantize(
        model,
        nncf.Dataset(inputs),
        preset=preset.PERFORMANCE if options.symmetric else preset.MIXED,
        target_device=nncf.TargetDevice.CPU,
        subset_size=options.images,
        ignored_scope=nncf.IgnoredScope(names=kept, types=others, validate=False),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            overflow_fix=overflow.DISABLE if options.full_range else overflow.ENABLE,
            # with it CamVid val (68.52) comes to 68.38, without to 68.58
            disable_bias_correction=True,
        ),
    )
    if metadata.interface.size is None:
        check_any_size(openvino, quantised, metadata)
    noted = dict(quantization='NNCF', full_range=options.full_range, measured_on=instructions(), any_size=True)
    quantised.set_rt_info(replace(metadata, tools=dict(metadata.tools, **noted)).to_json(), [KEY])
    target = stem.parent / f'{stem.name}.xml'
    openvino.save_model(quantised, str(target), compress_to_fp16=False)
    return [target, target.with_suffix('.bin')], kept


def check_any_size(openvino: Any, model: Any, metadata: Metadata) -> None:
    """Runs a model of any size, and the same model made for one size, on the same noise.

    OpenVINO 2026.4 computes quantised files of onnxruntime wrongly where sizes are open: 5 to 30% of the pixels change,
    and nothing says so. Those of NNCF are the same to the last pixel.

    Raises:
        DeployError: they differ.
    """
    core, interface = shared_core(openvino), metadata.interface
    settings = dict(INFERENCE_PRECISION_HINT='f32')
    dynamic = core.compile_model(model, 'CPU', settings)
    for height, width in _CHECKED_SIZES:
        picture = np.random.default_rng(0).integers(0, 256, (1, height, width, len(interface.mean)))
        x = interface.prepare(picture.astype(np.uint8 if interface.dtype == 'uint8' else np.float32))
        static = model.clone()
        static.reshape(list(x.shape))
        found, expected = dynamic(x)[0], core.compile_model(static, 'CPU', settings)(x)[0]
        # the least step of what is quantised is some percent of the greatest logit
        far = 0 if interface.output == 'labels' else 1e-2 * np.abs(expected).max()
        share = float(np.mean(np.abs(found.astype(np.float32) - expected.astype(np.float32)) > far))
        if share > _TIES:
            raise DeployError(
                f'INT8 of any size in OpenVINO differs at {height}x{width} in {share:.2%} of its output from the '
                'same model of that size: give --shape H W'
            )
