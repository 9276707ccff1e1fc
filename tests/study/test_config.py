from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

from mmseg_liteseg.study.budget import BUDGETS, RELEASED
from mmseg_liteseg.study.config import Job, check_same, compose, recipe
from mmseg_liteseg.study.errors import StudyError
from mmseg_liteseg.study.models import ENTRIES


@pytest.mark.filterwarnings('ignore:Detected call of:UserWarning')
@pytest.mark.parametrize('budget', BUDGETS.values(), ids=lambda budget: budget.name)
def test_schedule_fills_the_budget(budget):
    cfg = compose(Job('T', budget.name))
    assert (cfg.train_cfg.max_iters, cfg.train_dataloader.batch_size) == (budget.iters, budget.batch)
    assert budget.iters % cfg.train_cfg.val_interval == 0
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=cfg.optim_wrapper.optimizer.lr)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=optimizer)) for part in cfg.param_scheduler]
    rates = []
    for _ in range(budget.iters):
        rates.append(optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    if budget.config != RELEASED:
        assert max(rates) == pytest.approx(cfg.optim_wrapper.optimizer.lr, rel=0.02)
        assert rates[-1] < 0.01 * max(rates)
        hooks = ['EMAHook', 'mmseg_liteseg.HistoryHook'] if budget.on_camvid else ['mmseg_liteseg.HistoryHook']
        assert [hook['type'] for hook in cfg.custom_hooks] == hooks
        return
    warmup, rest = budget.warmup, budget.iters - budget.warmup
    assert rates[0] == pytest.approx(1e-6)
    assert rates[warmup] == max(rates) == pytest.approx(0.001)
    assert rates[-1] == pytest.approx(0.001 * (1 / rest) ** 0.9)


MODELS = [name for name, entry in ENTRIES.items() if not entry.settings]


@pytest.mark.parametrize('name', [name for name in MODELS if name != 'T'])
def test_all_models_share_everything_but_the_model(name):
    ours, theirs = (recipe(compose(Job(one, 'gpu'))) for one in ('T', name))
    different = {key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)}
    allowed = ('model.', 'data.pipeline') if ENTRIES[name].edges else ('model.',)
    assert [key for key in different if not key.startswith(allowed)] == []
    if ENTRIES[name].edges:  # the map is made from the finished crop
        types = [value for key, value in theirs.items() if key.startswith('data.pipeline') and key.endswith('type')]
        assert types[-2:] == ['GenerateEdge', 'PackSegInputs']


@pytest.mark.parametrize(('name', 'heads'), [('T', 1), ('B', 1), ('STDC1-Seg', 3), ('PIDNet-S', 3)])
def test_all_models_get_the_recipes_class_weights(name, heads):
    model = compose(Job(name, 'crops')).model
    found = [loss for loss in losses(model) if loss.get('class_weight')]
    assert [loss['class_weight'] for loss in found] == [dict(type='enet', c=1.10, mean=1.0)] * heads
    assert not any('class_weight' in loss for loss in losses(compose(Job(name, 'gpu')).model))


def losses(node):
    """Cross entropies in a tree of dicts and lists."""
    if isinstance(node, dict) and node.get('type') in ('CrossEntropyLoss', 'OhemCrossEntropy'):
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ()
    return [loss for child in children for loss in losses(child)]


def test_a_start_from_weights_is_in_the_config(tmp_path):
    assert compose(Job('T', 'whole', start='crops.pth')).load_from == 'crops.pth'
    assert compose(Job('T', 'whole')).load_from is None


def test_a_teacher_comes_with_the_config_beside_it(tmp_path):
    (tmp_path / 'config.py').write_text('model = dict()')
    expected = dict(teacher=str(tmp_path / 'config.py'), checkpoint=str(tmp_path / 'best.pth'))
    job = Job('T-distilled', 'starts', teacher=expected['checkpoint'])
    assert compose(job).model.distillation == expected
    (tmp_path / 'best.py').write_text('model = dict()')  # as the zoo has it
    assert compose(job).model.distillation.teacher == str(tmp_path / 'best.py')
    with pytest.raises(StudyError, match=r'gone\.py or config\.py beside it'):
        compose(Job('T-distilled', 'starts', teacher=str(tmp_path / 'other/gone.pth')))


