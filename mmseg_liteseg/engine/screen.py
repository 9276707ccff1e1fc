"""What of the host's log is worth the screen: all of it but dumps, hook tables and complaints that nobody can act on.

The log file in the work folder holds everything.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import re
import sys
import warnings
from functools import partial
from typing import Any, TextIO

from mmengine.logging import MMLogger
from mmengine.runner import Runner

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
# Where the hosts complain when they are imported.
_HOSTS = ('mmseg.models', 'mmseg.datasets', 'mmseg.engine', 'mmpretrain.models', 'mmpretrain.datasets')


def is_quiet(text: str) -> bool:
    """Whether a message is for the log file alone.

    Example:
        >>> is_quiet('The draw is False, it means that'), is_quiet('Iter(train) [50/100]'), is_quiet('loss is NaN')
        (True, False, False)
    """
    return _QUIET.match(text) is not None


class Screen:
    """Keeps the host's noise off the screen, from before the runner is built on; warnings that are new to it are shown.

    ``log_level='DEBUG'`` in the config shows everything.
    """

    def __init__(self) -> None:
        self._waiting: list[str] = []  # quiet messages from before there is a log file
        self._logger: MMLogger | None = None
        self._show = warnings.showwarning
        while isinstance(getattr(self._show, '__self__', None), Screen):  # of an earlier run in this process
            self._show = self._show.__self__._show

    @classmethod
    def open(cls) -> Screen:
        """Takes over Python's warnings and imports the hosts, whose complaints it keeps for the log."""
        screen = cls()
        warnings.showwarning = screen._showwarning
        screen._import_hosts()
        return screen

    @classmethod
    def current(cls) -> Screen:
        """The one that is open, or else a new one."""
        screen = getattr(warnings.showwarning, '__self__', None)
        return screen if isinstance(screen, cls) else cls.open()

    def attach(self, logger: MMLogger) -> None:
        """Filters what a logger shows; its file gets all, beginning with what came before it."""
        self._logger = logger
        survive_full_disks(logger)
        for handler in logger.handlers:
            # FileHandler is a StreamHandler too
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                handler.addFilter(_Filter())
        for text in self._waiting:
            self._note(text)
        self._waiting.clear()
        logger.info(f'The full log is in {logger.log_file}')

    def runner_type(self, base: type[Runner]) -> type[Runner]:
        """The runner's class, whose logger is filtered from its first record on."""
        screen = self

        class Quiet(base):
            def build_logger(self, log_level: int | str = 'INFO', *args: Any, **kwargs: Any) -> MMLogger:
                logger = super().build_logger(log_level, *args, **kwargs)
                if log_level not in ('DEBUG', logging.DEBUG):
                    screen.attach(logger)
                return logger

        Quiet.__name__ = Quiet.__qualname__ = base.__name__
        return Quiet

    def _import_hosts(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            for name in _HOSTS:
                with contextlib.suppress(ImportError):  # told where it is needed
                    importlib.import_module(name)
        for line in said.getvalue().splitlines():
            if is_quiet(line):
                self._note(line)
            else:
                print(line)

    def _showwarning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if is_quiet(str(message)):
            self._note(warnings.formatwarning(message, category, filename, lineno, line).strip())
        else:
            self._show(message, category, filename, lineno, file, line)

    def _note(self, text: str) -> None:
        """Writes into the log file alone."""
        if self._logger is None:
            self._waiting.append(text)
        else:
            self._logger.info(text, extra=dict(quiet=True))


def survive_full_disks(logger: logging.Logger) -> None:
    """Says once that a handler cannot write; Python would print two tracebacks for every record."""

    def say_once(handler: logging.Handler, record: logging.LogRecord) -> None:
        if not handler.filters or not isinstance(handler.filters[-1], _Closed):
            handler.addFilter(_Closed())
            name = getattr(handler, 'baseFilename', 'the screen')
            print(f'warning: {name} cannot be written ({sys.exc_info()[1]}): the log ends here', file=sys.stderr)

    for handler in logger.handlers:
        handler.handleError = partial(say_once, handler)


class _Closed(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return False


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (getattr(record, 'quiet', False) or is_quiet(record.getMessage()))
