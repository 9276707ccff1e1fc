"""The study's T as one small file for others, with what is known about it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Sequence

import torch
from mmengine.config import Config

from mmseg_liteseg.benchmark.results import write_text
from mmseg_liteseg.checkpoint.files import dumps_checkpoint, write_file
from mmseg_liteseg.checkpoint.torch_file import read_torch_file
from mmseg_liteseg.engine.class_weights import fill_class_weights

from .budget import get_budget
from .config import DATA_ROOT, OPTIONS, compose
from .errors import StudyError
from .predict import Evaluation, evaluate
from .report import best_run_of_t, check_agreement
from .results import Run, budgets_in, read_runs
from .tables import table

NAME = 'ppliteseg_stdc1_camvid-360x480'
MAX_BYTES = 17_000_000


def publish_best(
    runs_folder: str, out: str, budgets: Sequence[str] = (), data_root: str = DATA_ROOT, device: str = 'cpu'
) -> list[Path]:
    """Writes ``NAME.pth`` with weights in half precision, ``NAME.py``, its config, and ``README.md``.

    What is written is evaluated itself: the page gives the file's own mIoU.

    Raises:
        StudyError: There is no finished T, or the file would be too large or worse than its training.
    """
    chosen = [get_budget(name).name for name in budgets] or budgets_in(runs_folder)
    run = best_run_of_t({name: read_runs(runs_folder, name) for name in chosen})
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f'{NAME}.pth', folder / f'{NAME}.py', folder / 'README.md']
    cfg = compose(run.job)  # as it was, without the folders of the machine
    cfg.load_from, cfg.model = None, _filled_model(run, data_root)
    data = dumps_checkpoint(slim(read_torch_file(str(run.best_weights)), cfg))
    if len(data) > MAX_BYTES:
        raise StudyError(f'{files[0]}: would have {len(data)} bytes, expected at most {MAX_BYTES}')
    write_file(str(files[0]), data)
    cfg.dump(files[1])
    # the files as written: half precision and the config's dump are part of what is published
    evaluation = evaluate(Config.fromfile(files[1]), files[0], data_root, device)
    check_agreement(run, evaluation)
    write_text(files[2], page(run, evaluation, data))
    return files


def _filled_model(run: Run, data_root: str) -> Any:
    """The model's config with numbers where the recipe has a formula."""
    cfg = compose(run.job, data_root)
    cfg.work_dir = str(run.folder)
    fill_class_weights(cfg)
    return cfg.model


def slim(checkpoint: dict[str, Any], cfg: Config) -> dict[str, Any]:
    """Weights of convolutions in float16, the rest (BN, little) as it is; meta without the training machine's folders.

    ``load_state_dict`` widens float16 by itself.
    """
    weights = {
        key: (value.half() if value.is_floating_point() and value.ndim > 1 else value).clone().contiguous()
        for key, value in checkpoint['state_dict'].items()
    }
    wrong = [key for key, value in weights.items() if value.is_floating_point() and not torch.isfinite(value).all()]
    if wrong:
        raise StudyError(f'{wrong[0]}: not every weight is a finite number in half precision')
    meta = {key: checkpoint['meta'][key] for key in ('iter', 'seed', 'dataset_meta', 'mmengine_version')}
    return dict(state_dict=weights, meta=dict(meta, cfg=cfg.pretty_text))


def page(run: Run, evaluation: Evaluation, data: bytes) -> str:
    """What README.md says."""
    budget = get_budget(run.record['budget'])
    crop, options = 'x'.join(map(str, budget.crop)), ''.join(f' --{name}' for name in OPTIONS if run.record[name])
    start = f'started from `{Path(run.record["start"]).name}`' if run.record.get('start') else 'from scratch'
    options += f' --start {Path(run.record["start"]).name}' if run.record.get('start') else ''
    test = 'x'.join(map(str, budget.test_size))
    enlarged = f' enlarged to {test} by the test pipeline' if budget.test_size != (360, 480) else ''
    rows = [[name, f'{100 * value:.1f}'] for name, value in zip(evaluation.classes, evaluation.iou)]
    return f"""# PP-LiteSeg-T for CamVid at 360x480

`{NAME}.pth`: {len(data) / 1e6:.1f} MB, convolutions in float16, sha256 `{hashlib.sha256(data).hexdigest()}`

```python
from mmseg.apis import MMSegInferencer, inference_model, init_model

model = init_model('checkpoints/{NAME}.py', 'checkpoints/{NAME}.pth', device='cpu')
labels = inference_model(model, 'street.png').pred_sem_seg.data  # (1, H, W), classes 0 to 10

MMSegInferencer('checkpoints/{NAME}.py', 'checkpoints/{NAME}.pth', device='cpu')('street.png', out_dir='predicted')
```

- **mIoU {100 * evaluation.miou:.2f}** on CamVid val ({len(evaluation.images)} images of 360x480){enlarged},
  single scale, measured with this very file. It is the best of {budget.validations} validations on these same
  images, so a little is owed to the choice.
- Recipe: {start}, {budget.iters} iterations of {budget.batch} crops of {crop} (budget `{budget.name}`),
  seed {run.seed}, iteration {run.best['iter']}. `{NAME}.py` is the config that gave it:
  `python tools/study.py train T --budget {budget.name} --seed {run.seed}{options}`.
  [Protocol](../docs/camvid.md), [results](../docs/camvid/results.md).
- Expects street scenes of about this size and view.

{table(['class', 'IoU'], rows)}

## Licence

The code's licence is Apache 2.0. The weights come from [CamVid](http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/),
whose images are for research: **use them for research only**, and cite Brostow, Fauqueur and Cipolla, Semantic object
classes in video (2009).
"""
