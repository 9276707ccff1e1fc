"""Tables, curves and pictures from the files of the trainings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Mapping, Sequence

from mmengine.config import Config

from mmseg_liteseg.benchmark.results import write_text
from mmseg_liteseg.engine.history_hook import HISTORY

from . import curves, tables
from .budget import BUDGETS, get_budget
from .config import DATA_ROOT
from .cost import cost_of
from .errors import StudyError
from .predict import Evaluation, draw_choice, evaluate
from .results import Row, Run, budgets_in, read_runs, rows_of

_PAGES = (
    ('good', 'The five best'),
    ('typical', 'The five in the middle'),
    ('worst', 'The five worst'),
)


def write_report(
    runs_folder: str,
    out: str,
    budgets: Sequence[str] = (),
    data_root: str = DATA_ROOT,
    speed: str | None = None,
    device: str = 'cpu',
) -> list[Path]:
    """Writes ``results.md`` and what it shows: curves, predictions, logs.

    Args:
        runs_folder: Folder of all trainings.
        out: Folder for the report.
        budgets: Which to report on; by default all with a training, but for smoke.
        data_root: CamVid, for the pictures.
        speed: JSON file of ``tools/study.py speed``.
        device: Where to predict.

    Returns:
        The files, results.md first.

    Raises:
        StudyError: There is nothing to report on, or a file is missing.
    """
    chosen = [get_budget(name).name for name in budgets] or budgets_in(runs_folder)
    # everything from files: a report can be made anew, and of an unfinished study
    runs = {name: read_runs(runs_folder, name) for name in chosen}
    if not any(rows_of(of_budget) for of_budget in runs.values()):
        raise StudyError(f'{runs_folder}: no finished training under {", ".join(chosen) or "any budget"}')
    folder, speeds = Path(out), read_speeds(speed)
    parts, written = ['# Results', _MADE], []
    for name, of_budget in runs.items():
        if of_budget:
            costs = {run.name: cost_of(run.name, name) for run in of_budget}
            parts += budget_section(name, of_budget, costs, speeds)
            written.append(folder / f'curves-{name}.png')
            curves.draw(of_budget, written[-1])
            _copy_logs(of_budget, folder / 'logs')
    if speeds:
        parts.append(_speed_note(speed))
    parts += _picture_section(runs, folder, data_root, device)
    written = [folder / 'results.md', *written, *(folder / f'{name}.jpg' for name, _ in _PAGES), folder / 'thin.jpg']
    write_text(written[0], '\n\n'.join(parts) + '\n')
    return written


_MADE = (
    'Written by `tools/study.py report` from the files of the trainings. How they were made, and what the figures can '
    'be compared with, says the [protocol](../camvid.md). mIoU and IoU in percent on val, single scale, no flip. '
    '"best" is the best of the validations, chosen on these same images; "last" comes after the last iteration. ± is '
    'the standard deviation over seeds. GFLOP: convolutions, two per multiply-add, for one image '
    'of the size that is tested at.'
)


def budget_section(name: str, runs: Sequence[Run], costs: Mapping[str, Any], speeds: tables.Speeds) -> list[str]:
    """Paragraphs about one budget."""
    budget, rows = BUDGETS[name], rows_of(runs)
    crop, test = ('x'.join(map(str, size)) for size in (budget.crop, budget.test_size))
    parts = [
        f'## Budget `{name}`: {budget.about}',
        f'{budget.iters} iterations of {budget.batch} crops of {crop}, validated {budget.validations} times at {test}. '
        + _hardware(runs),
    ]
    if rows:
        parts.append(tables.main_table(rows, costs, speeds))
        parts += ['\n'.join(f'- {line}' for line in tables.verdicts(rows, name))]
        ablations = tables.ablation_table(rows)
        parts += ['Ablations:', ablations] if ablations else []
        parts += ['IoU per class, best checkpoints:', tables.class_table(rows, 'best')]
        parts += ['IoU per class, last checkpoints:', tables.class_table(rows, 'last')]
    unfinished = [run for run in runs if not run.last]
    if unfinished:
        listed = ', '.join(f'{run.name} seed {run.seed} ({run.done} of {run.total})' for run in unfinished)
        parts.append(f'Not finished, and in no table: {listed}.')
    parts.append(f'![Training loss and validation mIoU](curves-{name}.png)')
    return [part for part in parts if part]


def _hardware(runs: Sequence[Run]) -> str:
    """Where the trainings ran and how long an iteration took."""
    pieces = [piece for run in runs for piece in run.record['pieces']]
    devices = dict.fromkeys(f'{piece["device"]} ({piece["cores"]} cores)' for piece in pieces)
    times = ', '.join(f'{row.name} {min(run.seconds_per_iter for run in row.runs):.2f}' for row in rows_of(runs))
    text = f'Trained on {"; ".join(devices)}, {len(pieces)} pieces.' if pieces else ''
    return f'{text} Seconds per iteration (indicative): {times}.' if times else text


def read_speeds(path: str | None) -> dict[str, dict[str, float]]:
    """Milliseconds per image by model.

    Raises:
        StudyError: There is no such file.
    """
    if path is None:
        return {}
    if not Path(path).is_file():
        raise StudyError(f'--speed {path}: no such file; tools/study.py speed writes one')
    lines = json.loads(Path(path).read_text(encoding='utf-8'))['lines']
    return {line['model']: line['ms'] for line in lines if 'ms' in line}


def _speed_note(path: str) -> str:
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    line, machine = content['lines'][0], content['machine']
    where = machine.get('gpu', {}).get('name') or f'{machine["cpu"]}, {machine["threads"]} threads'
    return (
        f'ms/image: normalised 360x480 tensor to label map, batch 1, {line["runtime"]} {line["precision"]} on {where}, '
        f'median of interleaved rounds of one run ({content["date"]}, torch {machine["versions"].get("torch", "?")}).'
    )


def _copy_logs(runs: Sequence[Run], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for run in runs:
        shutil.copyfile(run.folder / HISTORY, folder / f'{run.record["budget"]}-{run.name}-seed-{run.seed}.jsonl')


def best_run_of_t(runs: Mapping[str, Sequence[Run]]) -> Run:
    """The finished training whose checkpoint stands for the project: T's of the largest budget, by its best mIoU.

    Raises:
        StudyError: There is none.
    """
    for name in (name for name, budget in BUDGETS.items() if name in runs and budget.on_camvid):
        rows: list[Row] = [row for row in rows_of(runs[name]) if row.name == 'T']
        if rows:
            return max(rows[0].runs, key=lambda run: (run.best['mIoU'], -run.seed))
    raise StudyError('no finished training of T')


def _picture_section(runs: Mapping[str, Sequence[Run]], folder: Path, data_root: str, device: str) -> list[str]:
    run = best_run_of_t(runs)
    evaluation = evaluate(Config.fromfile(run.folder / 'config.py'), run.best_weights, data_root, device)
    check_agreement(run, evaluation)
    parts = [
        '## Predictions',
        f'T, budget `{run.record["budget"]}`, seed {run.seed}, best checkpoint (iteration {run.best["iter"]}): '
        f'{100 * evaluation.miou:.2f} mIoU, predicted again for this page. Images are ranked by their own mIoU over '
        'the classes that labels or prediction hold.',
    ]
    chosen = draw_choice(evaluation, folder)
    for name, title in _PAGES:
        ranks = ', '.join(f'{Path(image.path).stem} {100 * image.miou:.1f}' for image in chosen[name])
        parts += [f'### {title}', ranks, f'![{title}: image, labels, prediction]({name}.jpg)']
    title = 'Poles and signs, enlarged'
    return [*parts, f'### {title}', f'![{title}: image, labels, prediction](thin.jpg)']


def check_agreement(run: Run, evaluation: Evaluation) -> None:
    """Refuses a checkpoint that does not give what the log says of it.

    Raises:
        StudyError: The mIoU differ by more than what other kernels round differently.
    """
    logged = run.best['mIoU']
    if abs(logged - evaluation.miou) > 5e-3:
        raise StudyError(
            f'{run.best_weights}: predicts with {100 * evaluation.miou:.2f} mIoU, the log says {100 * logged:.2f} '
            f'(iteration {run.best["iter"]})'
        )
