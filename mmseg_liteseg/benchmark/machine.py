"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import torch

import mmseg_liteseg
from mmseg_liteseg.processor import available_cores

_MODULES = ('torch', 'mmengine', 'mmcv', 'mmseg', 'numpy', 'onnxruntime', 'openvino', 'triton')


def describe(device: str) -> dict:
    """Device, processor, cores, threads, versions, clocks and load, as JSON holds them."""
    facts = dict(
        cpu=cpu_model(),
        cores=available_cores(),
        threads=torch.get_num_threads(),
        cpu_mhz=cpu_mhz(),
        platform=f'{platform.system()} {platform.machine()}',
        python=platform.python_version(),
        versions=versions(),
        load_average=load_average(),
    )
    if device == 'cuda':
        facts['gpu'] = gpu_facts()
    return facts


def load_average() -> float | None:
    """Processes that wanted to run in the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, 'getloadavg') else None


def cpu_model() -> str:
    """The processor's name."""
    return _cpuinfo('model name') or platform.processor() or platform.machine()


def cpu_mhz() -> float | None:
    """Clock of the first core as found, where the system tells."""
    text = _cpuinfo('cpu MHz')
    return round(float(text)) if text else None


def versions() -> dict[str, str]:
    """Versions of what the measurement leans on, by the name it is imported under."""
    found = {'mmseg_liteseg': mmseg_liteseg.__version__}
    distributions = metadata.packages_distributions() if hasattr(metadata, 'packages_distributions') else {}
    for module in _MODULES:
        # before 3.11 Python knows what a distribution installs only if that says so itself, and the host's forks do not
        longer = module.replace('mmseg', 'mmsegmentation')
        for name in distributions.get(module, [longer, f'onedl-{longer}']):
            try:
                found[module] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
    commit = _output(['git', '-C', str(Path(mmseg_liteseg.__file__).parent), 'rev-parse', '--short', 'HEAD'])
    return {**found, 'commit': commit} if commit else found


def gpu_facts() -> dict:
    """Name, driver, CUDA and the clocks as found."""
    query = 'name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,power.limit,temperature.gpu'
    line = _output(['nvidia-smi', f'--query-gpu={query}', '--format=csv,noheader'])
    facts = dict(name=torch.cuda.get_device_name(0), cuda=torch.version.cuda, cudnn=torch.backends.cudnn.version())
    if line:
        facts.update(zip(query.split(',')[1:], [value.strip() for value in line.splitlines()[0].split(',')[1:]]))
    return facts


def _cpuinfo(field: str) -> str:
    path = Path('/proc/cpuinfo')
    lines = path.read_text(encoding='utf-8').splitlines() if path.is_file() else []
    return next((line.split(':', 1)[1].strip() for line in lines if line.startswith(field)), '')


def _output(command: list[str]) -> str:
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return result.stdout.strip() if result.returncode == 0 else ''
