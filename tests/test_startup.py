import os
import subprocess
import sys

import pytest

from mmseg_liteseg import startup
from tests.helpers import REPO


def run(code, *options, **variables):
    environment = {**os.environ, 'PYTHONPATH': str(REPO), **variables}
    return subprocess.run([sys.executable, *options, '-c', code], env=environment, capture_output=True)


def test_imports_nothing():
    code = (
        'import sys; before = set(sys.modules); import mmseg_liteseg.startup as s\n'
        'stdlib = {*sys.builtin_module_names, *getattr(sys, "stdlib_module_names", ("__future__", "collections"))}\n'
        'print(sorted(m for m in set(sys.modules) - before if m.split(".")[0] not in stdlib))\n'
        's.install(); print(sum(f is s._Finder for f in sys.meta_path))'
    )
    expected = "['mmseg_liteseg', 'mmseg_liteseg.startup', 'mmseg_liteseg.version']\n1\n"
    # without site: an installed package has run its line by then
    assert run(code, '-S').stdout.decode().replace('\r', '') == expected


def test_teaches_a_config_that_knows_nothing_of_us(tmp_path):
    name = 'ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py'
    (tmp_path / 'x.py').write_text(f"_base_ = 'mmseg_liteseg::{name}'\n")
    code = (
        'import mmseg_liteseg.startup, sys\nfrom mmengine.config import Config\n'
        f'cfg = Config.fromfile({str(tmp_path / "x.py")!r}, import_custom_modules=False)\n'
        'print(cfg.model.type, "mmseg_liteseg.registry" in sys.modules)'
    )
    done = run(code)
    assert done.stdout.decode().split() == ['mmseg_liteseg.FastEncoderDecoder', 'False'], done.stderr.decode()


def test_the_line_in_the_pth_file_is_harmless_without_the_package():
    line = (REPO / 'mmseg_liteseg_startup.pth').read_text()
    assert line.startswith('import ')
    assert line.count('\n') == 1
    done = run(f'import sys; sys.path[:] = [p for p in sys.path if "lib/python" in p and "site-" not in p]\n{line}')
    assert (done.returncode, done.stderr) == (0, b'')


@pytest.mark.parametrize(
    ('command', 'shown'),
    [
        (['python', '/site-packages/mmseg_liteseg/.mim/tools/train.py', 'x.py'], False),
        (['python', '/site-packages/mmseg_liteseg-0.1.0.dist-info/.mim/tools/train.py', 'x.py'], False),
        (['python', '/other/mmseg/.mim/tools/train.py', 'x.py'], True),
        ('a text', True),
    ],
)
def test_mims_traceback_of_our_tools_is_left_out(command, shown, monkeypatch):
    seen = []
    monkeypatch.setattr(sys, 'excepthook', lambda *args: seen.append(args))
    startup._quiet_mim(None)
    error = subprocess.CalledProcessError(2, command)
    sys.excepthook(type(error), error, None)
    sys.excepthook(KeyError, KeyError('x'), None)
    assert len(seen) == 1 + shown
