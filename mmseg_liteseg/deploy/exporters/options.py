"""What can be asked of an export."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DeployError
from ..fields import brief, check_choice, check_size, check_whole
from ..metadata import COLORS, OUTPUTS

FORMATS = ('onnx', 'openvino', 'torchscript', 'ncnn')
OPSETS = range(11, 21)
ANY = 'any'
LABEL_DTYPES = ('uint8', 'int32', 'int64')


@dataclass(frozen=True)
class ExportOptions:
    """What to export.

    Attributes:
        formats: Out of FORMATS.
        output: 'labels', 'logits' or 'scores', see ``Interface``.
        size: (H, W) of a static model, or None for any size.
        batch: Images at a time: a number, or 'any'. By default 1 of a model of one size, any of one of any size.
        raw: Pre-processing inside: uint8 (N, H, W, C) in.
        label_dtype: Of labels: 'uint8', 'int32' or 'int64'. TensorRT casts to no uint8.
        color: Of a raw input: 'bgr' or 'rgb'; the network's own by default.
        opset: Of ONNX.
        resize_inside: The resize of the config's test pipeline inside: pictures of their own size in, labels or logits
            of that size out.
        half: Weights and features of an ONNX file in float16; its input stays as it is.

    Raises:
        DeployError: a value is not allowed or does not go with another.
    """

    formats: tuple[str, ...] = ('onnx',)
    output: str = 'labels'
    size: tuple[int, int] | None = None
    batch: int | str | None = None
    raw: bool = False
    color: str | None = None
    opset: int = 11
    label_dtype: str = 'uint8'
    half: bool = False
    resize_inside: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.formats, (list, tuple)):
            raise DeployError(f'format: expected a list of {", ".join(FORMATS)}, got {brief(self.formats)}')
        if not self.formats:
            raise DeployError(f'format: expected some of {", ".join(FORMATS)}, got none')
        for name in self.formats:
            check_choice('format', name, FORMATS)
        if check_whole('opset', self.opset, 1) not in OPSETS:
            raise DeployError(f'opset: expected {OPSETS[0]} to {OPSETS[-1]}, got {self.opset}')
        for name, allowed in (('label_dtype', LABEL_DTYPES), ('output', OUTPUTS), ('color', (None, *COLORS))):
            check_choice(name, getattr(self, name), allowed)
        for name in ('raw', 'half', 'resize_inside'):
            check_choice(name, getattr(self, name), (True, False))
        if self.size is not None:
            check_size('shape', self.size)
        if self.batch is not None and not (isinstance(self.batch, str) and self.batch == ANY):
            check_whole('batch', self.batch, 1)
        if self.color is not None and not self.raw:
            raise DeployError('color: the order of channels can be chosen only with the pre-processing inside (--raw)')
        if self.half and tuple(self.formats) != ('onnx',):
            raise DeployError(
                f'half: of onnx alone, got {", ".join(self.formats)}; other runtimes convert when they load'
            )
        if self.resize_inside and self.output == 'scores':
            raise DeployError('resize_inside: scores are not resized: take labels or logits')
        if 'ncnn' in self.formats:
            self._check_ncnn()

    def _check_ncnn(self) -> None:
        if self.output == 'labels':
            raise DeployError('output: ncnn has no argmax over channels: export logits or scores')
        if self.resize_inside:
            raise DeployError("resize_inside: in ncnn resizing is the caller's (Mat::from_pixels_resize)")
        if self.raw:
            raise DeployError("raw: in ncnn pre-processing is the caller's (Mat::substract_mean_normalize)")
        if self.batch not in (None, 1):
            raise DeployError(f'batch: ncnn takes one image at a time, got {self.batch}')

    @property
    def fixed_batch(self) -> int | None:
        """Images at a time; None where any number goes."""
        if self.batch is None:
            # a model of one size is for devices, which take one picture at a time
            return 1 if self.size else None
        return None if self.batch == ANY else self.batch

    @property
    def example_shape(self) -> tuple[int, int, int]:
        """Batch, height and width to trace with. Of what is open no two are alike and none divides by 32."""
        return (self.fixed_batch or 2, *(self.size or (90, 122)))
