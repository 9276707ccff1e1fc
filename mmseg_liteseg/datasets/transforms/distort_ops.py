"""Brightness, contrast, saturation and hue exactly as Pillow computes them, several times faster.

PaddleSeg distorts images with ``PIL.ImageEnhance`` and, for the hue, PIL's HSV conversion. Training must see the same
values, so every rounding of Pillow's C code is kept: blends are float32 and truncate, greys are ITU-R 601-2 in 16-bit
fixed point, HSV has 8 bits a channel. Work is on planes (uint8 arrays (H, W)), where numpy and OpenCV are fastest.
"""

from __future__ import annotations

from typing import Callable, Tuple

import cv2
import numpy as np

Planes = Tuple[np.ndarray, np.ndarray, np.ndarray]
"""Red, green and blue, each (H, W) uint8."""

_LEVELS = np.arange(256, dtype=np.float32)
_STRIP_PIXELS = 1 << 15  # strips of this size keep the float32 intermediates in a core's cache


def adjust_brightness(planes: Planes, factor: float) -> Planes:
    """Scales the values: 0 is black, 1 leaves them as they are."""
    return _apply_table(planes, _blend_table(0, factor))


def adjust_contrast(planes: Planes, factor: float) -> Planes:
    """Moves values away from (factor > 1) or towards (factor < 1) the mean grey of the image."""
    grey = _grey(planes)
    mean = int(float(grey.sum(dtype=np.int64)) / grey.size + 0.5)
    return _apply_table(planes, _blend_table(mean, factor))


def adjust_saturation(planes: Planes, factor: float) -> Planes:
    """Moves values away from (factor > 1) or towards (factor < 1) the grey of their pixel."""

    def adjust(strips: Planes) -> Planes:
        grey = _grey(strips).astype(np.float32)
        return tuple(_blend(grey, strip.astype(np.float32), factor) for strip in strips)

    return _by_strips(adjust, planes)


def shift_hue(planes: Planes, delta: float) -> Planes:
    """Turns the hue by ``delta`` of 256 steps; the sum is truncated and wraps around, as a cast to uint8 does."""
    shifted = (np.arange(256) + float(delta)).astype(np.int64).astype(np.uint8)
    weights = _CHANNEL_WEIGHTS[:, shifted]

    def shift(strips: Planes) -> Planes:
        red, green, blue = strips
        value = np.maximum(np.maximum(red, green), blue)
        chroma = value - np.minimum(np.minimum(red, green), blue)
        hue = _hue(strips, value, chroma)
        # Each channel is round(v * (1 - s * k)), with k between 0 and 1 by hue and channel.
        product = _saturation(value, chroma)
        product *= value
        rounded = value + np.float32(0.5)
        return tuple(_attenuate(rounded, product, cv2.LUT(hue, table)) for table in weights)

    return _by_strips(shift, planes)


def _attenuate(rounded: np.ndarray, product: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``rounded - product * weight``, truncated. Reuses ``weight``."""
    np.multiply(weight, product, out=weight)
    np.subtract(rounded, weight, out=weight)
    return weight.astype(np.uint8)


def _by_strips(adjust: Callable[[Planes], Planes], planes: Planes) -> Planes:
    """Applies a function of each pixel alone to strips of whole rows."""
    height, width = planes[0].shape
    rows = max(_STRIP_PIXELS // max(width, 1), 1)
    result = tuple(np.empty_like(plane) for plane in planes)
    for top in range(0, height, rows):
        strips = adjust(tuple(plane[top : top + rows] for plane in planes))
        for plane, strip in zip(result, strips):
            plane[top : top + rows] = strip
    return result


def _blend(start: np.ndarray, end: np.ndarray, factor: float) -> np.ndarray:
    """PIL's Image.blend of float32 arrays: ``start + factor * (end - start)``, clipped, truncated. Reuses ``end``."""
    np.subtract(end, start, out=end)
    np.multiply(end, np.float32(factor), out=end)
    np.add(end, start, out=end)
    return np.clip(end, 0, 255, out=end).astype(np.uint8)


def _blend_table(start: int, factor: float) -> np.ndarray:
    return _blend(np.float32(start), _LEVELS.copy(), factor)


def _apply_table(planes: Planes, table: np.ndarray) -> Planes:
    return tuple(cv2.LUT(plane, table) for plane in planes)


def _grey(planes: Planes) -> np.ndarray:
    """PIL's conversion to mode L. Sums stay below 2**24, so float32 holds them exactly."""
    red, green, blue = planes
    grey = cv2.addWeighted(red, 19595, green, 38470, 0x8000, dtype=cv2.CV_32F)
    grey += cv2.multiply(blue, 7471, dtype=cv2.CV_32F)
    grey *= np.float32(2.0**-16)
    return grey.astype(np.uint8)


def _saturation(value: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """PIL's S, 0..255 in float32. float32 throughout gives PIL's value for all 32,896 cases."""
    saturation = chroma.astype(np.float32)
    saturation /= np.maximum(value, 1)
    saturation *= np.float32(255)
    return np.trunc(saturation, out=saturation)


def _hue(planes: Planes, value: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """PIL's H, 0..255, from the order of the channels, the chroma and how far the middle one lies below the value."""
    red, green, blue = planes
    middle = red ^ green ^ blue ^ value ^ (value - chroma)
    index = ((red >= green).view(np.uint8) << 2) | ((red >= blue).view(np.uint8) << 1) | (green >= blue)
    index = index.astype(np.intp)
    index <<= 8
    index += chroma
    index <<= 8
    index += value - middle
    return np.take(_HUE_TABLE, index)


def _make_hue_table() -> np.ndarray:
    """H for every [order of the channels][chroma][value - middle], flat, with the roundings of PIL's rgb2hsv."""
    chroma = np.maximum(np.arange(256, dtype=np.float32), 1)[:, None]
    fraction = np.arange(256, dtype=np.float32)[None, :] / chroma
    table = np.zeros((2, 2, 2, 256, 256), np.uint8)
    for red_green, red_blue, green_blue in np.ndindex(2, 2, 2):
        if red_green and red_blue:
            hue = 1 - fraction if green_blue else fraction - 1
        elif green_blue:
            hue = 1 + fraction if red_blue else 3 - fraction
        else:
            hue = 5 - fraction if red_green else 3 + fraction
        hue = np.fmod(hue.astype(np.float64) / 6.0 + 1.0, 1.0).astype(np.float32)
        table[red_green, red_blue, green_blue] = np.clip(hue.astype(np.float64) * 255.0, 0, 255).astype(np.uint8)
    table[..., 0, :] = 0
    return table.reshape(-1)


def _make_channel_weights() -> np.ndarray:
    """The k of :func:`shift_hue`, over 255, by channel and hue: (3, 256) float32.

    Hues come in sixths of 42.5 steps; within one, a channel is constant (k is 0 or 1), falls or rises.
    float32 gives the same rounded channel as PIL's mix of float and double for every value, saturation and hue.
    """
    sixth, step = np.divmod(6 * np.arange(256), 255)
    falling, rising = step / 255.0, 1 - step / 255.0
    zero, one = np.zeros(256), np.ones(256)
    curves = np.stack([zero, falling, one, one, rising, zero])  # of red, by sixth; the others lag by 2 and 4
    weights = [curves[(sixth + shift) % 6, np.arange(256)] for shift in (0, 4, 2)]
    return (np.stack(weights) / 255.0).astype(np.float32)


_HUE_TABLE = _make_hue_table()
_CHANNEL_WEIGHTS = _make_channel_weights()
