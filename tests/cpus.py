"""Runs the test suite as other processors would: what rounds differently there must not make a test fail.

torch, oneDNN, MKL, numpy and OpenCV choose their code by the processor, and each can be told to use what an older one
has. Before the suite runs under a setting, a short process looks whether the setting took effect. All settings run,
whatever fails; a table at the end says what did.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Sequence
from xml.etree import ElementTree

REPO = Path(__file__).resolve().parents[1]
EXAMPLE = """examples:
  python -m tests.cpus                                    # the whole suite under every setting, an hour or two
  python -m tests.cpus --only avx2 oldest -- -n 2         # two settings; what follows -- is for pytest
  python -m tests.cpus -- tests/models tests/ops -x
"""
# numpy and OpenCV name what is switched off, not what is used; MKL has a branch of its own for old processors.
BEYOND_AVX2 = dict(NPY='X86_V4 AVX512_ICL AVX512_SPR', CV='AVX512-SKX')
BEYOND_SSE41 = dict(NPY=f'X86_V3 {BEYOND_AVX2["NPY"]}', CV='SSE4.2,AVX,FP16,AVX2,AVX512-SKX')
SETTINGS = {
    'plain': {},
    'threads-2': dict(TEST_THREADS='2'),
    'onednn-sse41': dict(ONEDNN_MAX_CPU_ISA='SSE41'),
    'onednn-avx2': dict(ONEDNN_MAX_CPU_ISA='AVX2'),
    'onednn-off': dict(TEST_ONEDNN='0'),
    'aten-default': dict(ATEN_CPU_CAPABILITY='default'),
    'aten-avx2': dict(ATEN_CPU_CAPABILITY='avx2'),
    'avx2': dict(
        ONEDNN_MAX_CPU_ISA='AVX2',
        ATEN_CPU_CAPABILITY='avx2',
        NPY_DISABLE_CPU_FEATURES=BEYOND_AVX2['NPY'],
        OPENCV_CPU_DISABLE=BEYOND_AVX2['CV'],
        TEST_THREADS='2',
    ),
    'oldest': dict(
        ONEDNN_MAX_CPU_ISA='SSE41',
        ATEN_CPU_CAPABILITY='default',
        NPY_DISABLE_CPU_FEATURES=BEYOND_SSE41['NPY'],
        OPENCV_CPU_DISABLE=BEYOND_SSE41['CV'],
        MKL_CBWR='COMPATIBLE',
    ),
}
# Large enough for torch to give the convolution to oneDNN, which then says what it runs.
PROBE = """
import tests.conftest, torch
print('aten', torch.backends.cpu.get_cpu_capability().lower())
print('threads', torch.get_num_threads())
torch.conv2d(torch.rand(2, 16, 64, 64), torch.rand(32, 16, 3, 3))
"""


def environment_of(setting: str) -> dict[str, str]:
    """This process's environment, with nothing in it that steers the processor's code but the setting."""
    steered = {key for values in SETTINGS.values() for key in values}
    kept = {key: value for key, value in os.environ.items() if key not in steered}
    return {**kept, 'PYTHONPATH': str(REPO), **SETTINGS[setting]}


def probe(setting: str) -> dict[str, str]:
    """What a process under the setting really uses: aten, threads, and oneDNN's instructions ('off' without)."""
    done = subprocess.run(
        [sys.executable, '-c', PROBE],
        env={**environment_of(setting), 'ONEDNN_VERBOSE': '1'},
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    facts = dict(line.split() for line in done.stdout.splitlines() if line.startswith(('aten ', 'threads ')))
    convolution = re.search(r'exec,cpu,convolution,([\w:]+)', done.stdout)
    return {**facts, 'onednn': convolution[1] if convolution else 'off'}


def without_effect(setting: str, facts: dict[str, str]) -> list[str]:
    """The parts of a setting that the probe did not find in effect."""
    asked = SETTINGS[setting]
    expected = dict(
        aten=asked.get('ATEN_CPU_CAPABILITY', facts['aten']),
        threads=asked.get('TEST_THREADS', '1'),
        onednn='off' if asked.get('TEST_ONEDNN') == '0' else asked.get('ONEDNN_MAX_CPU_ISA', facts['onednn']).lower(),
    )
    return [f'{key} {facts[key]}, not {value}' for key, value in expected.items() if value not in facts[key]]


def run_suite(setting: str, pytest_args: Sequence[str], folder: Path) -> dict[str, object]:
    """Runs pytest under a setting; returns the row of the table. Its output is in ``folder``/SETTING.log."""
    facts, started, results = probe(setting), time.monotonic(), folder / f'{setting}.xml'
    results.unlink(missing_ok=True)
    command = [sys.executable, '-m', 'pytest', f'--junitxml={results}', *pytest_args]
    with open(folder / f'{setting}.log', 'w', encoding='utf-8') as log:
        status = subprocess.run(command, env=environment_of(setting), cwd=REPO, stdout=log, stderr=log).returncode
    row = dict(setting=setting, **facts, status=status, seconds=round(time.monotonic() - started), failed=[])
    row['ineffective'] = without_effect(setting, facts)
    if results.exists():
        cases = list(ElementTree.parse(results).iter('testcase'))
        bad = [case for case in cases if case.find('failure') is not None or case.find('error') is not None]
        row['failed'] = [f'{case.get("classname").replace(".", "/")}.py::{case.get("name")}' for case in bad]
        row['passed'] = len(cases) - len(bad) - sum(case.find('skipped') is not None for case in cases)
    return row


def table(rows: Sequence[dict[str, object]]) -> str:
    """The rows as text, and under them what failed."""
    lines = [f'{"setting":14} {"ATen":8} {"oneDNN":18} {"threads":8} {"passed":>7} {"failed":>7} {"seconds":>8}']
    for row in rows:
        numbers = f'{row.get("passed", "-"):>7} {len(row["failed"]):>7} {row["seconds"]:>8}'
        lines.append(f'{row["setting"]:14} {row["aten"]:8} {row["onednn"]:18} {row["threads"]:8} {numbers}')
    for row in rows:
        lines += [f'{row["setting"]}: FAILED {name}' for name in row['failed']]
        lines += [f'{row["setting"]}: not in effect: {fact}' for fact in row['ineffective']]
        if row['status'] and not row['failed']:
            lines.append(f'{row["setting"]}: pytest ended with status {row["status"]}')
    return '\n'.join(lines)


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m tests.cpus',
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--only', nargs='+', choices=list(SETTINGS), metavar='SETTING', help=', '.join(SETTINGS))
    parser.add_argument('--logs', default='work_dirs/test-cpus', metavar='DIR', help='[work_dirs/test-cpus]')
    parser.add_argument('pytest_args', nargs='*', metavar='-- PYTEST_ARGS', help='for pytest')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args, rows = parse_args(argv), []
    folder = Path(args.logs).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for setting in args.only or SETTINGS:
        print(f'{setting}: running, see {folder / setting}.log', flush=True)
        rows.append(run_suite(setting, args.pytest_args, folder))
    print(table(rows))
    return int(any(row['status'] or row['ineffective'] for row in rows))


if __name__ == '__main__':
    sys.exit(main())
