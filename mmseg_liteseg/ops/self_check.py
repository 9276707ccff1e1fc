"""Trust in a fast path, earned on the very device and type that it is to run on."""

from __future__ import annotations

import logging
import time
from typing import Callable, TypeVar

import torch
from mmengine.logging import print_log
from torch import Tensor

T = TypeVar('T')


class SelfCheckError(RuntimeError):
    """A fast path gave another result than the plain one."""


class SelfCheck:
    """Runs a fast path where it has proved itself, else a plain one that gives the same.

    The proof is a comparison of a few milliseconds, once per process, device and type; the log says how it went. A
    fast path that raises, in the proof or at any time later, or that differs is not used again: one warning names the
    reason, and the plain path computes what was asked for. Faults that a GPU reports only after the launch (a wrong
    address) end the process as before: CUDA does not recover from them.

    Args:
        name: Of the fast path, in messages.
        difference: From device and type to the largest difference between the two paths, as a share of the largest
            value. None where the fast path compares each time that it is set up, and raises `SelfCheckError`.
        bound: Of the difference.

    Example:
        >>> check = SelfCheck('graph')
        >>> check.run(torch.ones(1), fast=lambda: 'fast', plain=lambda: 'plain')
        'fast'
        >>> check.passes(torch.device('cpu'), torch.float32)
        True
    """

    def __init__(
        self, name: str, difference: Callable[[torch.device, torch.dtype], float] | None = None, bound: float = 0.0
    ) -> None:
        self.name, self.bound = name, bound
        self._difference = difference
        self._verdicts: dict[tuple[torch.device, torch.dtype], bool] = {}

    def run(self, x: Tensor, fast: Callable[[], T], plain: Callable[[], T], dtype: torch.dtype | None = None) -> T:
        """What ``fast`` gives on the device of ``x``, or else ``plain``.

        Args:
            x: Says where, and of which type.
            fast: Must leave no traces where it raises.
            plain: Computes the same.
            dtype: If another one than that of ``x`` is computed in.

        Raises:
            torch.cuda.OutOfMemoryError: From ``fast``: that is no fault of it.
        """
        device, dtype = x.device, dtype or x.dtype
        if self.passes(device, dtype):
            try:
                return fast()
            except torch.cuda.OutOfMemoryError:
                raise
            except Exception as error:  # whatever a compiler, a driver or a launch finds to raise
                self._reject(device, dtype, reason_of(error))
        return plain()

    def passes(self, device: torch.device, dtype: torch.dtype) -> bool:
        """Whether the fast path is to be trusted there; compares the two paths when it is asked for the first time."""
        if (device, dtype) not in self._verdicts:
            self._verdicts[device, dtype] = True
            if self._difference is not None:
                self._prove(device, dtype)
        return self._verdicts[device, dtype]

    def forget(self) -> None:
        """Starts anew, as in a fresh process."""
        self._verdicts.clear()

    def _prove(self, device: torch.device, dtype: torch.dtype) -> None:
        start = time.perf_counter()
        try:
            with torch.no_grad(), torch.autocast(device.type, enabled=False):
                difference = self._difference(device, dtype)
            if not difference <= self.bound:  # a NaN is beyond any bound
                raise SelfCheckError(f'differs by {difference:.2g} from torch, more than {self.bound:.2g}')
        except Exception as error:  # as above
            self._reject(device, dtype, reason_of(error))
        else:
            spent = 1000 * (time.perf_counter() - start)
            print_log(
                f'{self.name}: checked on {device} in {dtype}, differs by {difference:.1e} from torch ({spent:.0f} ms '
                'with compiling)',
                'current',
            )

    def _reject(self, device: torch.device, dtype: torch.dtype, reason: str) -> None:
        self._verdicts[device, dtype] = False
        message = f'{self.name}: not used on {device} in {dtype}, torch computes instead, slower: {reason}'
        print_log(message, 'current', logging.WARNING)


def reason_of(error: BaseException) -> str:
    """An error in one line, with its type."""
    text = str(error).strip()
    return f'{type(error).__name__}: {text.splitlines()[0]}' if text else type(error).__name__
