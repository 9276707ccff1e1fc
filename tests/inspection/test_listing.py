from __future__ import annotations

import pytest

from mmseg_liteseg.inspection.listing import walk_files


def test_wrong_img_suffix(project):
    project.data()['img_suffix'] = '.jpg'
    line = project.only('empty')
    assert "ends in '.jpg'; it holds 4 .png" in line
    assert "set img_suffix='.png'" in line


def test_an_empty_split(project):
    for index in range(3):
        project.image('val', index).unlink()
    line = project.only('empty')
    assert 'val: ' in line
    assert 'holds no pictures' in line


def test_a_folder_that_is_not_there(project):
    project.data('val')['data_prefix']['img_path'] = 'pictures/val'
    line = project.only('no-folder')
    assert f'no folder {project.root}/pictures/val' in line
    assert f'only {project.root} exists' in line


@pytest.mark.parametrize('kind', ['no-list', 'empty'])
def test_lists(project, kind):
    project.data()['ann_file'] = 'train.txt'
    if kind == 'empty':
        (project.root / 'train.txt').write_text('')
    assert 'train.txt' in project.only(kind)


def test_paddleseg_lists_have_two_columns(project):
    lines = [f'images/train/{index}.png masks/train/{index}.png' for index in range(4)]
    (project.root / 'train.txt').write_text('\n'.join(lines))
    project.data()['ann_file'] = 'train.txt'
    line = project.only('two-columns')
    assert "has two columns, such as 'images/train/0.png masks/train/0.png'" in line
    assert "type='mmseg_liteseg.PairListDataset'" in line


def test_lists_with_suffixes(project):
    (project.root / 'train.txt').write_text('0.png\n1.png\n')
    project.data()['ann_file'] = 'train.txt'
    assert "names files with their suffix, such as '0.png'" in project.only('list-with-suffix')


def test_names_with_spaces_are_no_columns(project):
    for folder in ('images', 'masks'):
        (project.root / folder / 'train/0.png').rename(project.root / folder / 'train/a b.png')
    (project.root / 'train.txt').write_text('a b\n1\n')
    project.data()['ann_file'] = 'train.txt'
    assert project.inspect().findings == []


def test_unknown_types_and_loading_errors_are_findings(project):
    project.data()['type'] = 'NoDataset'
    assert "there is no data set of type 'NoDataset'" in project.only('unknown-dataset')
    project.data().update(type='BaseSegDataset', filter=3)
    assert "unexpected keyword argument 'filter'" in project.only('cannot-list')


def test_loops_of_links_end(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a/x.png').touch()
    (tmp_path / 'a/up').symlink_to(tmp_path)
    assert list(walk_files(str(tmp_path))) == ['a/x.png']


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('0\n1'.encode('utf-8-sig'), ('begins with a byte order mark', 'UTF-8 without BOM')),
        ('0\n1'.encode('utf-16'), ('is UTF-16', 'save it as UTF-8')),
        (b'0\n\n1\n', ('has nothing in line 2',)),
        (b'/data/images/0\n', ("absolute paths, such as '/data/images/0'", 'PairListDataset')),
        (b'C:\\data\\0\n', ('absolute paths',)),
        (b'town\\0\r\n', ('divides folders by backslashes',)),
    ],
)
def test_lists_written_elsewhere(project, text, words):
    (project.root / 'train.txt').write_bytes(text)
    project.data()['ann_file'] = 'train.txt'
    line = project.only('bad-list')
    assert all(word in line for word in words), line


def test_line_ends_of_windows_are_fine(project):
    (project.root / 'train.txt').write_bytes(b'0\r\n1\r\n')
    project.data()['ann_file'] = 'train.txt'
    assert project.inspect().findings == []
