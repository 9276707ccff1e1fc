"""What comes along with the runtime."""

import subprocess
import sys

from tests.helpers import REPO

HEAVY = ('torch', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain', 'matplotlib', 'PIL', 'onnxruntime', 'openvino', 'scipy')
CODE = f"""
import sys
import mmseg_liteseg.runtime, mmseg_liteseg.runtime.command
from mmseg_liteseg.deploy.runners import ort, ov
print('found:', *sorted(set({HEAVY}) & set(sys.modules)))
"""


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], cwd=REPO, stdout=subprocess.PIPE, check=True).stdout.decode()


def test_neither_torch_nor_mm_packages_are_imported():
    assert run('-c', CODE).split() == ['found:']


def test_the_module_is_a_command():
    assert 'python -m mmseg_liteseg.runtime deploy/NAME.onnx --input' in run('-m', 'mmseg_liteseg.runtime', '--help')
