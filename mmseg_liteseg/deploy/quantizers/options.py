"""What can be asked of a quantisation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import DeployError
from ..fields import brief, check_choice, check_path, check_real, check_whole

# Convolutions by the names of their modules: the pooled context, the attention, the classifier.
FLOAT_LAYERS = r'/neck/branches\.|/attention/|/conv_seg/'
METHODS = ('MinMax', 'Entropy', 'Percentile')


@dataclass(frozen=True)
class QuantizeOptions:
    """How to quantise.

    Attributes:
        images: Number of pictures to calibrate on.
        folder: Of those pictures, which need no labels; the config's training data otherwise.
        method: Of onnxruntime's calibration: 'MinMax', 'Entropy' or 'Percentile'; NNCF has its own.
        symmetric: int8 activations around 0, which TensorRT asks for; uint8 with a zero point otherwise.
        full_range: Weights of 8 bits instead of 7. CPUs without VNNI add two products in 16 bits: 2 x 255 x 64 fits,
            2 x 255 x 127 does not. T fell from 58.1 to 55.5 mIoU on CamVid there, with 7 bits to 57.5. Symmetric
            models, for TensorRT, have 8.
        float_layers: Regular expression; convolutions and ReLUs whose name it finds stay in float.
        max_loss: Greatest allowed loss of mIoU, in points.
        max_pixels: Greatest allowed share of pixels whose label changes, where there are no labels to score on.

    Raises:
        DeployError: a value is not allowed.
    """

    images: int = 64
    folder: str | None = None
    method: str = 'MinMax'
    symmetric: bool = False
    full_range: bool = False
    float_layers: str = FLOAT_LAYERS
    max_loss: float = 0.5
    max_pixels: float = 0.02

    def __post_init__(self) -> None:
        check_whole('images', self.images, 1)
        check_choice('method', self.method, METHODS)
        for name in ('symmetric', 'full_range'):
            check_choice(name, getattr(self, name), (True, False))
        if self.folder is not None:
            check_path('calibrate', self.folder)
        check_real('max_loss', self.max_loss)
        check_real('max_pixels', self.max_pixels, 0, 1)
        try:
            re.compile(self.float_layers)
        except (re.error, TypeError) as error:
            raise DeployError(f'float_layers: {brief(self.float_layers)} is no regular expression ({error})') from None
