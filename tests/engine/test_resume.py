from __future__ import annotations

import pytest
import torch

from mmseg_liteseg.engine.resume import LAST, STATE, clear_halves, find_checkpoint, pattern_of, why_not


def write(path, iteration, legacy=False):
    content = dict(state_dict=dict(weight=torch.arange(2000.0)), meta=dict(iter=iteration), optimizer={})
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of iterations 2 and 10, and best weights."""
    for iteration in (2, 10):
        write(tmp_path / f'iter_{iteration}.pth', iteration)
    write(tmp_path / 'best_mIoU_iter_12.pth', 12)
    (tmp_path / LAST).write_text('iter_10.pth')
    return tmp_path


def cut(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def damage(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_the_named_one_comes_first(folder):
    (folder / LAST).write_text('iter_2.pth\n')
    found = find_checkpoint(str(folder))
    assert (found.path, found.skipped) == (str(folder / 'iter_2.pth'), [])


@pytest.mark.parametrize(
    ('spoil', 'reason'),
    [(cut, 'cut off after'), (damage, 'is damaged'), (lambda path: path.unlink(), 'no such file')],
)
def test_a_broken_one_is_skipped_with_a_line(folder, spoil, reason):
    spoil(folder / 'iter_10.pth')
    found = find_checkpoint(str(folder))
    assert found.path == str(folder / 'iter_2.pth')
    (line,) = found.skipped
    assert line.startswith(f'{folder / "iter_10.pth"}: ')
    assert reason in line


def test_without_a_name_the_newest_is_taken(folder):
    (folder / LAST).unlink()
    assert find_checkpoint(str(folder)).path == str(folder / 'iter_10.pth')
    write(folder / STATE, 11)
    assert find_checkpoint(str(folder)).path == str(folder / STATE)


def test_a_moved_folder(folder):
    (folder / LAST).write_text('/elsewhere/before/iter_10.pth')
    assert find_checkpoint(str(folder)).path == str(folder / 'iter_10.pth')


def test_nothing_whole_is_said(folder):
    for path in folder.glob('iter_*.pth'):
        cut(path)
    found = find_checkpoint(str(folder))
    assert found.path is None
    assert len(found.skipped) == 2
    assert list(found.lines())[-1] == 'No checkpoint to resume from: starting at the beginning'


@pytest.mark.parametrize('content', [b'', b' \n', b'iter_10.pth\niter_2.pth\n', bytes(range(256)), b'.', b'/'])
def test_what_is_no_name_of_a_checkpoint(folder, content):
    (folder / LAST).write_bytes(content)
    assert find_checkpoint(str(folder)).path == str(folder / 'iter_10.pth')


def test_a_folder_in_the_place_of_the_name(folder):
    (folder / LAST).unlink()
    (folder / LAST).mkdir()
    assert find_checkpoint(str(folder)).path == str(folder / 'iter_10.pth')


def test_an_empty_folder(tmp_path):
    assert find_checkpoint(str(tmp_path / 'nowhere')).path is None


def test_files_of_the_old_format(tmp_path):
    path = write(tmp_path / 'iter_3.pth', 3, legacy=True)
    assert find_checkpoint(str(tmp_path)).path == str(path)
    cut(path)
    assert why_not(path).startswith('it cannot be read')


def test_halves_are_removed_and_nothing_else(folder):
    for name in ('best_mIoU_iter_4.pth', 'iter_4.pth', STATE, 'mine.pth'):
        cut(write(folder / name, 4))
    (folder / '.iter_6.pth.123.part').write_bytes(b'begun')
    (folder / 'notes.part').write_text('mine')
    before = {path.name for path in folder.iterdir()}
    removed = clear_halves(str(folder), 'iter_{}.pth')
    assert sorted(removed) == ['.iter_6.pth.123.part', 'best_mIoU_iter_4.pth', 'iter_4.pth', STATE]
    assert {path.name for path in folder.iterdir()} == before - set(removed)


def test_names_of_other_templates():
    assert pattern_of('ckpt.{:06d}.pth') == r'ckpt\.\d+\.pth'
