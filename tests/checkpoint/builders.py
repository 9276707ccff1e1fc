"""Small PP-LiteSegs as Paddle's arrays, and the configs that they fit."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
from mmengine.config import Config

from mmseg_liteseg.checkpoint.architecture import Context, Decoder, Encoder
from mmseg_liteseg.checkpoint.names import PADDLE
from mmseg_liteseg.checkpoint.pdparams import dumps_pdparams
from tests.helpers import REPO
from tests.paddle_reference import make_param

BLOCKS = dict(stdc1=(2, 2, 2), stdc2=(4, 5, 3))
# our fusion -> its name in Paddle, None where Paddle has none
FUSIONS = [
    dict(fusion='UAFM', use_max=False, separable=False),
    dict(fusion='SpatialUAFM', use_max=True, separable=False),
    dict(fusion='SpatialUAFM', use_max=False, separable=False),
    dict(fusion='ChannelUAFM', use_max=True, separable=False),
    dict(fusion='ChannelUAFM', use_max=False, separable=False),
    dict(fusion='UAFM', use_max=False, separable=True),
    dict(fusion='SpatialUAFM', use_max=True, separable=True),
]


def make_parts(
    arch: str = 'stdc1',
    num_classes: int = 19,
    fusion: str = 'SpatialUAFM',
    use_max: bool = True,
    separable: bool = False,
    base: int = 8,
) -> tuple[Encoder, Context, Decoder]:
    encoder = Encoder(BLOCKS[arch], in_channels=3, base_channels=base)
    context = Context(in_channels=16 * base, channels=16, branches=3)
    skips = (4 * base, 8 * base, 16 * base)
    decoder = Decoder((*skips, 16), (8, 12, 16), (8, 6, 6), fusion, use_max, separable, num_classes)
    return encoder, context, decoder


def make_encoder_arrays(arch: str = 'stdc1', prefix: str = 'backbone.', base: int = 8) -> dict[str, np.ndarray]:
    """An encoder alone, as released for pretraining."""
    layout = Encoder(BLOCKS[arch], in_channels=3, base_channels=base).layout(PADDLE)
    return {key.replace('backbone.', prefix): make_param(key, shape) for key, shape in layout}


def make_arrays(scale: bool = True, **options) -> dict[str, np.ndarray]:
    """A whole model; ``scale=False`` as releases 2.5 and 2.6 saved it."""
    parts = make_parts(**options)
    arrays = {key: make_param(key, shape) for part in parts for key, shape in part.layout(PADDLE)}
    decoder = parts[2]
    if scale and decoder.fusion == 'SpatialUAFM' and decoder.use_max and not decoder.separable:
        for level in range(3):
            arrays[f'ppseg_head.arm_list.{level}._scale'] = np.ones(1, np.float32)
    return arrays


def make_config(arch: str = 'stdc1', base: int = 8, **options) -> Config:
    """Config of a segmentor that ``make_arrays`` with the same options fits."""
    _, context, decoder = make_parts(arch, base=base, **options)
    cfg = Config(dict(model=Config.fromfile(REPO / f'configs/_base_/models/ppliteseg_{arch}.py').model))
    fusion = dict(type=f'mmseg_liteseg.{decoder.fusion}')
    if decoder.separable:
        fusion['separable'] = True
    if decoder.fusion != 'UAFM':
        fusion['use_max'] = decoder.use_max
    norm = dict(type='BN')
    cfg.merge_from_dict(
        {
            'model.backbone': dict(base_channels=base, norm_cfg=norm),
            'model.neck': dict(in_channels=context.in_channels, channels=context.channels, norm_cfg=norm),
            'model.decode_head': dict(
                in_channels=decoder.in_channels,
                decoder_channels=decoder.decoder_channels,
                channels=decoder.head_channels[0],
                aux_channels=decoder.head_channels[1:],
                num_classes=decoder.num_classes,
                norm_cfg=norm,
                sampler=None,
            ),
        }
    )
    cfg.model.decode_head.fusion_cfg = fusion
    return cfg


def write_pdparams(path: Path, **options) -> Path:
    path.write_bytes(dumps_pdparams(make_arrays(**options)))
    return path


def make_tar_gz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)
