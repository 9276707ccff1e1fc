"""mmengine's runner, for configs that are run by the host's own tools."""

from __future__ import annotations

import copy
from typing import Any

from mmengine.runner import Runner

from mmseg_liteseg.registry import RUNNERS

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
        cfg = copy.deepcopy(cfg)
        notes = follow(cfg)
        harden(cfg)
        runner = super().from_cfg(cfg)
        for note in notes:
            runner.logger.info(note)
        return runner
