"""The short form of the inspection that every training begins with."""

from __future__ import annotations

import copy
import dataclasses
import os
import sys
from typing import Any

from mmengine.config import Config, ConfigDict

from .doctor import inspect_config
from .finding import Finding, InspectionError, by_severity, errors_of
from .report import summary_lines
from .setup import bare, read_setup

SECONDS = 5.0
_SKIPPED = ('unreadable', 'size-differs')  # what loading a sample finds, too: on_error='skip' leaves it out
_RANKS = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')


def check_start(cfg: Config) -> list[str]:
    """Finds before the first iteration what the training or its first validation would trip over.

    The config is checked against itself, all files are looked for, and as many are read as ``seconds`` allow: all of a
    small set, else a sample of each split. In a distributed run the first process does it. What was not read is checked
    when it is: see ``guard_labels``. A config sets::

        data_check = False                # trains without a look
        data_check = dict(seconds=60)     # reads for up to a minute; 5 seconds otherwise

    Args:
        cfg: The config, before a runner is built from it; its pipelines get another transform.

    Returns:
        Lines for the log: what was found, then warnings.

    Raises:
        InspectionError: It cannot work. The first error is raised, the others are printed before, a line each.
    """
    options = _options(cfg.get('data_check', True))
    if options is None:
        return []
    # in every process: each loads data of its own
    guard_labels(cfg)
    # told from variables, as the process group is not joined yet
    if any(os.environ.get(name, '0') != '0' for name in _RANKS):
        return []
    inspection = inspect_config(cfg, splits=('train', 'val'), seconds=options['seconds'])
    findings = by_severity(_only_warned(finding, cfg.get('on_error')) for finding in inspection.findings)
    errors = errors_of(findings)
    if errors:
        for finding in errors[1:]:
            print(finding, file=sys.stderr)
        raise InspectionError(_last_words(errors, cfg))
    return [*summary_lines(inspection), *(str(finding) for finding in findings)]


def guard_labels(cfg: Config) -> None:
    """Puts CheckLabels behind every LoadAnnotations of the training and validation data.

    Example:
        >>> data = dict(dataset=dict(type='BaseSegDataset', pipeline=[dict(type='LoadAnnotations')]))
        >>> cfg = Config(dict(model=dict(decode_head=dict(num_classes=3)), train_dataloader=data))
        >>> guard_labels(cfg)
        >>> [step['type'] for step in cfg.train_dataloader.dataset.pipeline]
        ['LoadAnnotations', 'mmseg_liteseg.CheckLabels']
    """
    for split in ('train', 'val'):
        if cfg.get(f'{split}_dataloader'):  # test may be the same object, and what is exported follows it
            cfg[f'{split}_dataloader'] = copy.deepcopy(cfg[f'{split}_dataloader'])
    setup = read_setup(cfg, ('train', 'val'))
    if not setup.heads or setup.num_classes is None:
        return
    check = dict(type='mmseg_liteseg.CheckLabels', num_classes=setup.num_classes, ignore_index=setup.ignore_index)
    for part in setup.parts:
        part.cfg['pipeline'] = _guarded(part.cfg.get('pipeline') or [], check)


def _guarded(steps: Any, check: dict) -> list:
    """A pipeline with the check, also inside transforms that hold others."""
    guarded = []
    for step in steps:
        if isinstance(step, (list, tuple)):
            guarded.append(_guarded(step, check))
            continue
        inner = step.get('transforms') if isinstance(step, dict) else None
        guarded.append(type(step)({**step, 'transforms': _guarded(inner, check)}) if inner else step)
        if isinstance(step, dict) and bare(step.get('type')) == 'LoadAnnotations':
            guarded.append(ConfigDict(check))
    return guarded


def _options(value: Any) -> dict | None:
    """The settings of the check; None if there is to be none."""
    if value is False or value is None:
        return None
    options = {} if value is True else value
    if not isinstance(options, dict) or set(options) - {'seconds'}:
        raise InspectionError(f'data_check: expected True, False or dict(seconds=...), got {value!r}')
    seconds = options.get('seconds', SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        raise InspectionError(f'data_check.seconds: expected a number from 0 on, got {seconds!r}')
    return {'seconds': seconds}


def _only_warned(finding: Finding, on_error: str | None) -> Finding:
    """What is wrong with the test data does not stop a training, nor do files that it is told to skip."""
    is_skipped = on_error == 'skip' and finding.split == 'train' and finding.kind in _SKIPPED
    is_harmless = finding.severity == 'error' and (finding.split == 'test' or is_skipped)
    return dataclasses.replace(finding, severity='warning') if is_harmless else finding


def _last_words(errors: list[Finding], cfg: Config) -> str:
    """The first error, for the last line on the screen, and what to do next."""
    first = str(errors[0]).split(': ', 1)[1]
    more = f'; {len(errors) - 1} more above' if len(errors) > 1 else ''
    tool = f'python tools/check_dataset.py {cfg.filename or "CONFIG"} looks at all files'
    return f'{first} [{errors[0].kind}{more}; {tool}, data_check=False trains without a check]'
