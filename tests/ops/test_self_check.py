"""A fast path is used where it proved itself, and given up, with one warning, where it did not."""

import logging

import pytest
import torch

from mmseg_liteseg.ops import self_check
from mmseg_liteseg.ops.self_check import SelfCheck, SelfCheckError

X = torch.zeros(2)


@pytest.fixture
def log(monkeypatch):
    """Lines of the log: (level, text)."""
    lines = []
    monkeypatch.setattr(self_check, 'print_log', lambda text, logger, level=logging.INFO: lines.append((level, text)))
    return lines


def broken(*_):
    raise RuntimeError('Failed to find C compiler.\nPlease specify via CC environment variable.')


def run(check, fast=lambda: 'fast', x=X):
    return check.run(x, fast, lambda: 'plain')


def test_proves_itself_once_per_device_and_type(log):
    asked = []
    check = SelfCheck('kernel', lambda *where: asked.append(where) or 1e-7, bound=1e-5)
    assert [run(check) for _ in range(3)] == ['fast'] * 3
    assert asked == [(torch.device('cpu'), torch.float32)]
    assert run(check, x=X.double()) == 'fast'
    assert len(asked) == 2
    assert [level for level, _ in log] == [logging.INFO] * 2
    assert 'kernel: checked on cpu in torch.float32, differs by 1.0e-07' in log[0][1]


@pytest.mark.parametrize(
    ('difference', 'reason'),
    [
        (lambda *_: 1e-3, 'differs by 0.001 from torch, more than 1e-05'),
        (lambda *_: float('nan'), 'differs by nan'),
        (broken, 'RuntimeError: Failed to find C compiler.'),
        (lambda *_: __import__('no_such_compiler'), 'ModuleNotFoundError'),
    ],
)
def test_a_failed_proof_warns_once_and_takes_the_plain_path(log, difference, reason):
    check = SelfCheck('kernel', difference, bound=1e-5)
    assert [run(check) for _ in range(3)] == ['plain'] * 3
    assert len(log) == 1
    level, text = log[0]
    assert level == logging.WARNING
    assert text.startswith('kernel: not used on cpu in torch.float32')
    assert reason in text
    assert '\n' not in text


def test_a_launch_that_raises_later_does_not_lose_the_result(log):
    check, calls = SelfCheck('kernel', lambda *_: 0.0), []
    assert run(check) == 'fast'
    assert run(check, lambda: calls.append(1) or broken()) == 'plain'
    assert run(check, lambda: calls.append(1) or 'fast') == 'plain'
    assert len(calls) == 1
    assert [level for level, _ in log] == [logging.INFO, logging.WARNING]


def test_another_type_stands_for_itself(log):
    check = SelfCheck('kernel', lambda _, dtype: 0.0 if dtype == torch.float32 else 1.0)
    assert run(check, x=X.half()) == 'plain'
    assert run(check) == 'fast'
    assert check.run(X, lambda: 'fast', lambda: 'plain', dtype=torch.float16) == 'plain'


def test_memory_that_is_short_is_no_fault_of_the_kernel(log):
    def full():
        raise torch.cuda.OutOfMemoryError('CUDA out of memory')

    check = SelfCheck('kernel', lambda *_: 0.0)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        run(check, full)
    assert run(check) == 'fast'


def test_without_a_proof_the_fast_path_checks_itself(log):
    def differs():
        raise SelfCheckError('differs by 0.5')

    check = SelfCheck('graph')
    assert run(check) == 'fast'
    assert not log
    assert run(check, differs) == 'plain'
    assert 'SelfCheckError: differs by 0.5' in log[0][1]
    check.forget()
    assert run(check) == 'fast'


def test_the_proof_leaves_random_numbers_and_gradients_alone(log):
    modes = []
    check = SelfCheck('kernel', lambda *_: modes.append((torch.is_grad_enabled(), torch.is_autocast_enabled())) or 0.0)
    with torch.autocast('cpu', torch.bfloat16):
        assert run(check) == 'fast'
    assert modes == [(False, False)]
    assert torch.is_grad_enabled()
