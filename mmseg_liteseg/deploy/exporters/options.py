"""What can be asked of an export."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DeployError

FORMATS = ('onnx', 'openvino', 'torchscript', 'ncnn')
OPSETS = range(11, 21)
LABEL_DTYPES = ('uint8', 'int32', 'int64')


@dataclass(frozen=True)
class ExportOptions:
    """What to export.

    Attributes:
        formats: Out of FORMATS.
        output: 'labels', 'logits' or 'scores', see ``Interface``.
        size: (H, W) of a static model, or None for any size.
        batch: Images at a time of a static model; a dynamic one takes any number.
        raw: Pre-processing inside: uint8 (N, H, W, C) in.
        label_dtype: Of labels: 'uint8', 'int32' or 'int64'. TensorRT casts to no uint8.
        color: Of a raw input: 'bgr' or 'rgb'; the network's own by default.
        opset: Of ONNX.
        half: Weights and features of an ONNX file in float16; its input stays as it is.

    Raises:
        DeployError: a value is not allowed or does not go with another.
    """

    formats: tuple[str, ...] = ('onnx',)
    output: str = 'labels'
    size: tuple[int, int] | None = None
    batch: int = 1
    raw: bool = False
    color: str | None = None
    opset: int = 11
    label_dtype: str = 'uint8'
    half: bool = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise DeployError(f'format: expected some of {", ".join(FORMATS)}, got {", ".join(unknown) or "none"}')
        if self.opset not in OPSETS:
            raise DeployError(f'opset: expected {OPSETS[0]} to {OPSETS[-1]}, got {self.opset}')
        if self.label_dtype not in LABEL_DTYPES:
            raise DeployError(f'label_dtype: expected one of {", ".join(LABEL_DTYPES)}, got {self.label_dtype!r}')
        if self.size is not None and min(self.size) < 1:
            raise DeployError(f'shape: expected two positive numbers, got {self.size[0]} {self.size[1]}')
        if self.batch < 1 or (self.size is None and self.batch != 1):
            raise DeployError(f'batch: expected a positive number, and a shape with it, got {self.batch}')
        if self.color is not None and not self.raw:
            raise DeployError('color: the order of channels can be chosen only with the pre-processing inside (--raw)')
        if self.half and tuple(self.formats) != ('onnx',):
            raise DeployError(
                f'half: of onnx alone, got {", ".join(self.formats)}; other runtimes convert when they load'
            )
        if 'ncnn' in self.formats:
            self._check_ncnn()

    def _check_ncnn(self) -> None:
        if self.output == 'labels':
            raise DeployError('output: ncnn has no argmax over channels: export logits or scores')
        if self.raw:
            raise DeployError("raw: in ncnn pre-processing is the caller's (Mat::substract_mean_normalize)")
        if self.batch != 1:
            raise DeployError(f'batch: ncnn takes one image at a time, got {self.batch}')

    @property
    def example_shape(self) -> tuple[int, int, int]:
        """Batch, height and width to trace with. For dynamic models no two are alike and none divides by 32."""
        return (self.batch, *self.size) if self.size else (2, 90, 122)
