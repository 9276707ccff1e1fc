"""From the name of a model, as a user writes it, to a config file."""

from __future__ import annotations

import difflib
from functools import lru_cache
from pathlib import Path

import mmseg

import mmseg_liteseg

from .errors import BenchmarkError

ALIASES = {
    'PP-LiteSeg-T': 'ppliteseg_stdc1_4xb4-160k_cityscapes-512x1024',
    'PP-LiteSeg-B': 'ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024',
    'PP-LiteSeg-T-two-UAFM': 'ppliteseg_stdc1-two-uafm_4xb4-160k_cityscapes-512x1024',
    'STDC1-Seg': 'mmseg::stdc/stdc1_4xb12-80k_cityscapes-512x1024.py',
    'STDC2-Seg': 'mmseg::stdc/stdc2_4xb12-80k_cityscapes-512x1024.py',
    'BiSeNetV1': 'mmseg::bisenetv1/bisenetv1_r18-d32_4xb4-160k_cityscapes-1024x1024.py',
    'BiSeNetV2': 'mmseg::bisenetv2/bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024.py',
    'ICNet': 'mmseg::icnet/icnet_r18-d8_4xb2-160k_cityscapes-832x832.py',
    'Fast-SCNN': 'mmseg::fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py',
    'PIDNet-S': 'mmseg::pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes.py',
    'SegFormer-B0': 'mmseg::segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py',
    'DDRNet23-slim': 'mmseg::ddrnet/ddrnet_23-slim_in1k-pre_2xb6-120k_cityscapes-1024x1024.py',
}


def config_folders() -> dict[str, Path]:
    """Where the configs lie: ours (installed, or of the checkout) and those that mmseg installs."""
    ours = Path(mmseg_liteseg.__file__).parent
    ours = next(
        (folder for folder in (ours / '.mim' / 'configs', ours.parent / 'configs') if folder.is_dir()), ours.parent
    )
    return {'mmseg_liteseg': ours, 'mmseg': Path(mmseg.__file__).parent / '.mim' / 'configs'}


def resolve(name: str) -> tuple[str, Path]:
    """Label and config file of a model.

    Args:
        name: One of ``ALIASES`` (any case), a path, the name of one of our configs, or ``mmseg::NAME`` with or without
            the folder and the ending.

    Raises:
        BenchmarkError: There is no such config, or there are several; names the closest ones.
    """
    alias = {key.lower(): key for key in ALIASES}.get(name.lower())
    if alias:
        return alias, resolve(ALIASES[alias])[1]
    path = Path(name).expanduser()
    if '::' not in name and path.suffix == '.py' and path.is_file():
        return path.stem, path.resolve()
    scope, _, wanted = name.rpartition('::')
    folders = config_folders()
    if scope and scope not in folders:
        raise BenchmarkError(f'{name}: expected mmseg:: or mmseg_liteseg:: before the name')
    path = find_config(folders[scope or 'mmseg_liteseg'], wanted, name)
    return path.stem, path


def find_config(folder: Path, wanted: str, name: str) -> Path:
    """The config of a folder's tree whose path ends in ``wanted``.

    Raises:
        BenchmarkError: None or several do.
    """
    if not folder.is_dir():
        raise BenchmarkError(f'{name}: there is no folder {folder} (was the package installed without its configs?)')
    wanted = wanted if wanted.endswith('.py') else f'{wanted}.py'
    # with the slash, so that a name is not found inside a longer one
    found = [path for path in list_configs(folder) if f'/{path}'.endswith(f'/{wanted}')]
    if len(found) == 1:
        return folder / found[0]
    if found:
        raise BenchmarkError(f'{name}: several configs end so: {", ".join(found)}')
    stems = {Path(path).stem: path for path in list_configs(folder)}
    close = difflib.get_close_matches(Path(wanted).stem, [*stems, *ALIASES], 3, 0.5)
    hint = f'; close: {", ".join(close)}' if close else ''
    raise BenchmarkError(f'{name}: no such file, no such config in {folder}, and none of {", ".join(ALIASES)}{hint}')


@lru_cache(maxsize=None)
def list_configs(folder: Path) -> tuple[str, ...]:
    """Paths of the configs below a folder, relative to it; files to inherit from are left out."""
    paths = (path.relative_to(folder) for path in sorted(folder.rglob('*.py')))
    return tuple(path.as_posix() for path in paths if '_base_' not in path.parts)