def test_short_trainings_average_over_fewer_iterations():
    momenta = {name: compose(Job('T', name)).custom_hooks[0].momentum for name in ('crops', 'starts')}
    assert momenta == dict(crops=0.001, starts=0.01)


def test_crops_follow_the_budget():
    steps = compose(Job('T', 'cpu')).train_dataloader.dataset.pipeline
    assert [step.crop_size for step in steps if 'crop_size' in step] == [(288, 384)]


def test_dumped_config_is_whole(tmp_path):
    cfg = compose(Job('T-without-SPPM', 'gpu', seed=2, ema=True))
    cfg.dump(tmp_path / 'config.py')
    again = Config.fromfile(tmp_path / 'config.py')
    assert recipe(again) == recipe(cfg)
    assert again.randomness.seed == 2
    assert str(tmp_path) not in again.pretty_text


def test_other_recipes_are_told_apart(tmp_path):
    base = recipe(compose(Job('T', 'cpu')))
    assert recipe(compose(Job('T', 'cpu'), data_root='elsewhere', workers=7)) == base
    for other in (Job('T', 'cpu', seed=1), Job('T', 'short'), Job('T', 'cpu', ema=True), Job('T', 'cpu', amp=True)):
        assert recipe(compose(other)) != base
    with pytest.raises(StudyError, match=r'another recipe: seed was 0, is 1\. Name another'):
        check_same(base, recipe(compose(Job('T', 'cpu', seed=1))), tmp_path)


def test_plan_trains_all_before_second_seeds():
    runs = BUDGETS['gpu'].runs()
    assert runs[0] == ('T', 0)
    assert {name for name, seed in runs if seed == 0} == {name for name in MODELS if not ENTRIES[name].needs}
    assert {name for name, seed in runs if seed == 2} == {'T', 'STDC1-Seg'}
    assert [seed for _, seed in runs] == sorted(seed for _, seed in runs)


@pytest.mark.parametrize(
    ('name', 'changed'),
    [
        ('T-unpasted', {'data.pipeline.0.prob'}),
        ('T-rounded-labels', {'data.pipeline.1.exact_labels'}),
        ('T-unaligned', {'data.pipeline.1.crop_size.0'}),
        ('T-weighted', {'class_weight'}),
    ],
)
def test_parts_of_the_recipe(name, changed):
    ours, theirs = (recipe(compose(Job(one, 'parts'))) for one in ('T', name))
    different = {key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)}
    assert {'class_weight' if 'class_weight' in key else key for key in different} == changed
    with pytest.raises(StudyError, match=f'model {name}: changes a recipe that the budget gpu does not follow'):
        compose(Job(name, 'gpu'))


def test_unaligned_is_tested_so_too():
    """The host's loader is what evaluates; a recipe holds the training alone."""
    sizes = [
        compose(Job(name, 'parts')).val_dataloader.dataset.pipeline[0].transforms[1].scale
        for name in ('T', 'T-unaligned')
    ]
    assert sizes == [(768, 576), (720, 540)]


def test_drawn_scenes_have_maps_of_edges_where_a_model_wants_them():
    for name, wanted in (('PIDNet-S', True), ('DDRNet23-slim', False)):
        steps = [step.type for step in compose(Job(name, 'drawn')).train_dataloader.dataset.pipeline]
        assert (steps[-2] == 'GenerateEdge') == wanted
        assert steps[-1] == 'PackSegInputs'


def test_data_of_a_recipe_that_mixes_images():
    source = compose(Job('T', 'pasted'), 'elsewhere/', workers=0).train_dataloader.dataset
    assert source.dataset.data_root == 'elsewhere/'
    assert [step.type for step in source.dataset.pipeline] == ['mmseg_liteseg.CachedLoading']
    assert [source.pipeline[0].type, source.pipeline[-1].type] == ['mmseg_liteseg.CopyPaste', 'PackSegInputs']
