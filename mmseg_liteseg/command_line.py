"""What the tools have in common: arguments, and errors that end them with one line.

Kept apart from what uses it: importing torch and the host takes seconds, and `--help` (which mim asks for before every
run) or a misspelt option should be answered at once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, NoReturn

from .errors import LiteSegError, own_words

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')
BAD_INPUT = 2  # the exit status that argparse gives to a misspelt option
PARTLY_DONE = 1  # some of several inputs failed
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

# Of torchrun, Slurm and Open MPI: the number of this process and how many there are.
_RANKS = (('RANK', 'WORLD_SIZE'), ('SLURM_PROCID', 'SLURM_NTASKS'), ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'))


class ToolParser(argparse.ArgumentParser):
    """A parser whose help keeps the lines of its examples, with ``--debug`` for ``one_line_errors``.

    Args:
        description: What the tool does.
        epilog: Examples.
    """

    def __init__(self, description: str | None = None, epilog: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault('formatter_class', argparse.RawDescriptionHelpFormatter)
        super().__init__(description=description, epilog=epilog, **kwargs)
        if self.add_help:  # not for parents of subcommands
            self.add_argument(
                '--debug', action='store_true', default=argparse.SUPPRESS, help='show where an error was raised'
            )


def make_parser(description: str, example: str) -> ToolParser:
    """A parser that knows the config, where results go, overrides and launchers, and ends its help with an example."""
    from mmengine.config import DictAction  # not at the top: mmseg_liteseg.runtime needs no mmengine

    parser = ToolParser(description, example)
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', metavar='DIR', help='folder for logs and results [work_dirs/CONFIG_NAME]')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='settings to override, such as train_dataloader.batch_size=8 or key="[a,b]"',
    )
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='what started the processes [none]')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser


@contextmanager
def one_line_errors(args: argparse.Namespace | None = None, stopped: str = 'stopped') -> Iterator[None]:
    """Ends the process with ``error: ...`` and status 2 where our own error, or one of the system's, comes through.

    So do types and arguments in a config that no registry knows. All other errors are faults of the code and keep their
    traceback, as everything does with ``--debug``.

    Args:
        args: Of a ``ToolParser``.
        stopped: What to say after Ctrl-C.

    Raises:
        SystemExit: Its text is the line, its code the status.

    Example:
        >>> with one_line_errors():
        ...     raise LiteSegError('config x.py: no such file')
        Traceback (most recent call last):
        ...
        SystemExit: error: config x.py: no such file
    """
    try:
        yield
    except (LiteSegError, OSError) as error:
        if getattr(args, 'debug', False):
            raise
        fail(describe(error))
    except (KeyError, TypeError) as error:
        fault = fault_of_config(error)
        if fault is None or getattr(args, 'debug', False):
            raise
        fail(fault)
    except KeyboardInterrupt:
        if getattr(args, 'debug', False):
            raise
        print(f'\n{stopped}', file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def fail(message: str, status: int = BAD_INPUT) -> NoReturn:
    """Prints ``error: MESSAGE`` as the last line, with the rank where there are several processes, and exits.

    Raises:
        SystemExit: Its text is the line, its code the status.
    """
    line = f'{_rank()}error: {message}'
    _tell_torchrun(line)
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)
    stop = SystemExit(line)
    stop.code = status  # a text as code would be printed again, with status 1
    raise stop


def describe(error: BaseException) -> str:
    """The error in one line of words."""
    lines = (line.strip() for line in own_words(str(error)).splitlines())
    return ' '.join(filter(None, lines)) or type(error).__name__


def fault_of_config(error: BaseException) -> str | None:
    """In words, a type or an argument of a config that mmengine's registries do not know; None for all else.

    mmengine raises KeyError and TypeError for these, as faults of code do.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    text = ' '.join(str(error).split())
    if isinstance(error, KeyError):
        found = re.search(r'[\w.]+ is not in the \S+ registry', text)
        return f'{found.group()}: it is misspelt, or custom_imports does not name its module' if found else None
    if trace is None or os.path.basename(trace.tb_frame.f_code.co_filename) != 'build_functions.py':
        return None
    found = re.search(r"[\w.]+\(\) (got an unexpected keyword argument '\w+'|missing \d+ required .*)", text)
    return f'config: {found.group()}' if found else None


def _rank() -> str:
    """``rank 2 of 8: `` in one of several processes, else nothing."""
    for rank, size in _RANKS:
        if os.environ.get(rank, '').isdigit() and os.environ.get(size, '1') not in ('', '1'):
            return f'rank {os.environ[rank]} of {os.environ[size]}: '
    return ''


def _tell_torchrun(line: str) -> None:
    """Lets torchrun's own last words, a table of which process failed, hold the line in the place of a traceback."""
    path = os.environ.get('TORCHELASTIC_ERROR_FILE')
    if path:
        # as torch.distributed.elastic.multiprocessing.errors.ErrorHandler writes it
        extra = dict(py_callstack=line, timestamp=str(int(time.time())))
        Path(path).write_text(json.dumps(dict(message=dict(message=line, extraInfo=extra))), encoding='utf-8')
