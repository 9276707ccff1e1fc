"""Base of the project's errors: what the user can mend, said in one line."""

from __future__ import annotations

import re

# How torch hands on what was raised in a worker of a DataLoader (torch/_utils.py, ExceptionWrapper): the message is the
# end of a traceback in its text.
_FROM_WORKER = re.compile(r'Caught \w+ in .*?\.\nOriginal Traceback .*^[\w.]*Error\b: (.*)', re.DOTALL | re.MULTILINE)


class LiteSegError(ValueError):
    """Bad input or an environment that cannot work. The message names the file or field and what to change.

    The tools print it as one line, without a traceback (``mmseg_liteseg.command_line``).

    Args:
        message: What is wrong; see ``own_words``.

    Example:
        >>> raise LiteSegError('crop_size: expected two positive numbers, got (0, 5)')
        Traceback (most recent call last):
        ...
        mmseg_liteseg.errors.LiteSegError: crop_size: expected two positive numbers, got (0, 5)
    """

    def __init__(self, message: str = '') -> None:
        super().__init__(own_words(str(message)))


class SettingError(LiteSegError):
    """A setting, in a config or a call, that is not one of those that work."""


class DataError(LiteSegError):
    """An image, a label or a list of them that is not what the model or the pipeline expects."""


def own_words(message: str) -> str:
    """The message without the traceback that torch puts around it when it was raised in a worker of a DataLoader.

    Example:
        >>> own_words('a.png: broken')
        'a.png: broken'
    """
    found = _FROM_WORKER.match(message)
    return found.group(1).strip() if found else message
