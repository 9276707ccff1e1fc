"""What an artefact says of itself: one JSON text that travels inside the model file.

Torch-free, so that a runtime can read it. Where it sits: the ONNX metadata property ``mmseg_liteseg``, the OpenVINO
``rt_info`` of that name, the extra file ``mmseg_liteseg.json`` of a TorchScript archive, and the line after the last
layer of an ncnn ``.param``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mmseg_liteseg.images.decode import COLOR_TYPES

from .errors import DeployError
from .fields import brief, check_choice, check_names, check_numbers, check_palette, check_real, check_size, check_whole
from .steps import check_steps, from_resize

KEY = 'mmseg_liteseg'
# 2: `steps`, where format 1 had one `resize`, which is still read. 3: `interface.inside`, written where there is any.
FORMAT = 3
LAYOUTS = ('NCHW', 'NHWC')
DTYPES = ('float32', 'uint8')
COLORS = ('rgb', 'bgr', 'gray', 'bands')
OUTPUTS = ('labels', 'logits', 'scores')


@dataclass(frozen=True)
class Interface:
    """What goes into an artefact and what comes out.

    Attributes:
        layout: Of the input: 'NCHW' or 'NHWC'.
        dtype: Of the input: 'float32' (normalised by the caller, see ``normalized``) or 'uint8' (raw pixels,
            normalised inside).
        color: Order of the input's channels: 'rgb', 'bgr', 'gray', or 'bands': any number, in the order of the files.
        mean: Per channel, in the input's order and in the values of the files: 0 to 255 for those of 8 bits.
        std: Likewise.
        size: (H, W) of every input, or None where any size goes.
        batch: Number of images of every input, or None where any number goes.
        output: 'labels' (N, H, W), integers; 'logits' (N, C, H, W) at the input's size; 'scores' (N, C, h, w), the
            logits at the network's own resolution, to be resized by the caller.
        align_corners: Of the bilinear resize from scores to logits.
        threshold: Two classes told apart by one logit: class 1 where its sigmoid is greater. Or, with ``multi_label``,
            where each class's sigmoid is. None otherwise.
        multi_label: Whether every class is a yes or no of its own: 'labels' are then masks (N, C, H, W), 0 and 1.
        normalized: Whether the caller normalises float32. False: it takes the values of the files, of any depth.
        inside: Steps of the config's test pipeline (resizes) that the graph takes itself; labels and logits then have
            the size of the input all the same.
    """

    layout: str
    dtype: str
    color: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: tuple[int, int] | None
    batch: int | None
    output: str
    align_corners: bool = False
    threshold: float | None = None
    multi_label: bool = False
    normalized: bool = True
    inside: tuple[dict[str, Any], ...] = ()

    @property
    def is_raw(self) -> bool:
        """Whether the pre-processing is inside."""
        return self.dtype == 'uint8' or not self.normalized

    def __post_init__(self) -> None:
        check_choice('layout', self.layout, LAYOUTS)
        check_choice('dtype', self.dtype, DTYPES)
        check_choice('color', self.color, COLORS)
        check_choice('output', self.output, OUTPUTS)
        for name in ('mean', 'std'):
            if not isinstance(getattr(self, name), (list, tuple)) or not getattr(self, name):
                raise DeployError(f'{name}: expected a number per channel, got {brief(getattr(self, name))}')
            check_numbers(name, getattr(self, name))
        if not all(self.std):
            raise DeployError(f'std: expected no zero, got {self.std}')
        if self.size is not None:
            check_size('size', self.size)
        if self.batch is not None:
            check_whole('batch', self.batch, 1)
        if self.threshold is not None:
            check_real('threshold', self.threshold, 0, 1)
        for name in ('align_corners', 'multi_label', 'normalized'):
            check_choice(name, getattr(self, name), (True, False))
        check_steps(self.inside, 'inside')
        if self.multi_label and self.threshold is None:
            raise DeployError('threshold: expected a probability for classes that are a yes or no each, got none')

    def prepare(self, images: np.ndarray) -> np.ndarray:
        """Images as OpenCV reads them (N, H, W, C), BGR or bands, uint8 or float -> the artefact's input."""
        x = images[..., ::-1] if self.color == 'rgb' else images
        x = x.transpose(0, 3, 1, 2)  # whole planes: numpy is slow over a last axis of three
        if self.normalized and self.dtype != 'uint8':
            mean, std = (np.float32(values)[:, None, None] for values in (self.mean, self.std))
            x = np.subtract(x, mean, dtype=np.float32, order='C')
            x /= std
        x = x if self.layout == 'NCHW' else x.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(x, np.uint8 if self.dtype == 'uint8' else np.float32)


