"""Masks lie where their pictures do."""

import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime.command import main
from mmseg_liteseg.runtime.georeference import Georeference, read_georeference, write_geotiff
from tests.runtime.conftest import PALETTE, blocks, greatest

rasterio = pytest.importorskip('rasterio', reason='GeoTIFFs need rasterio')
PLACE = dict(crs='EPSG:32633', transform=rasterio.transform.from_origin(400000, 5800000, 0.2, 0.2))


def write(path, picture, **place):
    with rasterio.open(
        path, 'w', driver='GTiff', height=picture.shape[0], width=picture.shape[1], count=3, dtype='uint8',
        photometric='rgb', **place,
    ) as file:  # fmt: skip
        file.write(picture[..., ::-1].transpose(2, 0, 1))
    return path


@pytest.mark.parametrize('tiles', [[], ['--tile', '16', '--tile-overlap', '4']], ids=['plain', 'tiled'])
def test_masks_keep_the_georeference(stub, tmp_path, tiles):
    picture = blocks(30, 42)
    write(tmp_path / 'a.tif', picture, **PLACE)
    main([str(stub().path), '--input', str(tmp_path / 'a.tif'), '--out', str(tmp_path / 'm.tif'), '--mask',
          '--mask-kind', 'geotiff', *tiles])  # fmt: skip
    with rasterio.open(tmp_path / 'm.tif') as file:
        assert file.crs == PLACE['crs']
        assert file.transform == PLACE['transform']
        assert np.array_equal(file.read(1), greatest(picture))
        assert file.colormap(1)[2][:3] == PALETTE[2]


def test_ground_control_points_are_kept(tmp_path):
    point = rasterio.control.GroundControlPoint
    gcps = [point(0, 0, 10.0, 50.0), point(0, 42, 10.1, 50.0), point(30, 0, 10.0, 49.9)]
    path = write(tmp_path / 'a.tif', blocks(30, 42), gcps=gcps, crs='EPSG:4326')
    write_geotiff(tmp_path / 'm.tif', np.zeros((30, 42), np.uint8), read_georeference(path))
    with rasterio.open(tmp_path / 'm.tif') as file:
        assert [(p.row, p.col, p.x) for p in file.gcps[0]] == [(p.row, p.col, p.x) for p in gcps]
        assert file.gcps[1] == 'EPSG:4326'


def test_pictures_without_a_georeference_are_named(stub, tmp_path, capsys):
    photos = tmp_path / 'photos'
    photos.mkdir()
    cv2.imwrite(str(photos / 'a.png'), blocks(12, 18))
    write(photos / 'b.tif', blocks(30, 42), **PLACE)
    with pytest.raises(SystemExit, match=r'^error: image [^:]*a\.png: it has no georeference to keep'):
        main([str(stub().path), '--input', str(photos), '--out', str(tmp_path / 'out'), '--mask',
              '--mask-kind', 'geotiff'])  # fmt: skip
    assert [file.name for file in (tmp_path / 'out/masks').iterdir()] == ['b.tif']


def test_a_file_that_rasterio_does_not_know(tmp_path):
    (tmp_path / 'a.tif').write_bytes(b'no picture')
    with pytest.raises(DeployError, match=r'rasterio failed on a\.tif'):
        read_georeference(tmp_path / 'a.tif')
    place = Georeference((3, 4), {}, ([], None), None)
    with pytest.raises(DeployError, match=r'of \(3, 4\), the mask has \(4, 3\)'):
        write_geotiff(tmp_path / 'm.tif', np.zeros((4, 3), np.uint8), place)
