"""What tools/check_dataset.py does."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Sequence

from mmengine.config import Config
from rich.progress import track

from mmseg_liteseg.errors import SettingError

from .doctor import inspect_config
from .pictures import draw_page
from .report import print_report, write_json
from .setup import SPLITS

JSON_NAME, PICTURE_NAME = 'findings.json', 'pictures.png'


def check_dataset(
    cfg: Config, folder: str | Path, splits: Sequence[str] = SPLITS, workers: int | None = None, samples: int = 6
) -> bool:
    """Looks at a config's data with a progress bar, prints what was found and writes JSON and a picture.

    Args:
        cfg: The config.
        folder: For ``findings.json`` and, where samples could be read, ``pictures.png``; made if missing.
        splits: Those to look at.
        workers: Threads that read; one per core by default.
        samples: Samples of each split in the picture; 0 draws none.

    Returns:
        Whether there is an error.

    Raises:
        SettingError: A number is out of range, or the config has no data.
    """
    if workers is not None and workers < 1:
        raise SettingError(f'--workers: expected at least 1, got {workers}')
    if samples < 0:
        raise SettingError(f'--samples: expected 0 or more, got {samples}')
    if not any(cfg.get(f'{split}_dataloader') for split in splits):
        raise SettingError(f'config {cfg.filename}: no {" or ".join(f"{split}_dataloader" for split in splits)}')
    inspection = inspect_config(cfg, splits, workers=workers, track=_show)
    print_report(inspection)
    write_json(inspection, Path(folder) / JSON_NAME)
    print(f'as JSON: {Path(folder) / JSON_NAME}')
    if samples and any(scan.images for scan in inspection.scans):
        draw_page(inspection, Path(folder) / PICTURE_NAME, samples)
        print(f'picture: {Path(folder) / PICTURE_NAME}')
    return inspection.failed


def _show(items: Iterable, total: int, name: str) -> Iterable:
    return track(items, description=name.split('_')[0], total=total, transient=True)
