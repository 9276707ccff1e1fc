import pytest

from mmseg_liteseg.config_file import read_config
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.errors import SettingError


def write(folder, text):
    (folder / 'x.py').write_text(text)
    return folder / 'x.py'


def test_reads_and_overrides(tmp_path):
    cfg = read_config(write(tmp_path, 'a = dict(b=1, c=[1, 2])'), {'a.b': 3})
    assert cfg.to_dict() == dict(a=dict(b=3, c=[1, 2]))


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('a = (', 'SyntaxError'),
        ('a = b', "NameError: name 'b' is not defined"),
        ("_base_ = 'nowhere::a/b.py'", 'AssertionError: mmengine does not support to load nowhere config'),
        ("_base_ = ['./p.py', './q.py']", 'KeyError: .*Duplicate key is not allowed among bases'),
        ('a = {}["x"]', 'KeyError'),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_file(tmp_path, text, reason):
    for name in ('p.py', 'q.py'):
        (tmp_path / name).write_text('same = 1')
    with pytest.raises(DeployError, match=rf'^config .*x\.py: cannot be read \({reason}') as caught:
        read_config(write(tmp_path, text), kind=DeployError)
    assert '\n' not in str(caught.value)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(SettingError, match=r'config gone\.py: no such file'):
        read_config('gone.py')
    with pytest.raises(FileNotFoundError, match=r'mmseg_liteseg::ppliteseg/x\.py: no such config'):
        read_config(write(tmp_path, "_base_ = 'mmseg_liteseg::ppliteseg/x.py'"))
