"""From a training to a small file that mmseg's own functions read."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from mmseg.apis import MMSegInferencer, inference_model, init_model
from PIL import Image

from mmseg_liteseg.study import publish, report
from mmseg_liteseg.study.budget import BUDGETS
from mmseg_liteseg.study.config import Job
from mmseg_liteseg.study.errors import StudyError
from mmseg_liteseg.study.train import train
from tests.tools.conftest import run_alone
from tools.study import main

from .conftest import make_thin


@pytest.fixture(scope='module')
def runs(tmp_path_factory, camvid):
    with pytest.MonkeyPatch.context() as patch:
        make_thin(patch)
        folder = tmp_path_factory.mktemp('runs')
        train(Job('T', 'tiny', ema=True), str(folder), str(camvid))
    return folder


@pytest.mark.usefixtures('thin')
def test_published_file(runs, camvid, tmp_path):
    weights, config, page = publish.publish_best(str(runs), str(tmp_path), (), str(camvid))
    assert hashlib.sha256(weights.read_bytes()).hexdigest() in page.read_text(encoding='utf-8')
    assert '--budget tiny --seed 0 --ema' in page.read_text(encoding='utf-8')
    state = torch.load(weights, map_location='cpu', weights_only=True)
    kinds = {value.dtype for key, value in state['state_dict'].items() if value.ndim == 4}
    assert kinds == {torch.float16}
    assert state['state_dict']['backbone.stem.0.bn.running_var'].dtype == torch.float32
    for text in (state['meta']['cfg'], config.read_text(encoding='utf-8'), page.read_text()):
        assert str(camvid) not in text
        assert str(runs) not in text

    image = np.asarray(Image.open(camvid / 'img_dir/val/0.png'))[..., ::-1]
    model = init_model(str(config), str(weights), device='cpu')
    assert model.dataset_meta['classes'][0] == 'sky'
    labels = inference_model(model, image).pred_sem_seg.data[0]
    other = MMSegInferencer(str(config), str(weights), device='cpu')(image.copy())['predictions']
    assert np.array_equal(labels, other)
    own = torch.load(report.read_runs(runs, 'tiny')[0].best_weights, map_location='cpu', weights_only=True)[
        'state_dict'
    ]
    torch.testing.assert_close(model.cpu().state_dict(), own, rtol=1e-3, atol=1e-6)


@pytest.mark.usefixtures('thin')
def test_a_large_file_is_refused(runs, camvid, tmp_path, monkeypatch):
    monkeypatch.setattr(publish, 'MAX_BYTES', 1000)
    with pytest.raises(StudyError, match='expected at most 1000'):
        publish.publish_best(str(runs), str(tmp_path), (), str(camvid))


@pytest.mark.usefixtures('thin')
def test_tool_reports_what_it_trained(runs, camvid, tmp_path, capsys):
    arguments = ['--runs', runs, '--data-root', camvid]
    run_alone(main, ['train', '--budget', 'tiny', '--ema', *arguments])
    assert 'T, budget tiny, seed 0: done, 6 iterations' in capsys.readouterr().out
    run_alone(main, ['report', '--budget', 'tiny', '--out', tmp_path, *arguments])
    text = (tmp_path / 'results.md').read_text(encoding='utf-8')
    best = max(line['mIoU'] for line in report.read_runs(runs, 'tiny')[0].validations)
    assert f'| T | 1 | {100 * best:.2f} |' in text
    run_alone(main, ['list', '--runs', runs])
    assert 'T                seed 0  6 of 6, best mIoU' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['train', 'U', '--budget', 'cpu'], 'model U: expected one of T, B'),
        (['train', '--budget', 'large'], 'budget large: expected one of gpu'),
        (['train', 'T', '--minutes', '0'], '--minutes 0.0: expected more than 0'),
        (['train', 'T', '--seed', '-1'], '--seed: expected numbers from 0 on'),
        (['train', 'T', '--data-root', 'nowhere', '--runs', 'RUNS'], 'nowhere/img_dir/train: no such folder'),
        (['report', '--runs', 'nowhere'], 'nowhere: no finished training'),
        (['speed', '--rounds', '0'], '--rounds 0: expected at least 1'),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run_alone(main, [tmp_path if argument == 'RUNS' else argument for argument in arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_every_budget_is_explained():
    from tests.helpers import REPO

    text = (REPO / 'docs/camvid.md').read_text(encoding='utf-8')
    for budget in BUDGETS.values():
        if budget.name != 'smoke':
            size = 'x'.join(map(str, budget.crop))
            assert f'| `{budget.name}` | {budget.iters:,} x {budget.batch} | {size} |' in text
