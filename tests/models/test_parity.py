"""Outputs of the original code against ours, on the same weights, inputs and labels.

All of it in float64, where processors agree. The original computed in float32, so the bounds are what its own rounding
leaves. In float32 rounding decides about ReLUs and hard pixels in training, and gradients differ by a percent.
"""

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_liteseg.registry import MODELS
from tests.helpers import REPO, load_data
from tests.paddle_reference import load_reference_weights, make_input, make_label

FUSIONS = {
    'UAFM': dict(type='mmseg_liteseg.UAFM'),
    'UAFM_SpAtten': dict(type='mmseg_liteseg.SpatialUAFM'),
    'UAFM_SpAtten_S': dict(type='mmseg_liteseg.SpatialUAFM', use_max=False),
    'UAFM_ChAtten': dict(type='mmseg_liteseg.ChannelUAFM'),
    'UAFM_ChAtten_S': dict(type='mmseg_liteseg.ChannelUAFM', use_max=False),
    'UAFMMobile': dict(type='mmseg_liteseg.UAFM', separable=True),
    'UAFMMobile_SpAtten': dict(type='mmseg_liteseg.SpatialUAFM', separable=True),
}
EVAL = load_data('parity_eval.npz')
TRAIN = load_data('parity_train.npz')


def build(arch, fusion, **decode_head):
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / f'configs/_base_/models/ppliteseg_{arch}.py')
    cfg.model.decode_head.update(fusion_cfg=FUSIONS[fusion], **decode_head)
    model = MODELS.build(cfg.model)
    names = load_reference_weights(model)
    return model.double(), names


def reference(key):
    return torch.from_numpy(TRAIN[key]).double()


def heads(model, image):
    """Logits of all heads at the size of ``image``."""
    head = model.decode_head
    features = head.decode(model.extract_feat(image))
    logits = [head.classify(features[0]), *(aux(x) for aux, x in zip(head.aux_heads, features[1:]))]
    return [F.interpolate(x, image.shape[2:], mode='bilinear', align_corners=False) for x in logits]


@pytest.mark.parametrize('case', EVAL)
def test_eval_logits(case):
    (arch, name), shape = case.split('_', 1), case.rsplit('_', 1)[1]
    model, _ = build(arch, name.rsplit('_', 1)[0])
    with torch.no_grad():
        logits = heads(model.eval(), make_input(tuple(map(int, shape.split('x')))).double())[0]
    expected = torch.from_numpy(EVAL[case])
    worst = (logits[..., 3::8, 5::8] - expected).abs().max() / expected.abs().max()
    assert worst <= 2e-6  # some 16 units in the last place of float32, over 40 layers


def test_train_logits_and_running_statistics():
    model, names = build('stdc1', 'UAFM_SpAtten')
    counts = {}  # values per channel that each BN averages over
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.register_forward_hook(lambda _, x, __, name=name: counts.update({name: x[0][:, 0].numel()}))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    for i, logits in enumerate(heads(model.train(), make_input((3, 3, 64, 64)).double())):
        expected = reference(f'logits{i}')
        # BN over as few as three values a channel amplifies the original's rounding: 6e-6 of the largest logit seen
        torch.testing.assert_close(logits[..., 1::4, 2::4], expected, rtol=0, atol=2e-5 * float(expected.abs().max()))

    after = model.state_dict()
    keys = [key for key in TRAIN if key.startswith('stats/')]
    assert len(keys) == 2 * len(counts)
    for key in keys:
        ours, expected = names[key[len('stats/') :]], reference(key)
        value = after[ours]
        if ours.endswith('running_var'):
            # torch keeps the unbiased variance, the original the biased one: new = 0.9 old + 0.1 batch
            n = counts[ours[: -len('.running_var')]]
            value = 0.9 * before[ours] + (value - 0.9 * before[ours]) * (n - 1) / n
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=2e-6)


def test_one_optimiser_step():
    sampler = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=4000)
    model, names = build('stdc1', 'UAFM_SpAtten', sampler=sampler)
    image, label = make_input((3, 3, 64, 64)).double(), make_label(3, 64, 64)
    samples = [SegDataSample(gt_sem_seg=PixelData(data=x[None])) for x in label]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    losses = model.train().loss(image, samples)
    values = [losses[f'decode.{prefix}loss_ce'] for prefix in ('', 'aux_0.', 'aux_1.')]
    assert [v.item() for v in values] == pytest.approx(TRAIN['losses'][0].tolist(), rel=5e-6)
    sum(values).backward()
    check_gradients(dict(model.named_parameters()), names)

    optimizer.step()
    after, checked = model.state_dict(), 0
    for key in TRAIN:
        ours = names.get(key[len('step1/') :]) if key.startswith('step1/') else None
        if ours and not ours.endswith('running_var'):
            torch.testing.assert_close(after[ours], reference(key), rtol=0, atol=5e-6)
            checked += 1
    assert checked > 100


def check_gradients(parameters, names):
    norms = dict(zip(TRAIN['gradnorm_keys'].tolist(), TRAIN['gradnorms'].tolist()))
    for key, norm in norms.items():
        if key in names and not key.startswith('ppseg_head.cm') and not key.endswith('_conv.bias'):
            assert parameters[names[key]].grad.norm().item() == pytest.approx(norm, rel=1e-4), key
    for key in TRAIN:
        ours = names.get(key[len('grad/') :]) if key.startswith('grad/') else None
        if ours:
            expected = reference(key)
            # biases in front of BN have no gradient but rounding, 1e-7 at most
            atol = max(1e-4 * float(expected.abs().max()), 1e-7)
            torch.testing.assert_close(parameters[ours].grad, expected, rtol=0, atol=atol)
