"""The network as it leaves the framework: pre-processing in front and the label map behind, as far as asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .errors import DeployError
from .fields import check_choice, check_kind
from .metadata import COLORS, Interface
from .source import Source
from .steps import Step, size_after

_INSIDE = ('Resize', 'ResizeToMultiple')


class DeployGraph(nn.Module):
    """A segmentor as one function of one tensor.

    ::

        image -> [uint8 NHWC, rgb or bgr -> normalised NCHW] [-> the config's resize]
              -> network -> scores [-> resize [-> resize to the image's size] -> logits [-> labels]]

    Args:
        model: Segmentor in eval mode.
        interface: What goes in and comes out.
        flip: The input's channels are in the opposite order of the network's.
        label_dtype: Of labels.

    Raises:
        DeployError: there are more classes than the type of the labels can hold.

    Example:
        >>> graph = make_graph(source, interface_of(source, output='labels'))  # doctest: +SKIP
        >>> graph(torch.rand(1, 3, 64, 128)).shape  # doctest: +SKIP
        torch.Size([1, 64, 128])
    """

    def __init__(self, model: nn.Module, interface: Interface, flip: bool = False, label_dtype: str = 'uint8') -> None:
        super().__init__()
        self.model = model
        self.interface = interface
        self.flip = flip
        self.label_dtype = getattr(torch, label_dtype)
        if model.decode_head.num_classes - 1 > torch.iinfo(self.label_dtype).max:
            raise DeployError(f'label_dtype: {label_dtype} cannot hold {model.decode_head.num_classes} classes')
        self.register_buffer('mean', torch.tensor(interface.mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(interface.std).view(1, -1, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """The interface's input -> its output."""
        x = self.preprocess(image) if self.interface.is_raw else image
        size = x.shape[2:]
        for step in self.interface.inside:
            x = F.interpolate(x, self.resized(x.shape[2:], step), mode='bilinear', align_corners=False)
        scores = self.model.decode_head(self.model.extract_feat(x))
        if self.interface.output == 'scores':
            return scores
        align_corners = self.interface.align_corners
        logits = F.interpolate(scores, x.shape[2:], mode='bilinear', align_corners=align_corners)
        if self.interface.inside:  # two resizes, as mmseg's encode_decode and postprocess_result
            logits = F.interpolate(logits, size, mode='bilinear', align_corners=align_corners)
        return logits if self.interface.output == 'logits' else self.label(logits)

    def resized(self, size: Sequence[int], step: Step) -> list[int]:
        """The network's size, by arithmetic that tracers follow where sizes are open."""
        if self.interface.size:
            return list(size_after(self.interface.size, [step]))
        if step['type'] == 'ResizeToMultiple':
            divisor = step.get('size_divisor', 32)
            pair = divisor if isinstance(divisor, (list, tuple)) else (divisor, divisor)  # horizontal, vertical
            return [(side + by - 1) // by * by for side, by in zip(size, pair[::-1])]
        if step.get('scale_factor') is None:
            return list(size_after((1, 1), [step]))
        factor = step['scale_factor']
        pair = factor if isinstance(factor, (list, tuple)) else (factor, factor)  # horizontal, vertical
        across, down = (Fraction(value).limit_denominator(1000) for value in pair)
        # rounded half up, as mmcv does
        return [
            (side * 2 * f.numerator + f.denominator) // (2 * f.denominator) for side, f in zip(size, (down, across))
        ]

    def preprocess(self, image: Tensor) -> Tensor:
        """Pixels (N, H, W, C), 0 to 255 -> normalised (N, C, H, W) in the network's order of channels."""
        x = image.permute(0, 3, 1, 2) if self.interface.layout == 'NHWC' else image
        x = (x.float() - self.mean) / self.std
        return torch.cat([x[:, 2:3], x[:, 1:2], x[:, 0:1]], dim=1) if self.flip else x

    def label(self, logits: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, H, W), or masks (N, C, H, W)."""
        if self.interface.multi_label:
            return (logits.sigmoid() > self.interface.threshold).to(self.label_dtype)
        if self.interface.threshold is not None:
            return (logits[:, 0].sigmoid() > self.interface.threshold).to(self.label_dtype)
        return logits.argmax(dim=1).to(self.label_dtype)


def make_graph(source: Source, interface: Interface, label_dtype: str = 'uint8') -> DeployGraph:
    """The graph of a trained model with the given interface.

    Raises:
        DeployError: an argument is of another type.
    """
    check_kind('interface', interface, Interface)
    flip = interface.color != interface_of(source).color
    return DeployGraph(source.model, interface, flip, label_dtype).eval()


def interface_of(
    source: Source,
    output: str = 'logits',
    size: tuple[int, int] | None = None,
    batch: int | None = None,
    raw: bool = False,
    color: str | None = None,
    resize_inside: bool = False,
) -> Interface:
    """Interface of a trained model.

    Args:
        source: The model and its config.
        output: 'labels', 'logits' or 'scores'.
        size: (H, W), or None for any.
        batch: Number of images, or None for any.
        raw: Puts the pre-processing inside: the input is NHWC, uint8, or float32 where files are not read as 8 bits.
        color: Of a raw input, 'bgr' or 'rgb'; the network's own otherwise.
        resize_inside: Puts the resize of the config's test pipeline inside, and that back to the input's size.

    Raises:
        DeployError: the config does not normalise, or the colours do not fit the model.
    """
    check_kind('source', source, Source)
    check_choice('color', color, (None, *COLORS))
    for name, value in (('raw', raw), ('resize_inside', resize_inside)):
        check_choice(name, value, (True, False))
    cfg, head = source.cfg.model.get('data_preprocessor') or {}, source.model.decode_head
    mean, std = cfg.get('mean'), cfg.get('std')
    if not mean or not std or len(mean) != len(std):
        raise DeployError(f'model.data_preprocessor: expected a mean and std per channel, got mean={mean}, std={std}')
    # what else the files hold, float32 takes
    eight_bits = isinstance(source.color_type, str) and source.color_type != 'unchanged'
    # mmseg reads BGR; either conversion turns that round
    own = 'rgb' if cfg.get('bgr_to_rgb') or cfg.get('rgb_to_bgr') else 'bgr'
    own = {1: 'gray', 3: own}.get(len(mean), 'bands')
    color, multi_label = color or own, getattr(head, 'multi_label', False)
    if color != own:
        if not raw or not {color, own} <= {'rgb', 'bgr'}:
            raise DeployError(f'color: this model takes {own}, got {color!r}')
        mean, std = mean[::-1], std[::-1]
    return Interface(
        layout='NHWC' if raw else 'NCHW',
        dtype='uint8' if raw and eight_bits else 'float32',
        color=color,
        mean=tuple(float(value) for value in mean),
        std=tuple(float(value) for value in std),
        size=size,
        batch=batch,
        output=output,
        align_corners=head.align_corners,
        threshold=head.threshold if head.out_channels == 1 or multi_label else None,
        multi_label=multi_label,
        normalized=not raw or eight_bits,
        inside=_resizes(source, size) if resize_inside else (),
    )


def _resizes(source: Source, size: tuple[int, int] | None) -> tuple[Step, ...]:
    """The resizes of the test pipeline.

    Raises:
        DeployError: there is none, or it is none that a graph gives alike.
    """
    steps = [step for step in source.steps if step['type'] != 'ToFloat32']
    names = ', '.join(step['type'] for step in steps) or 'nothing'
    if not steps or any(step['type'] not in _INSIDE for step in steps):
        raise DeployError(f'resize_inside: expected {" or ".join(_INSIDE)} alone in the test pipeline, found {names}')
    for step in steps:
        if step.get('interpolation') not in (None, 'bilinear') or step.get('backend') not in (None, 'cv2'):
            raise DeployError(f'resize_inside: expected a bilinear {step["type"]} of OpenCV, found {step}')
        if step.get('keep_ratio') and step.get('scale') is not None and size is None:
            raise DeployError('resize_inside: a Resize with keep_ratio needs one size of the input (--shape H W)')
    return tuple(steps)
