"""How users say that checkpoints may run what they hold: torch's own variable, and an option of the tools that sets it.

Without torch, as the tools parse their arguments before they import it.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

TRUST_OPTION = '--trust-checkpoint'
TRUST_VARIABLE = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'
_YES = ('1', 'y', 'yes', 'true')  # as torch reads it


def is_trusted() -> bool:
    """Whether the user has said so."""
    return os.environ.get(TRUST_VARIABLE, '0').lower() in _YES


# set while arguments are parsed, so before torch or a host reads it
class _Trust(argparse.Action):
    def __call__(self, *args: Any) -> None:
        os.environ[TRUST_VARIABLE] = '1'  # for processes that this one starts, too


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """Gives a tool that reads checkpoints the option ``--trust-checkpoint``."""
    parser.add_argument(
        TRUST_OPTION, action=_Trust, nargs=0, help='let checkpoints run what they hold, as Python pickles can'
    )
