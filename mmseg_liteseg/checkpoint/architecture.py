"""Which PP-LiteSeg a set of tensors belongs to, and every tensor that one holds.

The same functions serve Paddle's names and ours (see names.py), so walking both gives the map from one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterator, Mapping, Sequence, Tuple

from .errors import CheckpointFileError
from .names import ConvBNNames, Names

Entry = Tuple[str, Tuple[int, ...]]
"""A tensor: its key and its shape."""

Shapes = Mapping[str, Sequence[int]]

# blocks in the stages at strides 8, 16 and 32
_ARCHS = {(2, 2, 2): 'stdc1', (4, 5, 3): 'stdc2'}
_MODELS = dict(stdc1='PP-LiteSeg-T', stdc2='PP-LiteSeg-B')


@dataclass(frozen=True)
class Encoder:
    """STDCNet: blocks per stage, channels of the image, width."""

    blocks: tuple[int, ...]
    in_channels: int
    base_channels: int

    @property
    def arch(self) -> str:
        """``'stdc1'`` or ``'stdc2'``."""
        return _ARCHS[self.blocks]

    def __str__(self) -> str:
        extra = '' if self.base_channels == 64 else f', {self.base_channels} base channels'
        extra += '' if self.in_channels == 3 else f', images of {self.in_channels} channels'
        return f"{self.arch.upper()}, {_MODELS[self.arch]}'s encoder ({'-'.join(map(str, self.blocks))} blocks{extra})"

    def layout(self, names: Names) -> Iterator[Entry]:
        """Every tensor."""
        width = self.base_channels
        yield from _conv_bn(names, names.stem(0), width // 2, self.in_channels, 3)
        yield from _conv_bn(names, names.stem(1), width, width // 2, 3)
        channels = width
        for stage, depth in enumerate(self.blocks):
            for block in range(depth):
                yield from self._block(names, stage, block, channels)
                channels = width * 4 * 2**stage

    def _block(self, names: Names, stage: int, block: int, channels: int) -> Iterator[Entry]:
        out = self.base_channels * 4 * 2**stage
        half, quarter, eighth = out // 2, out // 4, out // 8
        sizes = ((half, channels, 1), (quarter, half, 3), (eighth, quarter, 3), (eighth, eighth, 3))
        for i, size in enumerate(sizes):
            yield from _conv_bn(names, names.block_conv(stage, block, i, self.blocks), *size)
        if block == 0:
            yield from _conv_bn(names, names.downsample(stage, block, self.blocks), half, 1, 3)


@dataclass(frozen=True)
class Context:
    """SPPM: channels of its input and output, number of poolings."""

    in_channels: int
    channels: int
    branches: int

    def __str__(self) -> str:
        return f'SPPM from {self.in_channels} to {self.channels} channels with {self.branches} poolings'

    def layout(self, names: Names) -> Iterator[Entry]:
        """Every tensor."""
        for i in range(self.branches):
            yield from _conv_bn(names, names.branch(i), self.channels, self.in_channels, 1, bias=True)
        yield from _conv_bn(names, names.context(), self.channels, self.channels, 3, bias=True)


@dataclass(frozen=True)
class Decoder:
    """FLDHead: channels from fine to coarse, kind of fusion, classes."""

    in_channels: tuple[int, ...]
    decoder_channels: tuple[int, ...]
    head_channels: tuple[int, ...]
    fusion: str
    use_max: bool
    separable: bool
    num_classes: int

    def __str__(self) -> str:
        options = '' if self.fusion == 'UAFM' else f' with use_max={self.use_max}'
        options += ' and separable=True' if self.separable else ''
        return (
            f'a decoder of {len(self.decoder_channels)} {self.fusion}{options} '
            f'(decoder_channels {self.decoder_channels}, heads of {self.head_channels}) for {self.num_classes} classes'
        )

    def layout(self, names: Names) -> Iterator[Entry]:
        """Every tensor."""
        deeper = (*self.decoder_channels[1:], self.in_channels[-1])
        for level, (skip, x, out) in enumerate(zip(self.in_channels, deeper, self.decoder_channels)):
            yield from self._fusion_conv(names, names.skip, level, skip, x)
            yield from self._fusion_conv(names, names.out, level, x, out)
            yield from self._attention(names, level, x)
        for level, (channels, width) in enumerate(zip(self.decoder_channels, self.head_channels)):
            yield from _conv_bn(names, names.head(level), width, channels, 3)
            yield f'{names.classifier(level)}.weight', (self.num_classes, width, 1, 1)

    def _fusion_conv(
        self, names: Names, end: Callable[..., ConvBNNames], level: int, channels: int, out: int
    ) -> Iterator[Entry]:
        if self.separable:
            yield from _conv_bn(names, end(level, names.depthwise), channels, 1, 3)
            yield from _conv_bn(names, end(level, names.pointwise), out, channels, 1, bias=True)
        else:
            yield from _conv_bn(names, end(level), out, channels, 3)

    def _attention(self, names: Names, level: int, x: int) -> Iterator[Entry]:
        if self.fusion == 'SpatialUAFM':
            hidden, inputs, outputs, kernel = 2, 4 if self.use_max else 2, 1, 3
        elif self.fusion == 'ChannelUAFM':
            hidden, inputs, outputs, kernel = max(x // 2, 1), x * (4 if self.use_max else 2), x, 1
        else:
            return
        yield from _conv_bn(names, names.attention(level, 0), hidden, inputs, kernel)
        yield from _conv_bn(names, names.attention(level, 1), outputs, hidden, kernel)


def _conv_bn(
    names: Names, pair: ConvBNNames, out: int, channels: int, kernel: int, bias: bool = False
) -> Iterator[Entry]:
    conv, bn = pair
    yield f'{conv}.weight', (out, channels, kernel, kernel)
    if bias:
        yield f'{conv}.bias', (out,)
    for leaf in ('weight', 'bias', names.mean, names.variance):
        yield f'{bn}.{leaf}', (out,)


def detect_encoder(shapes: Shapes, names: Names) -> Encoder:
    """The encoder that ``shapes`` (shape of each key) belongs to.

    Raises:
        CheckpointFileError: It is no STDC1 or STDC2.
    """
    blocks: list[int] = []
    while _is_block(shapes, names, len(blocks), 0, blocks):
        depth = 1
        # The original numbers all blocks in a row: a strided one begins the next stage.
        while _is_block(shapes, names, len(blocks), depth, blocks) and (
            f'{names.downsample(len(blocks), depth, blocks)[0]}.weight' not in shapes
        ):
            depth += 1
        blocks.append(depth)
    if tuple(blocks) not in _ARCHS:
        raise CheckpointFileError(
            f'holds an encoder with {tuple(blocks) or "no"} STDC blocks, STDC1 has (2, 2, 2) and STDC2 (4, 5, 3); '
            f'its first key is {next(iter(shapes), "")[:80]!a}'
        )
    return Encoder(tuple(blocks), _shape(shapes, names.stem(0)[0])[1], _shape(shapes, names.stem(1)[0])[0])


def _is_block(shapes: Shapes, names: Names, stage: int, block: int, blocks: list[int]) -> bool:
    return f'{names.block_conv(stage, block, 0, blocks)[0]}.weight' in shapes


def detect_context(shapes: Shapes, names: Names) -> Context:
    """The SPPM that ``shapes`` belongs to.

    Raises:
        CheckpointFileError: A tensor that every SPPM has is missing.
    """
    first = _shape(shapes, names.branch(0)[0])
    return Context(first[1], first[0], _count(shapes, lambda i: names.branch(i)[0]))


def detect_decoder(shapes: Shapes, names: Names) -> Decoder:
    """The decoder that ``shapes`` belongs to.

    Raises:
        CheckpointFileError: A tensor that every decoder has is missing.
    """
    separable = f'{names.skip(0, names.depthwise)[0]}.weight' in shapes
    depthwise, pointwise = (names.depthwise, names.pointwise) if separable else ('', '')
    levels = max(_count(shapes, lambda i: names.out(i, pointwise)[0]), 1)
    skip_axis = 0 if separable else 1  # a depthwise kernel counts its channels in front
    # read from the tensors, not assumed: the text's two UAFMs and other widths are models as well
    skips = [_shape(shapes, names.skip(i, depthwise)[0])[skip_axis] for i in range(levels)]
    fusion, use_max = _detect_attention(shapes, names)
    return Decoder(
        in_channels=(*skips, _shape(shapes, names.skip(levels - 1, pointwise)[0])[0]),
        decoder_channels=tuple(_shape(shapes, names.out(i, pointwise)[0])[0] for i in range(levels)),
        head_channels=tuple(_shape(shapes, names.head(i)[0])[0] for i in range(_count(shapes, names.classifier))),
        fusion=fusion,
        use_max=use_max,
        separable=separable,
        num_classes=_shape(shapes, names.classifier(0))[0],
    )


def _detect_attention(shapes: Shapes, names: Names) -> tuple[str, bool]:
    if f'{names.attention(0, 0)[0]}.weight' not in shapes:
        return 'UAFM', False
    _, inputs, kernel, _ = _shape(shapes, names.attention(0, 0)[0])
    if kernel == 3:
        return 'SpatialUAFM', inputs == 4
    # its second convolution gives as many channels as each of the concatenated statistics has
    return 'ChannelUAFM', inputs == 4 * _shape(shapes, names.attention(0, 1)[0])[0]


def _shape(shapes: Shapes, conv: str) -> tuple[int, ...]:
    key = f'{conv}.weight'
    if key not in shapes:
        raise CheckpointFileError(f'lacks {key}, which every PP-LiteSeg holds')
    if len(shapes[key]) != 4:
        raise CheckpointFileError(f'holds {key} with shape {tuple(shapes[key])}, expected four dimensions')
    return tuple(shapes[key])


def _count(shapes: Shapes, conv: Callable[[int], str]) -> int:
    count = 0
    while f'{conv(count)}.weight' in shapes:
        count += 1
    return count
