"""The Triton kernels become machine code of GPUs, whether there is one or not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('triton.backends.nvidia')
ARCHITECTURES = (75, 80, 90)  # Turing, Ampere, Hopper


def test_kernels_compile(tmp_path):
    root = Path(__file__).parents[2]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(('TRITON_', 'MMSEG_LITESEG_'))}
    environment['TRITON_CACHE_DIR'] = str(tmp_path)
    command = [sys.executable, '-m', 'tests.ops.compile_kernels', *map(str, ARCHITECTURES)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    compiled = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]
    assert {entry['elf'] for entry in compiled} == {'7f454c46'}
    for kernel, variants in (('_widen', 2), ('_argmax_rows', 2), ('_ohem', 6)):
        found = {(entry['variant'], entry['sm']) for entry in compiled if entry['kernel'] == kernel}
        assert found == {(variant, sm) for variant in range(variants) for sm in ARCHITECTURES}
