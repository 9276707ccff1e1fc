"""Weights, inputs and labels behind the reference outputs in tests/data, as pure functions of their names."""

from __future__ import annotations

import zlib

import numpy as np
import torch

from mmseg_liteseg.checkpoint.convert import from_paddle, to_paddle

SEED = 20260101


def stream(key: str) -> np.random.RandomState:
    return np.random.RandomState((zlib.crc32(key.encode()) ^ SEED) & 0xFFFFFFFF)


def make_param(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Value of the Paddle parameter ``key``."""
    rng, leaf = stream(key), key.rsplit('.', 1)[-1]
    if leaf == '_scale':
        value = np.ones(shape)
    elif leaf == '_mean':
        value = rng.normal(0.0, 0.3, shape)
    elif leaf == '_variance':
        value = rng.uniform(0.5, 1.5, shape)
    elif leaf == 'bias':
        value = rng.normal(0.0, 0.2, shape)
    elif len(shape) == 1:  # BN's weight
        value = rng.uniform(0.6, 1.4, shape)
    else:
        value = rng.normal(0.0, (2.0 / np.prod(shape[1:])) ** 0.5, shape)
    return value.astype('float32')


def make_input(shape: tuple[int, int, int, int]) -> torch.Tensor:
    """Smooth waves and noise in -1..1."""
    _, _, h, w = shape
    rng = stream('input_{}x{}x{}x{}'.format(*shape))
    yy, xx = np.meshgrid(np.linspace(0, 1, h), np.linspace(0, 1, w), indexing='ij')
    out = np.empty(shape)
    for plane in out.reshape(-1, h, w):
        a, b, p = rng.uniform(1, 6, 3)
        plane[:] = 0.6 * np.sin(a * 3 * xx + p) * np.cos(b * 3 * yy + p) + 0.2 * rng.randn(h, w)
    return torch.from_numpy(np.clip(out, -1, 1).astype('float32'))


def make_label(n: int, h: int, w: int, ignore_frac: float = 0.1) -> torch.Tensor:
    """8 x 8 blocks of 19 classes, some pixels 255."""
    rng = stream(f'label_{n}_{h}_{w}')
    label = rng.randint(0, 19, (n, (h + 7) // 8, (w + 7) // 8))
    label = np.kron(label, np.ones((1, 8, 8), 'int64'))[:, :h, :w]
    label[rng.uniform(size=label.shape) < ignore_frac] = 255
    return torch.from_numpy(label.astype('int64'))


def load_reference_weights(model: torch.nn.Module) -> dict[str, str]:
    """Fills ``model`` (backbone, neck, decode_head) with the reference's weights; returns Paddle's key -> ours."""
    converted = to_paddle(model.state_dict())
    arrays = {key: make_param(key, value.shape) for key, value in converted.tensors.items()}
    result = from_paddle(arrays)
    model.load_state_dict(result.tensors)
    return result.report.used


def make_image(h: int, w: int) -> np.ndarray:
    """RGB image (h, w, 3) uint8: waves, boxes and noise."""
    rng = stream(f'image_{h}_{w}')
    yy, xx = np.meshgrid(np.arange(h) / h, np.arange(w) / w, indexing='ij')
    image = np.zeros((h, w, 3))
    for c in range(3):
        image[..., c] = 127 + 60 * np.sin(9 * xx * (c + 1) + c) + 40 * np.cos(7 * yy * (3 - c))
    for _ in range(25):
        y, x = rng.randint(0, h - 8), rng.randint(0, w - 8)
        box = image[y : y + rng.randint(4, h // 3), x : x + rng.randint(4, w // 3)]
        box[:] = 0.4 * box + 0.6 * rng.randint(0, 256, 3)
    image += rng.normal(0, 6, image.shape)
    return np.clip(np.round(image), 0, 255).astype('uint8')
