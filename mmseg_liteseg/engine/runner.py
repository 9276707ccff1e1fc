"""mmengine's runner, for configs that are run by the host's own tools."""

from __future__ import annotations

import copy
from typing import Any

from mmengine.runner import Runner
from torch import nn

from mmseg_liteseg.registry import RUNNERS

from .class_weights import fill_class_weights
from .failures import explained
from .finite import model_of
from .following import follow
from .harden import harden


@RUNNERS.register_module()
class SafeRunner(Runner):
    """The host's runner with safe checkpoints, exact resuming and settings that follow, whichever tool starts it.

    Our tools do the same to any config; in a config, ``runner_type = 'mmseg_liteseg.SafeRunner'`` does it for
    mmsegmentation's own ``tools/train.py`` and others that build runners from the registry.
    """

    @classmethod
    def from_cfg(cls, cfg: Any) -> SafeRunner:
        """Builds the runner of a config."""
        # the caller's config stays as it was written
        cfg = copy.deepcopy(cfg)
        notes = follow(cfg)
        harden(cfg)
        runner = super().from_cfg(cfg)
        for note in notes:
            runner.logger.info(note)
        return runner

    def train(self) -> nn.Module:
        """Trains; class weights that the config gives as a formula get their numbers first.

        Raises:
            RunEndedError: Another process of the job, or one that loads data, ended or hangs.
            OSError: The disk is full.
        """
        lines = fill_class_weights(self.cfg)
        if lines:  # our tools have done so before the model was built
            model_of(self.model).decode_head.set_losses(self.cfg.model.decode_head.loss_decode)
        for line in lines:
            self.logger.info(line)
        with explained(self):
            return super().train()
