"""Masks as GeoTIFFs that lie where their pictures do: rasterio reads and writes the georeference."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np

from mmseg_liteseg.deploy.errors import DeployError, require
from mmseg_liteseg.images import shown
from mmseg_liteseg.images.files import reason_of
from mmseg_liteseg.visualization.files import replaced_by


@dataclass(frozen=True)
class Georeference:
    """Where on earth pixels lie, as rasterio has it.

    Attributes:
        size: (H, W) that it is of.
        profile: Coordinate system and affine transform.
        points: Ground control points and their coordinate system; no points as a rule.
        rpcs: Rational polynomial coefficients of a camera, if there are any.
    """

    size: tuple[int, int]
    profile: dict[str, Any]
    points: tuple[list, Any]
    rpcs: Any


def read_georeference(path: Path) -> Georeference:
    """Reads that of a picture: of a GeoTIFF, or of any file with a world file beside it.

    Raises:
        DeployError: rasterio is not installed or cannot read the file, or there is none.
    """
    rasterio = require('rasterio', 'rasterio', 'mask-kind geotiff')
    # a picture without one is no error of rasterio: it gives the identity
    with _errors_of(rasterio, path), rasterio.open(str(path)) as file:
        found = Georeference(
            (file.height, file.width), dict(crs=file.crs, transform=file.transform), file.gcps, file.rpcs
        )
    if file.transform.is_identity and not found.points[0] and not found.rpcs:
        raise DeployError('it has no georeference to keep, choose another --mask-kind')
    return found


def write_geotiff(
    path: Path, mask: np.ndarray, place: Georeference, palette: Sequence[tuple[int, int, int]] = ()
) -> None:
    """Writes labels (H, W), compressed without loss; the file is there whole or not at all.

    Args:
        path: Of the file.
        mask: Labels, uint8 or uint16.
        place: Of the picture.
        palette: Colours (R, G, B), by label, in which viewers show them.

    Raises:
        DeployError: the mask has another size than the picture's file (one that is turned by EXIF).
    """
    if mask.shape != place.size:
        raise DeployError(f'{shown(path.name)}: the georeference is of {place.size}, the mask has {mask.shape}')
    rasterio = require('rasterio', 'rasterio', 'mask-kind geotiff')
    height, width = mask.shape
    profile = dict(place.profile, height=height, width=width, count=1, dtype=mask.dtype.name)
    with replaced_by(path) as temporary, _errors_of(rasterio, path), rasterio.open(
        str(temporary), 'w', driver='GTiff', compress='deflate', bigtiff='if_safer', **profile
    ) as file:
        if place.points[0]:
            file.gcps = place.points
        if place.rpcs:
            file.rpcs = place.rpcs
        file.write(mask, 1)
        if palette and mask.dtype == np.uint8:
            file.write_colormap(1, dict(enumerate(palette)))


@contextmanager
def _errors_of(rasterio: Any, path: Path) -> Iterator[None]:
    """Its errors in our words; without its warning about files that have no georeference."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    except rasterio.errors.RasterioError as error:
        raise DeployError(f'rasterio failed on {shown(path.name)} ({reason_of(error)})') from None
