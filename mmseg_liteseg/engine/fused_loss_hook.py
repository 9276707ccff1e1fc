"""Switches the fused losses on for any segmentor."""

from __future__ import annotations

import logging

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg_liteseg.registry import HOOKS


@HOOKS.register_module()
class FusedLossHook(Hook):
    """Lets mmseg's heads compute the same losses without full-size logits, in any segmentor.

    FastEncoderDecoder does so by itself; for other types: ``custom_hooks=[dict(type='mmseg_liteseg.FusedLossHook')]``.
    The log names the heads.
    """

    def before_train(self, runner: Runner) -> None:
        """Changes the heads; weights and checkpoints stay as they are."""
        from mmseg_liteseg.models.decode_heads.fused_loss import fuse_losses  # the models are many

        names = fuse_losses(runner.model)
        runner.logger.log(logging.INFO, f'FusedLossHook: fused losses in {", ".join(names) or "no head"}')
