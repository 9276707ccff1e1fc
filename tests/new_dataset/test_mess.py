"""Folders as they are: other suffixes, missing and broken files, turned images, rubbish, links, one image."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.new_dataset.build import new_dataset
from mmseg_liteseg.new_dataset.command import main

from .checks import check_labels, convert, labels_of
from .scenes import SIZE, folder, photo, save, truth

BINARY = {'background': 0, 'foreground': 1}


def _binary(labels):
    return labels * 255


@pytest.fixture
def source(tmp_path) -> Path:
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', _binary, ids=2)
    return tmp_path / 'in'


def _truths(count=5):
    return {f'{i}.png': truth(i, 2) for i in range(count)}


class TestFiles:
    def test_suffixes_of_all_kinds(self, source):
        for i, suffix in enumerate(('.JPG', '.jpeg', '.bmp', '.tif', '.PNG')):
            image = Image.open(source / f'images/{i}.png')
            image.save(source / f'images/{i}{suffix}')
            if suffix != '.PNG':
                (source / f'images/{i}.png').unlink()
        (source / 'images/4.png').unlink()
        names = ('0.JPG', '1.jpeg', '2.bmp', '3.tif', '4.PNG')
        _, cfg = convert(source)
        check_labels(cfg, {name: truth(i, 2) for i, name in enumerate(names)}, BINARY)

    def test_rubbish_is_passed_over(self, source):
        for name in ('.DS_Store', '._0.png', 'masks/._0.png', 'images/Thumbs.db', '__MACOSX/images/0.png', 'notes.md'):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(b'rubbish')
        plan, cfg = convert(source)
        check_labels(cfg, _truths(), BINARY)
        assert plan.folder.left_out == []

    def test_what_is_missing_or_broken_is_reported_and_left_out(self, source):
        save(source / 'images/alone.png', photo(truth(7)))
        save(source / 'masks/orphan.png', truth(7, 2) * 255)
        save(source / 'images/cut.png', photo(truth(8)))
        (source / 'images/cut.png').write_bytes((source / 'images/cut.png').read_bytes()[:-900])
        save(source / 'masks/cut.png', truth(8, 2) * 255)
        save(source / 'images/hurt.png', photo(truth(9)))
        (source / 'masks/hurt.png').write_bytes(b'no picture')
        save(source / 'images/other.png', photo(truth(10))[:, :40])
        save(source / 'masks/other.png', truth(10, 2) * 255)
        plan, cfg = convert(source)
        check_labels(cfg, _truths(), BINARY)
        said = '\n'.join(plan.folder.left_out)
        for name, why in (
            ('alone', 'without a mask'),
            ('orphan', 'without an image'),
            ('cut', 'truncated or broken'),
            ('hurt', 'not a readable image'),
            ('other', '48 x 40 pixels, but its mask has 48 x 64'),
        ):
            assert any(name in line and why in line for line in plan.folder.left_out), said
        assert 'left out: 5 files' in str(plan)

    @pytest.mark.parametrize('twin', ['images/1.jpg', 'images/1.JPEG'])
    def test_of_two_images_of_one_name_the_other_is_named(self, source, twin):
        save(source / twin, photo(truth(1)))
        save(source / 'images/alone.jpg', photo(truth(8)))
        plan, cfg = convert(source)
        check_labels(cfg, {name.replace('1.png', Path(twin).name): ids for name, ids in _truths().items()}, BINARY)
        assert plan.folder.left_out == [
            f'images/1.png: has the same name as {twin}, which the mask was given to; keep one of the two, or list '
            '"image mask" line by line in a file pairs.txt',
            'images/alone.jpg: an image without a mask',
        ]

    def test_names_beyond_ascii_blanks_and_nested_folders(self, tmp_path):
        truths = {}
        for i, place in enumerate(('Straße 1/früh', 'Straße 1/spät', 'ナ カ')):
            save(tmp_path / f'mes données/images/{place}/Bild {i} é.png', photo(truth(i, 2)))
            save(tmp_path / f'mes données/masks/{place}/Bild {i} é.png', truth(i, 2) * 255)
            truths[f'Bild {i} é.png'] = truth(i, 2)
        _, cfg = convert(tmp_path / 'mes données')
        check_labels(cfg, truths, BINARY)
        assert Path(cfg.filename).stem.isascii()

    def test_links(self, source, tmp_path):
        (tmp_path / 'linked').mkdir()
        os.symlink(source / 'images', tmp_path / 'linked/images')
        (tmp_path / 'linked/masks').mkdir()
        for i in range(5):
            os.symlink(source / f'masks/{i}.png', tmp_path / f'linked/masks/{i}.png')
        os.symlink(tmp_path / 'linked', tmp_path / 'linked/loop')
        os.symlink(tmp_path / 'gone', tmp_path / 'linked/masks/gone.png')
        plan, cfg = convert(tmp_path / 'linked')
        check_labels(cfg, _truths(), BINARY)
        assert any('gone.png' in note for note in plan.folder.notes)

    def test_same_names_in_train_and_val(self, tmp_path):
        for split in ('train', 'val'):
            for i in range(2):
                save(tmp_path / f'in/{split}/images/{i}.png', photo(truth(i + (split == 'val') * 9, 2)))
                save(tmp_path / f'in/{split}/masks/{i}.png', truth(i + (split == 'val') * 9, 2) * 255)
        _, cfg = convert(tmp_path / 'in')
        assert [(labels_of(cfg, ('val',))[f'{i}.png'] == truth(i + 9, 2)).all() for i in range(2)] == [True, True]


class TestSizes:
    @pytest.mark.parametrize('orientation', [5, 6, 7, 8])
    def test_images_turned_by_exif(self, orientation, source):
        """The mask lies as the file stores the image: it is turned along."""
        exif = Image.Exif()
        exif[0x0112] = orientation
        for i in range(5):
            save(source / f'images/{i}.jpg', photo(truth(i, 2)), exif=exif, quality=95)
            (source / f'images/{i}.png').unlink()
        plan, cfg = convert(source)
        back = {5: lambda a: a.T, 6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).T, 8: np.rot90}[orientation]
        check_labels(cfg, {f'{i}.jpg': back(truth(i, 2)) for i in range(5)}, BINARY)
        assert 'turned as EXIF' in str(plan)

    def test_upright_masks_of_turned_images_stay(self, source):
        exif = Image.Exif()
        exif[0x0112] = 6
        for i in range(5):
            save(source / f'images/{i}.jpg', np.rot90(photo(truth(i, 2))), exif=exif)
            (source / f'images/{i}.png').unlink()
        plan, cfg = convert(source)
        check_labels(cfg, {f'{i}.jpg': truth(i, 2) for i in range(5)}, BINARY)
        assert 'EXIF' not in str(plan)

    def test_masks_of_half_the_size_are_resized(self, source):
        for i in range(5):
            save(source / f'masks/{i}.png', truth(i, 2)[::2, ::2] * 255)
        plan, cfg = convert(source)
        assert all(labels.shape == SIZE for labels in labels_of(cfg).values())
        check_labels(cfg, _truths(), BINARY, tolerance=0.03)
        assert '5 masks of another size' in str(plan)


class TestOutput:
    def test_dry_run_writes_nothing(self, source, tmp_path, capsys):
        main([str(source), '--out', str(tmp_path / 'out'), '--dry-run'])
        assert not (tmp_path / 'out').exists()
        said = capsys.readouterr().out
        assert 'nothing was written' in said
        assert 'foreground' in said

    def test_existing_output(self, source, tmp_path):
        new_dataset(source, tmp_path / 'out')
        with pytest.raises(ConversionError, match='--overwrite'):
            new_dataset(source, tmp_path / 'out')
        (tmp_path / 'out/left.txt').touch()
        new_dataset(source, tmp_path / 'out', overwrite=True)
        assert not (tmp_path / 'out/left.txt').exists()
        (tmp_path / 'thesis').mkdir()
        (tmp_path / 'thesis/chapter1.tex').touch()
        with pytest.raises(ConversionError, match='did not write it'):
            new_dataset(source, tmp_path / 'thesis', overwrite=True)
        assert (tmp_path / 'thesis/chapter1.tex').exists()

    def test_inside_the_source(self, source):
        """A second run does not take the first one's masks for data."""
        for _ in range(2):
            plan, _ = new_dataset(source, source / 'out', overwrite=True)
            assert sum(map(len, plan.splits.values())) == 5

    def test_the_source_itself(self, source):
        with pytest.raises(ConversionError, match='source itself'):
            new_dataset(source, source, overwrite=True)

    def test_default_output_and_moved_folders(self, source, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        _, path = new_dataset(source)
        assert path == Path('data/in-liteseg/ppliteseg_stdc1_in.py')
        (tmp_path / 'elsewhere').mkdir()
        os.rename(tmp_path / 'data', tmp_path / 'elsewhere/data')
        os.rename(tmp_path / 'in', tmp_path / 'elsewhere/in')
        check_labels(Config.fromfile(tmp_path / 'elsewhere' / path), _truths(), BINARY)

    def test_failure_leaves_nothing(self, source, tmp_path, monkeypatch):
        monkeypatch.setattr('mmseg_liteseg.new_dataset.write.config_text', lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            new_dataset(source, tmp_path / 'out')
        assert sorted(path.name for path in tmp_path.iterdir()) == ['in']


class TestFewAndStrange:
    def test_a_single_image_is_trained_and_validated_on(self, tmp_path):
        truths = folder(tmp_path / 'in', '{i}.jpg', '{i}_mask.png', _binary, count=1, ids=2)
        plan, cfg = convert(tmp_path / 'in')
        check_labels(cfg, truths, BINARY)
        assert 'a single image' in str(plan)

    @pytest.mark.parametrize(
        ('spoil', 'match'),
        [
            (lambda s: [path.unlink() for path in s.rglob('*.png')], 'holds no files'),
            (lambda s: [path.unlink() for path in s.glob('masks/*')], 'no masks found'),
            (lambda s: [p.rename(p.with_stem('xyzuvw'[int(p.stem)])) for p in s.glob('masks/*')], 'has the name'),
            (lambda s: [save(path, np.zeros(SIZE, np.uint8)) for path in s.glob('masks/*')], 'nothing to tell apart'),
            (lambda s: [path.write_bytes(b'x') for path in s.glob('masks/*')], 'no mask can be read'),
            (lambda s: [path.write_bytes(b'x') for path in s.glob('images/*')], 'no image can be used'),
            (lambda s: (s / 'masks/0.png').write_bytes((s / 'images/0.png').read_bytes()), None),
        ],
    )
    def test_what_cannot_be_used(self, spoil, match, source, tmp_path):
        spoil(source)
        if match is None:  # one photo among the masks is not silently turned into classes
            plan, _ = new_dataset(source, tmp_path / 'out')
            assert len(plan.folder.classes) <= 2 or any('%' in note for note in plan.folder.notes)
            return
        with pytest.raises(ConversionError, match=match):
            new_dataset(source, tmp_path / 'out')
        assert not (tmp_path / 'out').exists()

    @pytest.mark.parametrize(
        ('options', 'match'),
        [
            (dict(masks='nowhere'), '--masks nowhere: no images in'),
            (dict(classes='nowhere.txt'), 'no such file'),
            (dict(ignore=['roof']), '--ignore roof: no such class; found background, foreground'),
            (dict(val_share=2), 'between 0 and 1'),
        ],
    )
    def test_options_that_cannot_work(self, options, match, source, tmp_path):
        with pytest.raises(ConversionError, match=match):
            new_dataset(source, tmp_path / 'out', **options)

    def test_named_classes_must_fit(self, source, tmp_path):
        (tmp_path / 'names.txt').write_text('a\nb\nc\nd\n')
        with pytest.raises(ConversionError, match=r'names\.txt: its 4 classes do not .* value 0, value 255'):
            new_dataset(source, tmp_path / 'out', classes=tmp_path / 'names.txt')

    def test_no_folder(self, tmp_path):
        with pytest.raises(ConversionError, match='no such folder'):
            new_dataset(tmp_path / 'gone', tmp_path / 'out')

    def test_the_command_ends_with_one_line(self, tmp_path, capsys):
        with pytest.raises(SystemExit):
            main([str(tmp_path / 'gone')])
        assert capsys.readouterr().err.strip().endswith('gone: no such folder')


class TestOptions:
    def test_folders_by_name_and_ignored_values(self, tmp_path):
        truths = folder(tmp_path / 'in', 'masks/{i}.png', 'seen/{i}.png', lambda x: np.array([0, 4, 9], np.uint8)[x])
        _, cfg = convert(tmp_path / 'in', images='masks', masks='seen', ignore=['9'])
        check_labels(cfg, truths, {'background': 0, 'foreground': 1})

    def test_an_ignored_class(self, tmp_path):
        truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels)
        (tmp_path / 'names.txt').write_text('field\nroof\nlake\n')
        _, cfg = convert(tmp_path / 'in', classes=tmp_path / 'names.txt', ignore=['roof'])
        check_labels(cfg, truths, {'field': 0, 'lake': 2})

    def test_nothing_ignored(self, tmp_path):
        truths = folder(tmp_path / 'in', 'i/{i}.png', 'masks/{i}.png', lambda x: np.array([0, 1, 255], np.uint8)[x])
        _, cfg = convert(tmp_path / 'in', ignore=['none'])
        check_labels(cfg, truths, {'class_0': 0, 'class_1': 1, 'class_255': 2})


def test_names_that_no_list_can_hold(source, tmp_path):
    for kind in ('images', 'masks'):
        (source / f'{kind}/0.png').rename(source / kind / 'a\nb.png')
    plan, _ = convert(source)
    assert any('cannot hold names with line breaks' in line for line in plan.folder.left_out)
    assert sum(map(len, plan.splits.values())) == 4
    source.rename(tmp_path / 'two\nlines')
    with pytest.raises(ConversionError, match=r'two\\nlines: lists cannot hold'):
        new_dataset(tmp_path / 'two\nlines', tmp_path / 'new')
