"""What the hosts say that nobody can act on, and their imports without it; ``engine.screen`` puts it into the log."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import warnings
from typing import Any

# Records that go to the log file alone, by how they begin. Anything else, and whatever is new, is shown.
DUMPS = (
    r'\n?-+\nSystem environment:',
    r'Config:\n',
    r'Hooks will be executed in the following order',
    r'Exp name: ',
    r'Distributed training is not used, all SyncBatchNorm',  # what adapt_to_cpu or the lack of other processes means
)
# Warnings, of the hosts about the hosts: no setting of a user's brings them about.
COMPLAINTS = (
    r'Fail to import ``MultiScaleDeformableAttention``',  # mmcv without compiled operators, which are not used
    r'Could not import OneDL',
    r'Default ``avg_non_ignore`` is False',
    r'``build_pixel_sampler`` would be deprecated',
    r'``build_loss`` would be deprecated',
    r'The draw is False',
    r'The prefix is not set in metric class',
    r'"FileClient" will be deprecated',
    r'"HardDiskBackend" is the alias',
    r'`broadcast_buffers` is deprecated',
    r'pkg_resources is deprecated',
)
_QUIET = re.compile('|'.join((*DUMPS, *COMPLAINTS)))


def is_quiet(text: str) -> bool:
    """Whether a message is for the log file alone.

    Example:
        >>> is_quiet('The draw is False, it means that'), is_quiet('Iter(train) [50/100]'), is_quiet('loss is NaN')
        (True, False, False)
    """
    return _QUIET.match(text) is not None


# Heard so far, for the log.
complaints: list[str] = []


def import_quietly(*modules: str) -> None:
    """Imports modules of the hosts, those that are there; what they print and warn of is shown, but for complaints.

    Example:
        >>> import_quietly('mmseg.datasets', 'mmpretrain.datasets')
    """
    said, show = io.StringIO(), warnings.showwarning

    def hear(message: Warning | str, *where: Any) -> None:
        if is_quiet(str(message)):
            complaints.append(str(message))
        else:
            show(message, *where)

    # not catch_warnings, which would also undo the filters that the hosts set for good
    warnings.showwarning = hear
    try:
        with contextlib.redirect_stdout(said):
            for name in modules:
                with contextlib.suppress(ImportError):  # told where it is needed
                    importlib.import_module(name)
    finally:
        warnings.showwarning = show
    for line in said.getvalue().splitlines():
        if is_quiet(line):
            complaints.append(line)
        else:
            print(line)
