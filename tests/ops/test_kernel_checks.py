"""What the kernels' proof sees, and what a prediction and a training step give where a kernel is wrong or raises."""

import pytest
import torch

from mmseg_liteseg.ops import Targets, ohem_cross_entropy, upsample_argmax
from mmseg_liteseg.ops.kernel_checks import BOUND, LABEL_MAP, OHEM_LOSS, label_map_difference, ohem_difference
from mmseg_liteseg.ops.self_check import SelfCheck
from tests.ops.test_label_map import make_logits, plain
from tests.ops.test_ohem_loss import make_case
from tests.ops.test_self_check import log  # noqa: F401

pytest.importorskip('triton', minversion='3')
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
WHERE = (torch.zeros(1, device=DEVICE).device, torch.float32)


@pytest.fixture(autouse=True)
def switch(monkeypatch):
    """Kernels on, nothing proved yet; returns a function that switches them."""
    monkeypatch.setenv('MMSEG_LITESEG_TRITON', '1')
    for check in (LABEL_MAP, OHEM_LOSS):
        check.forget()
    yield lambda value: monkeypatch.setenv('MMSEG_LITESEG_TRITON', value)
    for check in (LABEL_MAP, OHEM_LOSS):
        check.forget()


@pytest.fixture(scope='module')
def kernels():
    from mmseg_liteseg.ops import label_map_kernels, ohem_kernels

    return label_map_kernels, ohem_kernels


def labels_of(switch, value='1'):
    switch(value)
    rows, columns = plain(3, 12, 17), plain(4, 16, 16)
    return upsample_argmax(make_logits((1, 3, 3, 4), smooth=False).to(DEVICE), rows, columns).cpu()


def step_of(switch, value='1'):
    """Loss, accuracy and gradient of a training step that needs both passes."""
    switch(value)
    logits, label = make_case((1, 3, 3, 4), (17, 19), sharp=8.0)
    logits = logits.detach().to(DEVICE).requires_grad_()
    loss, accuracy = ohem_cross_entropy(logits, Targets(label.to(DEVICE), 255), 0.2, 200)
    loss.backward()
    return loss.detach(), accuracy, logits.grad


def raising(*_, **__):
    raise RuntimeError('out of resource: shared memory')


class Unbuilt:
    """A kernel whose launcher cannot be compiled."""

    def __getitem__(self, grid):
        raise RuntimeError('Failed to find C compiler. Please specify via CC environment variable.')


def test_the_label_map_passes(kernels):
    before = torch.random.get_rng_state()
    assert label_map_difference(*WHERE) <= BOUND / 10
    assert torch.equal(before, torch.random.get_rng_state())


def one_pixel_wrong(compute):
    def wrong(*args):
        labels = compute(*args)
        labels[-1, -1, -1] = (labels[-1, -1, -1] + 1) % 3
        return labels

    return wrong


@pytest.mark.parametrize('fault', [one_pixel_wrong, lambda compute: lambda *args: compute(*args) - 1])
def test_wrong_labels_are_seen(kernels, monkeypatch, switch, log, fault):  # noqa: F811
    expected = labels_of(switch, '0')
    monkeypatch.setattr(kernels[0], 'upsample_argmax', fault(kernels[0].upsample_argmax))
    assert torch.equal(labels_of(switch), expected)
    assert not LABEL_MAP.passes(*WHERE)
    assert len(log) == 1


@pytest.fixture(scope='module')
def sums_of_runs(kernels):
    """What the kernel leaves behind after each of the proof's two passes: Triton's interpreter takes its time."""
    run, states = kernels[1].TritonSums.run, []

    def record(self, below, start=None):
        run(self, below, start)
        states.append({name: getattr(self, name).clone() for name in ('loss', 'kept', 'correct', 'prob', 'gradient')})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels[1].TritonSums, 'run', record)
        assert ohem_difference(*WHERE) <= BOUND / 3
    return states


@pytest.mark.parametrize(
    'fault',
    [
        None,
        lambda sums: sums.loss.mul_(1.001),
        lambda sums: sums.gradient[..., 0, 0].add_(1e-3),
        lambda sums: sums.kept.add_(1),
        lambda sums: sums.correct.sub_(1),
        lambda sums: sums.prob.mul_(0.999),
        lambda sums: sums.gradient[0, 0, 0, 0].fill_(float('nan')),
    ],
)
def test_wrong_sums_are_seen(kernels, monkeypatch, sums_of_runs, fault):
    states = iter(sums_of_runs)

    def replay(self, below, start=None):
        for name, value in next(states).items():
            setattr(self, name, value.clone())
        if fault:
            fault(self)

    monkeypatch.setattr(kernels[1].TritonSums, 'run', replay)
    assert SelfCheck('OHEM', ohem_difference, BOUND).passes(*WHERE) is (fault is None)


@pytest.mark.parametrize('kernel', [raising, Unbuilt()], ids=['raises', 'no compiler'])
def test_without_working_kernels_torch_computes(kernels, monkeypatch, switch, log, kernel):  # noqa: F811
    expected, expected_labels = step_of(switch, '0'), labels_of(switch, '0')
    if kernel is raising:
        monkeypatch.setattr(kernels[0], 'upsample_argmax', raising)
        monkeypatch.setattr(kernels[1].TritonSums, 'run', raising)
    else:
        monkeypatch.setattr(kernels[0], '_widen', kernel)
        monkeypatch.setattr(kernels[1], '_ohem', kernel)
    for _ in range(2):
        assert all(torch.equal(a, b) for a, b in zip(step_of(switch), expected))
        assert torch.equal(labels_of(switch), expected_labels)
    assert [text.split(':')[0] for _, text in log] == ['OHEM loss kernels', 'label map kernels']


@pytest.mark.parametrize('fails_at', [1, 2], ids=['first pass', 'second pass'])
def test_a_launch_that_fails_in_training_does_not_lose_the_step(kernels, monkeypatch, switch, log, fails_at):  # noqa: F811
    expected = step_of(switch, '0')
    switch('1')
    monkeypatch.setattr(OHEM_LOSS, '_difference', lambda *_: 0.0)  # it passed, as it does above
    assert OHEM_LOSS.passes(*WHERE)
    run, calls = kernels[1].TritonSums.run, []

    def failing(self, below, start=None):
        calls.append(below)
        if len(calls) == fails_at:
            raising()
        run(self, below, start)

    monkeypatch.setattr(kernels[1].TritonSums, 'run', failing)
    assert all(torch.equal(a, b) for a, b in zip(step_of(switch), expected))
    assert len(calls) == fails_at
    step_of(switch)
    assert len(calls) == fails_at  # and it is not tried again
    assert 'out of resource: shared memory' in log[-1][1]
