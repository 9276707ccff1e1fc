"""What of the host's log is worth the screen: all of it but dumps, hook tables and complaints that nobody can act on.

The log file in the work folder holds everything.
"""

from __future__ import annotations

import logging
import sys
import warnings
from functools import partial
from typing import Any, TextIO

from mmengine.logging import MMLogger
from mmengine.runner import Runner

from mmseg_liteseg.noise import complaints, import_quietly, is_quiet

# Where the hosts complain when they are imported.
_HOSTS = ('mmseg.models', 'mmseg.datasets', 'mmseg.engine', 'mmpretrain.models', 'mmpretrain.datasets')


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
        import_quietly(*_HOSTS)
        screen._waiting += complaints
        complaints.clear()
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
