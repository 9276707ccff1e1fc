"""deploy.optimize: the same predictions by fewer operations, in every precision; what it refuses."""

import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.apis import inference_model
from torch import nn

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.fold import fold_batch_norm
from mmseg_liteseg.deploy.images import images_of
from mmseg_liteseg.deploy.network import GraphedNetwork
from mmseg_liteseg.deploy.optimize import BOUNDS, optimize
from mmseg_liteseg.registry import MODELS
from tests.deploy.conftest import fill

NORMS = nn.modules.batchnorm._BatchNorm


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope='module')
def fast(source):
    return optimize(source.model)


@pytest.mark.parametrize('shape', [(1, 3, 96, 160), (2, 3, 70, 131), (1, 3, 1, 1)])
@torch.no_grad()
def test_parity(source, fast, shape):
    x = randn(*shape)
    expected, logits = source.model(x, mode='tensor'), fast(x, mode='tensor')
    assert logits.shape == expected.shape
    assert logits.dtype == torch.float32
    # another order of the sums in some forty layers, each of which passes on what the one before rounded
    assert (logits - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_no_norm_and_no_auxiliary_branch_is_left(source, fast):
    assert not [module for module in fast.modules() if isinstance(module, NORMS)]
    assert not fast.network.head.aux_heads
    weights = [p for p in fast.parameters() if p.ndim == 4 and p.shape[1] > 1 and p.shape[2] > 1]
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in weights)
    assert not any(p.requires_grad for p in fast.parameters())


def test_the_model_stays_as_it_is(source):
    before, modes = copy.deepcopy(source.model.state_dict()), [m.training for m in source.model.modules()]
    optimize(source.model)
    after = source.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert modes == [m.training for m in source.model.modules()]
    assert any(isinstance(m, NORMS) for m in source.model.modules())


def test_predicts_as_before(source, fast):
    image = images_of((60, 77), 1)[0]
    for model in (source.model, fast):
        model.cfg = source.cfg
    expected, result = inference_model(source.model, image), inference_model(fast, image)
    assert result.pred_sem_seg.shape == (60, 77)
    assert (result.pred_sem_seg.data != expected.pred_sem_seg.data).float().mean() < 1e-3
    torch.testing.assert_close(result.seg_logits.data, expected.seg_logits.data, atol=1e-4, rtol=1e-4)


def test_slides_as_before(source):
    sliding = copy.deepcopy(source.model)
    sliding.test_cfg.update(mode='slide', crop_size=(64, 64), stride=(48, 48))
    x, fast = randn(1, 3, 96, 130), optimize(sliding)
    expected, result = (model(x, mode='predict')[0].seg_logits.data for model in (sliding, fast))
    torch.testing.assert_close(result, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('precision', ['bf16', 'fp16'])
def test_lower_precision(source, precision):
    fast = optimize(source.model, precision=precision)
    assert {p.dtype for p in fast.parameters()} == {dict(bf16=torch.bfloat16, fp16=torch.float16)[precision]}
    assert 1e-6 < fast.difference < BOUNDS[precision]
    assert fast(randn(1, 3, 64, 64), mode='tensor').dtype == torch.float32


@torch.no_grad()
def test_autocast_changes_nothing(fast):
    x = randn(1, 3, 64, 96)
    expected = fast(x, mode='tensor')
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(fast(x, mode='tensor'), expected)


def test_sync_bn_and_auxiliary_heads_of_mmseg(source):
    init_default_scope('mmseg')
    head = dict(type='FCNHead', in_channels=32, in_index=0, channels=8, num_convs=1, num_classes=5)
    norm = dict(type='SyncBN', requires_grad=True)
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(type='ResNetV1c', depth=18, base_channels=8, out_indices=(2, 3), norm_cfg=norm),
            decode_head=dict(head, in_index=1, in_channels=64, norm_cfg=norm),
            auxiliary_head=dict(head, norm_cfg=norm),
        )
    )
    fast = optimize(fill(model))  # a rival of mmseg's, without a neck
    assert not fast.with_auxiliary_head
    assert fast.difference < 1e-4  # as above


def test_bad_input(source):
    with pytest.raises(DeployError, match=r"precision: expected one of fp32, bf16, fp16, got 'int8'"):
        optimize(source.model, precision='int8')
    with pytest.raises(DeployError, match='expected an EncoderDecoder, got Conv2d'):
        optimize(nn.Conv2d(3, 8, 3))
    with pytest.raises(DeployError, match=r'differs by .* of the largest logit, more than 1e-09'):
        optimize(source.model, precision='bf16', bound=1e-9)


def test_overflow_is_noticed(source):
    huge = copy.deepcopy(source.model)
    huge.decode_head.conv_seg.weight.data.mul_(1e6)
    with pytest.raises(DeployError, match='differs by inf'):
        optimize(huge, precision='fp16')


def test_training_an_optimized_model_is_refused(fast):
    with pytest.raises(DeployError, match='for inference alone'):
        fast(randn(1, 3, 64, 64), [], mode='loss')


@torch.no_grad()
def test_fold_leaves_what_is_no_pair():
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.ConvTranspose2d(4, 4, 3), nn.BatchNorm2d(4)
    )
    x, model = randn(1, 2, 9, 9), fill(model).eval()
    expected = model(x)
    assert fold_batch_norm(model) == 0
    assert torch.equal(model(x), expected)
    pair = fill(nn.Sequential(nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())).eval()
    expected = pair(x)
    assert fold_batch_norm(pair) == 1
    torch.testing.assert_close(pair(x), expected, atol=1e-5, rtol=1e-5)


def test_graphs_are_for_gpus_and_run_the_network_elsewhere():
    network = nn.Conv2d(3, 4, 3)
    x = randn(1, 3, 8, 8)
    assert torch.equal(GraphedNetwork(network)(x), network(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA GPU')
@torch.no_grad()
def test_graph_replays_what_was_recorded():
    network = nn.Conv2d(3, 4, 3).cuda()
    graphed = GraphedNetwork(network, max_graphs=1)
    first, second = randn(1, 3, 8, 8).cuda(), randn(1, 3, 8, 8, seed=1).cuda()
    results = [graphed(first), graphed(second)]  # the second replay must not overwrite the first result
    torch.testing.assert_close(results[0], network(first))
    torch.testing.assert_close(results[1], network(second))
    other = randn(1, 3, 9, 8).cuda()
    torch.testing.assert_close(graphed(other), network(other))
    assert len(graphed._graphs) == 1


def test_optimized_twice(source):
    once = optimize(source.model)
    twice = optimize(once)
    image = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    assert twice is not once
    assert torch.equal(once(image, mode='tensor'), twice(image, mode='tensor'))
    with pytest.raises(DeployError, match='optimized for fp32 already'):
        optimize(once, precision='bf16')