@dataclass(frozen=True)
class Metadata:
    """Everything that an artefact says of itself.

    Attributes:
        interface: Input and output.
        classes: Names, by label.
        palette: Colours (R, G, B), by label.
        steps: What the config's test pipeline does to an image before the network sees it, by which the reported mIoU
            was reached, see ``mmseg_liteseg.deploy.steps``: ``({'type': 'Resize', 'scale_factor': 0.5},)``.
        source: Where it comes from: names of config and checkpoint, and their sha256.
        tools: Versions of what made it.
        color_type: How files are read: that of the config's LoadImageFromFile.
    """

    interface: Interface
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    steps: tuple[dict[str, Any], ...] = ()
    source: dict[str, str] = field(default_factory=dict)
    tools: dict[str, Any] = field(default_factory=dict)
    color_type: str | int = 'color'

    def __post_init__(self) -> None:
        if not isinstance(self.interface, Interface):
            raise DeployError(f'interface: expected an Interface, got {brief(self.interface)}')
        check_names('classes', self.classes)
        check_palette('palette', self.palette)
        check_steps(self.steps, 'steps')
        known = isinstance(self.color_type, str) and self.color_type in COLOR_TYPES
        if not known:  # flags of cv2.imread
            check_whole('color_type', self.color_type, -1)
        for name in ('source', 'tools'):
            if not isinstance(getattr(self, name), dict):
                raise DeployError(f'{name}: expected a dictionary, got {brief(getattr(self, name))}')

    @property
    def takes_colours(self) -> bool:
        """Whether it sees 8-bit colours, or grey made of them: pictures of any kind can be brought to that."""
        eight_bits = isinstance(self.color_type, str) and self.color_type != 'unchanged'
        return eight_bits and self.interface.color != 'bands'

    def to_json(self) -> str:
        """One line of JSON."""
        data = asdict(self)
        if not self.interface.inside:  # what earlier versions read, too
            del data['interface']['inside']
        return json.dumps(dict(format=FORMAT if self.interface.inside else 2, **data), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, name: str) -> Metadata:
        """Reads what ``to_json`` wrote; ``name`` is the file for messages.

        Raises:
            DeployError: it is no such text, or of a later format.
        """
        try:
            data = json.loads(text)
            version = data.pop('format')
            if version > FORMAT:
                raise DeployError(f'{name}: its metadata has format {version}, this version reads up to {FORMAT}')
            interface = data.pop('interface')
            for key in ('mean', 'std'):
                interface[key] = tuple(interface[key])
            interface['size'] = tuple(interface['size']) if interface['size'] else None
            interface['inside'] = check_steps(interface.get('inside') or (), name)
            data['classes'] = tuple(data['classes'])
            data['palette'] = tuple(tuple(color) for color in data.get('palette') or ())
            old = from_resize(data.pop('resize', None))
            data['steps'] = check_steps(data.get('steps') or old, name)
            return cls(interface=Interface(**interface), **data)
        except DeployError as error:
            raise (error if str(error).startswith(name) else DeployError(f'{name}: {error}')) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DeployError(f'{name}: its metadata under {KEY} cannot be read: {error!r}') from None
