from __future__ import annotations

import pytest
import torch

from mmseg_liteseg.engine.guard_hook import DivergedError, copy_all

from .conftest import differing, load, newest
from .test_checkpoint_hook import calling


def spoil_images(*iterations):
    """Puts nan into a corner of the images of some iterations."""

    def spoil(runner, batch_idx, data_batch):
        if runner.iter + 1 in iterations:
            data_batch['inputs'] = [image.float() for image in data_batch['inputs']]
            for image in data_batch['inputs']:
                image[:, :9, :9] = float('nan')

    return calling('before_train_iter', spoil)


def log_of(folder):
    return next(folder.glob('*/*.log')).read_text()


@pytest.mark.parametrize('accumulated', [1, 2])
def test_a_bad_image_changes_nothing(project, accumulated):
    wrapper = dict(
        type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9), accumulative_counts=accumulated
    )
    before = project.train(f'before {accumulated}', kill=('after_train_iter', 3), optim_wrapper=wrapper)
    folder = project.train(
        f'bad image {accumulated}',
        custom_hooks=spoil_images(3, 4),
        optim_wrapper=wrapper,
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=4, val_interval=100),
        log_level='WARNING',
    )
    ours, theirs = load(folder / 'iter_4.pth'), load(before / 'iter_2.pth')
    assert differing(ours['state_dict'], theirs['state_dict'], '') == []
    assert ours['message_hub']['runtime_info']['skipped_steps'] == 2
    text = log_of(folder)
    assert 'Iteration 3: not finite: decode.loss_ce, decode.aux_0.loss_ce, decode.aux_1.loss_ce; images: ' in text
    assert text.count('/images/town/') >= 4
    assert '2 in a row, 2 in all' in text


def test_a_diverged_training_ends(project):
    hooks = [*spoil_images(3, 4, 5), dict(type='mmseg_liteseg.GuardHook', max_in_a_row=3)]
    with pytest.raises(DivergedError) as caught:
        project.train('diverged', custom_hooks=hooks)
    text, folder = str(caught.value), project.folder / 'diverged'
    assert text.startswith('training diverged, 3 iterations in a row. Iteration 5: not finite: decode.loss_ce, ')
    assert f'The last good checkpoint is {folder / "iter_4.pth"}' in text
    assert '\n' not in text
    for path in folder.glob('*.pth'):
        assert all(value.isfinite().all() for value in load(path)['state_dict'].values())


def test_gradients_alone_are_seen(project):
    def spoil(runner, batch_idx, data_batch):
        if runner.iter == 2:
            weight = runner.model.decode_head.conv_seg.weight
            handle = weight.register_hook(lambda gradient: (handle.remove(), gradient * float('inf'))[1])

    folder = project.train('gradients', custom_hooks=calling('before_train_iter', spoil), log_level='WARNING')
    assert newest(folder)['message_hub']['runtime_info']['skipped_steps'] == 1
    assert 'Iteration 3: not finite: the gradients (the losses are finite); images: ' in log_of(folder)


def test_a_high_learning_rate_ends_with_good_checkpoints(project):
    wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e12))
    hooks = [dict(type='mmseg_liteseg.GuardHook', max_in_a_row=2)]
    with pytest.raises(DivergedError, match='lower the learning rate'):
        project.train(
            'high rate',
            optim_wrapper=wrapper,
            custom_hooks=hooks,
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=30, val_interval=3),
        )
    for path in (project.folder / 'high rate').glob('*.pth'):
        assert all(value.isfinite().all() for value in load(path)['state_dict'].values())


def test_copies_of_several_kinds():
    sources = [torch.ones(2), torch.tensor(3), torch.ones(1, dtype=torch.float64)]
    targets = [torch.zeros_like(source) for source in sources]
    copy_all(targets, sources)
    assert all(torch.equal(*pair) for pair in zip(targets, sources))
