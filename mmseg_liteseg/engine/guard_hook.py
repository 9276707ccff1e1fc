"""Keeps losses and gradients that are not finite out of the weights."""

from __future__ import annotations

import logging
import math
from typing import Any, Sequence

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from mmseg_liteseg.registry import HOOKS
from mmseg_liteseg.wording import count

from .checkpoint_hook import find_hook
from .finite import DivergedError, model_of
from .resume_hook import wrappers_of

_SKIPPED = 'skipped_steps'


@HOOKS.register_module()
class GuardHook(Hook):
    """Skips the optimiser's step where the loss or a gradient is not finite, and stops a training that diverges.

    ::

        losses -> gradients (nan in all processes where a loss is not finite) -> their norm is looked at -> step, or not
                                                                                      '-> BN's statistics are put back

    On a GPU the process waits once per iteration, as it does without this hook: the look at the norm takes the place
    of mmengine's wait for the losses, which are then fetched beside the step. Under mixed precision gradients are left
    to torch's scaler, which skips steps by itself; a loss that is not finite counts there, too.

    Args:
        max_in_a_row: Skipped iterations after which the training ends.
    """

    priority = 'HIGHEST'  # before anybody reads the losses

    def __init__(self, max_in_a_row: int = 10) -> None:
        self.max_in_a_row = max_in_a_row
        self._in_a_row = 0
        self._has_skipped = False

    def before_train(self, runner: Runner) -> None:
        """Puts itself between this training's gradients and its steps."""
        for wrapper in wrappers_of(runner.optim_wrapper):
            self._guard(wrapper)
        # kept once: cloning them in every iteration would allocate anew
        self._buffers = [buffer for buffer in model_of(runner.model).buffers() if buffer is not None]
        self._kept = [buffer.clone() for buffer in self._buffers]
        self._aside = torch.cuda.Stream() if any(buffer.is_cuda for buffer in self._buffers) else None

    def _guard(self, wrapper: OptimWrapper) -> None:
        """Wraps two methods of one object: optimiser wrappers are of many classes, also the user's."""
        backward, step = wrapper.backward, wrapper.step
        scales = getattr(wrapper, 'loss_scaler', None) is not None

        def backward_of_finite(loss: Tensor, **kwargs: Any) -> None:
            # times one, or nan: gradients then carry the verdict to all processes
            fine = torch.where(loss.detach().isfinite(), 1.0, math.nan).to(loss)
            backward(loss * fine, **kwargs)

        def step_if_finite(**kwargs: Any) -> None:
            if self._aside is not None:
                self._ready = torch.cuda.current_stream().record_event()
            # gradients are still scaled here, and the scaler's own check skips the step
            if scales or is_finite(wrapper.optimizer):
                step(**kwargs)
            else:
                self._has_skipped = True

        wrapper.backward, wrapper.step = backward_of_finite, step_if_finite

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Keeps BN's statistics: the forward pass changes them before anything is known of the losses."""
        self._has_skipped, self._ready = False, None
        copy_all(self._kept, self._buffers)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Counts, tells, and ends a training that diverges."""
        outputs = {} if outputs is None else outputs
        self._fetch(outputs)
        losses = {key: value for key, value in outputs.items() if 'loss' in key and isinstance(value, Tensor)}
        broken = [key for key, value in losses.items() if not math.isfinite(value.item())]
        if not broken and not self._has_skipped:
            self._in_a_row = 0
            return
        # the weights were not stepped; BN's averages had moved in the forward pass
        copy_all(self._buffers, self._kept)
        self._in_a_row += 1
        total = (runner.message_hub.get_info(_SKIPPED) or 0) + 1
        runner.message_hub.update_info(_SKIPPED, total)
        branches = [key for key in broken if key != 'loss'] or broken
        what = ', '.join(branches) or 'the gradients (the losses are finite)'
        where = f'Iteration {runner.iter + 1}: not finite: {what}; images: {", ".join(images_of(data_batch))}'
        level = logging.ERROR if get_rank() else logging.WARNING  # other processes log errors alone
        runner.logger.log(level, f'{where}. The step is skipped, {self._in_a_row} in a row, {total} in all')
        if self._in_a_row >= self.max_in_a_row:
            keeper = find_hook(runner)
            good = keeper.newest if keeper else None
            raise DivergedError(
                f'training diverged, {count(self._in_a_row, "iteration")} in a row. {where}. '
                + (f'The last good checkpoint is {good}' if good else 'There is no checkpoint yet')
                + '. Look at these images, or lower the learning rate'
            )

    def _fetch(self, outputs: dict[str, Any]) -> None:
        """Replaces values on a GPU by ones on the CPU, in one transfer that does not wait for the step."""
        keys = [key for key, value in outputs.items() if isinstance(value, Tensor) and value.is_cuda]
        if not keys or self._aside is None:
            return
        ready = self._ready or torch.cuda.current_stream().record_event()
        with torch.cuda.stream(self._aside):
            self._aside.wait_event(ready)
            values = torch.stack([outputs[key].detach().double().mean() for key in keys]).cpu()
        outputs.update(zip(keys, values))


def is_finite(optimizer: torch.optim.Optimizer) -> bool:
    """Whether the norm of all gradients is finite.

    Example:
        >>> layer = nn.Linear(1, 1)
        >>> layer.weight.grad = torch.full((1, 1), float('inf'))
        >>> is_finite(torch.optim.SGD(layer.parameters(), lr=1))
        False
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group['params']]
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return True
    total = getattr(nn.utils, 'get_total_norm', None)  # since torch 2.6
    norm = total(gradients) if total else torch.stack([gradient.norm() for gradient in gradients]).norm()
    return bool(norm.isfinite())


@torch.no_grad()
def copy_all(targets: Sequence[Tensor], sources: Sequence[Tensor]) -> None:
    """Copies tensors one by one, or by kernels for many where torch has them."""
    together = getattr(torch, '_foreach_copy_', None)  # since torch 2.1
    for kind in {tensor.dtype for tensor in targets}:
        pairs = [pair for pair in zip(targets, sources) if pair[0].dtype == kind]
        if together:
            together(*(list(side) for side in zip(*pairs)))
        else:
            for target, source in pairs:
                target.copy_(source)


def images_of(batch: Any) -> list[str]:
    """Files of a batch's images, as far as its samples tell them."""
    samples = batch.get('data_samples') if isinstance(batch, dict) else None
    return [str(getattr(sample, 'img_path', '?')) for sample in samples or ()] or ['unknown']
