from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image


def picture(*shape, dtype=np.uint8, high=256):
    return np.random.default_rng(7).integers(0, high, shape).astype(dtype)


@pytest.mark.parametrize(('kind', 'lost'), [('image', 500), ('mask', 20)])
def test_truncated_files(project, kind, lost):
    path = getattr(project, kind)('val', 2)
    path.write_bytes(path.read_bytes()[:-lost])
    line = project.only('unreadable')
    assert f'{path} (truncated or broken' in line


def test_sizes_that_differ(project):
    project.write_mask('val', 0, np.indices((48, 60))[1] // 30)
    line = project.only('size-differs')
    assert 'val: 1 of 3 masks differ in size from their images' in line
    assert f'{project.image("val", 0)} 48x64, mask 48x60' in line


def test_transposed_masks(project):
    project.map_masks(lambda mask: mask.T)
    findings = project.inspect().findings
    assert {finding.kind for finding in findings} == {'size-differs'}
    assert 'height and width are swapped' in str(findings[0])


def rotated(project, orientation, shape=(48, 64, 3)):
    exif = Image.Exif()
    exif[274] = orientation
    project.image('train', 0).unlink()
    project.write_image('train', 0, picture(*shape), exif=exif)


def test_exif_is_named_as_the_cause(project):
    rotated(project, 6)
    line = project.only('size-differs')
    assert 'EXIF turns the images when they are loaded' in line
    assert 'color_ignore_orientation' in line


def test_masks_with_exif_of_their_own(project):
    """Our LoadAnnotations turns them, mmseg's does not."""
    rotated(project, 6)
    exif = Image.Exif()
    exif[274] = 6
    Image.open(project.mask('train', 0)).save(project.mask('train', 0), exif=exif)
    assert project.only('size-differs')
    project.data()['pipeline'][1]['type'] = 'mmseg_liteseg.LoadAnnotations'
    assert project.inspect().findings == []


def test_exif_with_masks_of_the_turned_image(project):
    rotated(project, 6, (64, 48, 3))
    assert [finding for finding in project.inspect().findings if finding.kind == 'size-differs'] == []


@pytest.mark.parametrize('orientation', [2, 3, 4])
def test_exif_that_sizes_do_not_give_away(project, orientation):
    rotated(project, orientation)
    assert f'EXIF orientation {orientation}' in project.only('exif', 'warning')


class TestDepth:
    @pytest.fixture
    def deep(self, project):
        for split, count in (('train', 4), ('val', 3)):
            for index in range(count):
                array = picture(48, 64, dtype=np.uint16, high=4088)
                array[0, 0] = 4087
                cv2.imwrite(str(project.image(split, index)), np.roll(array, 9 * index + count))
        return project

    def test_colour_loading_loses_the_lower_bits(self, deep):
        findings = [finding for finding in deep.inspect().findings if finding.kind == 'depth']
        assert {finding.severity for finding in findings} == {'error'}  # as the loader refuses them
        assert '0..4087 becomes 0..15, which is refused' in str(findings[0])
        assert "color_type='unchanged'" in str(findings[0])

    def test_full_16_bits_lose_half_of_them(self, project):
        project.write_image('train', 0, picture(48, 64, dtype=np.uint16, high=65536))
        assert '0..65' in project.only('depth', 'warning')

    def test_distortion_cannot_take_them(self, deep):
        deep.cfg['model']['data_preprocessor'].update(mean=[0.0], std=[1.0])
        deep.cfg['model']['backbone']['in_channels'] = 1
        for split in ('train', 'val'):
            deep.data(split)['pipeline'][0]['color_type'] = 'unchanged'
        assert {finding.severity for finding in deep.inspect().findings if finding.kind == 'depth'} == {'note'}
        deep.data()['pipeline'].insert(2, dict(type='mmseg_liteseg.RandomDistort'))
        errors = [str(finding) for finding in deep.inspect().findings if finding.severity == 'error']
        assert len(errors) == 1
        assert 'which the colour distortion in the pipeline cannot take' in errors[0]


def test_channels_of_files_against_mean(project):
    project.write_image('train', 1, picture(48, 64, 4))
    assert [finding.kind for finding in project.inspect().findings] == ['channels']
    assert 'a fourth or transparent channel, which is dropped' in str(project.inspect().findings[0])
    project.data()['pipeline'][0]['color_type'] = 'unchanged'
    line = project.only('channels')
    assert f'{project.image("train", 1)} (4)' in line
    assert '1 of 4 images have other than the 3 channels of mean' in line


def test_more_bands_than_colours(project):
    pages = [Image.fromarray(picture(48, 64)) for _ in range(5)]
    path = project.image('train', 1)
    pages[0].save(path, format='TIFF', save_all=True, append_images=pages[1:])
    line = project.only('channels')
    assert f'{path} (5)' in line
    assert 'more bands than colours' in line
    project.data()['pipeline'][0]['color_type'] = 'unchanged'
    assert 'have other than the 3 channels of mean' in project.only('channels')


def test_several_pictures_in_one_file(project):
    frames = [Image.fromarray(picture(48, 64, 3)), Image.fromarray(picture(48, 64, 3) // 2)]
    frames[0].save(project.image('train', 1), save_all=True, append_images=frames[1:])
    assert '(2)' in project.only('frames', 'warning')


@pytest.mark.parametrize('kind', ['.png', '.tif'])
def test_turned_images_of_any_format(project, kind):
    """Pillow turns TIFFs itself, and gives their size after that."""
    for split, count in (('train', 4), ('val', 3)):
        for index in range(count):
            path, exif = project.image(split, index), Image.Exif()
            exif[274] = 6
            image = Image.open(path).copy()
            path.unlink()
            image.save(path.with_suffix(kind), exif=exif)
        project.data(split)['img_suffix'] = kind
    lines = [str(finding) for finding in project.inspect().findings if finding.kind == 'size-differs']
    assert len(lines) == 2
    assert all('64x48, mask 48x64' in line and 'EXIF turns the images' in line for line in lines)
