"""The Triton kernels, on a GPU if there is one, else in Triton's interpreter (slow: few and small cases)."""

import sys

import pytest
import torch

from mmseg_liteseg.ops import Targets, ohem_cross_entropy, upsample_argmax
from mmseg_liteseg.ops.backend import use_triton
from mmseg_liteseg.ops.kernel_checks import LABEL_MAP, OHEM_LOSS
from tests.ops.test_label_map import assert_same_labels, make_logits, plain
from tests.ops.test_ohem_loss import make_case

pytest.importorskip('triton', minversion='3')
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
KERNELS = ('mmseg_liteseg.ops.label_map_kernels', 'mmseg_liteseg.ops.ohem_kernels')


@pytest.fixture(autouse=True)
def triton(monkeypatch):
    """Kernels on; returns a function that turns them off."""
    monkeypatch.setenv('MMSEG_LITESEG_TRITON', '1')
    assert use_triton(torch.zeros(1, device=DEVICE))
    return lambda: monkeypatch.setenv('MMSEG_LITESEG_TRITON', '0')


@pytest.mark.parametrize(
    ('rows', 'columns', 'align_corners'),
    [((4, 32, 64), (5, 40, 70), False), ((3, 21, 21), (4, 25, 13), True), ((1, 2, 9), (9, 5, 140), False)],
)
def test_label_map(rows, columns, align_corners):
    rows, columns = plain(*rows, align_corners), plain(*columns, align_corners)
    logits = make_logits((2, 3, rows.in_size, columns.in_size), smooth=False)
    labels = upsample_argmax(logits.to(DEVICE), rows, columns)
    assert KERNELS[0] in sys.modules
    assert LABEL_MAP.passes(labels.device, torch.float32)  # else the torch path was compared with itself
    assert_same_labels(labels.cpu(), logits, rows, columns)


@pytest.mark.parametrize(
    ('size', 'sharp', 'thresh', 'min_kept', 'align_corners', 'class_weight'),
    [
        ((20, 40), 0.0, 0.7, 100, False, None),
        ((17, 33), 8.0, 0.7, 500, True, [0.5, 2.0, 1.0]),
        ((3, 4), 0.0, 0.7, 0, False, [1.0, 0.0, 2.0]),
    ],
)
def test_ohem_loss(size, sharp, thresh, min_kept, align_corners, class_weight, triton):
    logits, label = make_case((1, 3, 3, 5), size, sharp)
    weight = None if class_weight is None else torch.tensor(class_weight)

    proved = []

    def run(device):
        x = logits.detach().to(device).requires_grad_()
        proved[:] = proved or (x.device, x.dtype)
        loss, acc = ohem_cross_entropy(x, Targets(label.to(device), 255), thresh, min_kept, align_corners, weight)
        loss.backward()
        return loss.detach().cpu(), acc.cpu(), x.grad.cpu()

    loss, acc, gradient = run(DEVICE)
    assert KERNELS[1] in sys.modules
    assert OHEM_LOSS.passes(*proved)
    triton()
    expected_loss, expected_acc, expected = run('cpu')
    torch.testing.assert_close(loss, expected_loss, rtol=1e-6, atol=0)
    torch.testing.assert_close(acc, expected_acc)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-6 * float(expected.abs().max()))


@pytest.mark.parametrize('dtype', [torch.float64, torch.float16])
def test_other_types_do_without(dtype):
    assert not use_triton(torch.zeros(1, dtype=dtype, device=DEVICE))


def test_switched_off(triton):
    triton()
    assert not use_triton(torch.zeros(1, device=DEVICE))
