"""Our segmentor in the ways a training runs it: several processes, checkpointed activations, accumulated gradients."""

import copy
import multiprocessing
import os
import traceback

import pytest
import torch
import torch.distributed as dist
from mmengine.registry import init_default_scope
from torch.nn.parallel import DistributedDataParallel

from mmseg_liteseg.registry import MODELS
from tests.engine.test_distributed import free_port
from tests.helpers import make_samples

COMMON = dict(in_channels=64, in_index=3, channels=6, num_classes=5, norm_cfg=dict(type='BN'), dropout_ratio=0)
FCN = dict(COMMON, type='FCNHead', num_convs=1)
MINED = dict(FCN, sampler=dict(type='OHEMPixelSampler', thresh=0.7, min_kept=50))
BACKBONE = dict(type='ResNet', depth=18, base_channels=8, norm_cfg=dict(type='BN'))
MODES = [
    dict(),
    dict(find_unused_parameters=True),
    dict(static_graph=True),
    dict(static_graph=True, find_unused_parameters=True),
]


def build(kind, with_cp=False, **options):
    init_default_scope('mmseg')
    torch.manual_seed(0)
    cfg = dict(
        type=kind,
        backbone=dict(BACKBONE, with_cp=with_cp),
        decode_head=FCN,
        auxiliary_head=[FCN, MINED],
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
        **options,
    )
    return MODELS.build(copy.deepcopy(cfg)).double().train()


def batch(seed):
    given = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, 64, 64, generator=given, dtype=torch.float64), make_samples(2, (64, 64), 5, seed)


def step(model, seed):
    """Adds the gradients of a batch."""
    losses = model(*batch(seed), mode='loss')
    sum(value for key, value in losses.items() if 'loss' in key).backward()


def gradients(model):
    return {name.replace('module.', ''): p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-6, atol=1e-7 * value.abs().max().item(), msg=name)


@pytest.mark.parametrize('with_cp', [False, True])
def test_checkpointed_activations_and_accumulated_gradients(with_cp):
    host, ours = build('EncoderDecoder', with_cp), build('mmseg_liteseg.FastEncoderDecoder', with_cp)
    for model in (host, ours):
        step(model, 0)
        step(model, 1)
    assert_close(gradients(ours), gradients(host))


def run_rank(rank, port, folder):
    """All modes in one process of two; what differs from the mean of the host's own gradients raises."""
    try:
        torch.set_num_threads(1)
        os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
        dist.init_process_group('gloo', rank=rank, world_size=2)
        host = build('EncoderDecoder')
        step(host, 10 + rank)
        step(host, 20 + rank)
        expected = gradients(host)
        for value in expected.values():
            dist.all_reduce(value)
            value /= 2
        for mode in MODES:
            for with_cp in (False, True)[: 1 + mode.get('static_graph', False)]:
                model = DistributedDataParallel(build('mmseg_liteseg.FastEncoderDecoder', with_cp), **mode)
                step(model, 10 + rank)
                step(model, 20 + rank)
                assert_close(gradients(model), expected)
        distilled(folder, rank)
        dist.destroy_process_group()
    except BaseException:
        (folder / f'{rank}.txt').write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def distilled(folder, rank):
    """The teacher is in no bucket, and both processes hold the same gradients of its term."""
    model_cfg = dict(type='EncoderDecoder', backbone=BACKBONE, decode_head=FCN, test_cfg=dict(mode='whole'))
    options = dict(teacher=model_cfg, checkpoint=str(folder / 'teacher.pth'))
    student = build('mmseg_liteseg.FastEncoderDecoder', distillation=options)
    student.distillation.prepare(student.decode_head)
    student.distillation._teacher.model.double()
    model = DistributedDataParallel(student)
    losses = model(*batch(10 + rank), mode='loss')
    (
        losses['distill.loss_kl'] + losses['decode.loss_ce'] + losses['aux_0.loss_ce'] + losses['aux_1.loss_ce']
    ).backward()
    mine = student.decode_head.conv_seg.weight.grad
    theirs = [torch.zeros_like(mine) for _ in range(2)]
    dist.all_gather(theirs, mine)
    assert torch.equal(theirs[0], theirs[1])


@pytest.mark.skipif(not hasattr(os, 'fork') or torch.cuda.is_available(), reason='forks processes of a CPU')
def test_two_processes(tmp_path):
    teacher = build('EncoderDecoder').float()
    torch.save(dict(state_dict=teacher.state_dict()), tmp_path / 'teacher.pth')
    context, port = multiprocessing.get_context('fork'), free_port()
    processes = [context.Process(target=run_rank, args=(rank, port, tmp_path)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        process.kill()
    assert not [path.read_text() for path in sorted(tmp_path.glob('*.txt'))]
    assert [process.exitcode for process in processes] == [0, 0]
