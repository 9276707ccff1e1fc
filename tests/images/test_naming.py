from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mmseg_liteseg.images import output_names
from mmseg_liteseg.images.naming import with_ending


def named(*args, **options):
    return {str(path): name.as_posix() for path, name in output_names(*args, **options).items()}


def test_folders_are_kept_and_suffixes_dropped():
    assert named(['in/a.jpg', 'in/b/a.jpg'], 'in') == {'in/a.jpg': 'a', 'in/b/a.jpg': 'b/a'}


def test_flat_where_that_is_enough():
    assert named(['in/x/a.jpg', 'in/y/b.jpg'], 'in', flat=True) == {'in/x/a.jpg': 'a', 'in/y/b.jpg': 'b'}
    assert named(['in/x/a.jpg', 'in/y/a.jpg', 'in/y/b.jpg'], 'in', flat=True) == {
        'in/x/a.jpg': 'x/a',
        'in/y/a.jpg': 'y/a',
        'in/y/b.jpg': 'b',
    }


def test_suffixes_stay_where_they_make_the_difference():
    assert named(['in/a.jpg', 'in/a.png', 'in/b.png'], 'in') == {
        'in/a.jpg': 'a.jpg',
        'in/a.png': 'a.png',
        'in/b.png': 'b',
    }


def test_a_name_that_another_input_has_already():
    assert named(['in/a.png', 'in/a.jpg', 'in/a.jpg.bmp'], 'in')['in/a.jpg.bmp'] == 'a.jpg'
    assert len(set(named(['in/a.png', 'in/a.jpg', 'in/a.jpg.bmp'], 'in').values())) == 3


def test_equal_names_in_folders_that_have_nothing_in_common():
    assert set(named(['/one/img/a.png', '/two/img/a.png'], '/one/img').values()) == {'one/img/a', 'two/img/a'}


def test_addresses_on_the_web_keep_their_last_name():
    assert named(['synthetic://1x1/seed0/images/val_0.png'], '') == {'synthetic://1x1/seed0/images/val_0.png': 'val_0'}


@given(
    st.lists(
        st.sampled_from([f'{d}/{n}{s}' for d in ('r', 'r/s', 'q', '/r') for n in 'ab' for s in ('', '.a', '.a.b')])
    )
)
def test_never_two_of_one_name(paths):
    for flat in (True, False):
        names = output_names(paths, 'r', flat)
        assert set(names) == set(paths)
        assert len(set(names.values())) == len(set(paths))
        assert not any(name.is_absolute() or '..' in name.parts for name in names.values())


def test_long_names_are_shortened_and_stay_apart():
    first, second = ('ä' * 125 + end for end in ('xxxxx', 'yyyyy'))
    names = [with_ending(Path('d') / name, '.png') for name in (first, second)]
    assert names[0] != names[1]
    assert all(len(name.name.encode()) <= 255 and name.suffix == '.png' and name.parent == Path('d') for name in names)
    assert with_ending(Path('short'), '.png') == Path('short.png')
