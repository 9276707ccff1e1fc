"""Exported models without torch: numpy, OpenCV and onnxruntime or OpenVINO are all it imports.

>>> from mmseg_liteseg.runtime import Segmenter, read_image                    # doctest: +SKIP
>>> segmenter = Segmenter('deploy/NAME.onnx')                                  # doctest: +SKIP
>>> image = read_image('street.jpg')            # (H, W, 3), uint8, BGR          doctest: +SKIP
>>> mask = segmenter.predict(image)             # (H, W), uint8                  doctest: +SKIP
>>> painted = segmenter.overlay(image, mask)    # (H, W, 3), uint8, BGR          doctest: +SKIP

``python -m mmseg_liteseg.runtime --help`` does the same for folders, videos and cameras.
"""

from mmseg_liteseg.deploy.errors import DeployError

from .pictures import read_image
from .segmenter import Segmenter
from .tiling import Tiling

__all__ = ['DeployError', 'Segmenter', 'Tiling', 'read_image']
