"""What mmdeploy needs to know of this package; deploy configs name this module under ``codebase_config.module``.

SPPM needs nothing here: in the exporter it pools without adaptive pooling, which mmdeploy would replace by an average
pooling with a floored kernel.
"""

from __future__ import annotations

import inspect
from typing import Any

from mmdeploy.core import FUNCTION_REWRITER
from torch import Tensor

import mmseg_liteseg.models  # noqa: F401 (rewriters name classes by their path)

from .exporters.tracing import quiet_tracing


@FUNCTION_REWRITER.register_rewriter('torch.onnx.export')
def onnx_export__tracing(*args: Any, **kwargs: Any) -> Any:
    """Exports by tracing, the only way mmdeploy's other rewriters know; newer torch has another default."""
    ctx = FUNCTION_REWRITER.get_context()
    if 'dynamo' in inspect.signature(ctx.origin_func).parameters:
        kwargs['dynamo'] = False
    with quiet_tracing():
        return ctx.origin_func(*args, **kwargs)


@FUNCTION_REWRITER.register_rewriter('mmseg_liteseg.models.segmentors.fast_encoder_decoder.FastEncoderDecoder.predict')
def fast_encoder_decoder__predict(self: Any, inputs: Tensor, data_samples: list, **kwargs: Any) -> Tensor:
    """Logits at the input's size (N, C, H, W), as mmdeploy has it for EncoderDecoder, from which this one derives."""
    del kwargs
    metas = [sample.metainfo for sample in data_samples]
    return self.decode_head.predict(self.extract_feat(inputs), metas, self.test_cfg)
