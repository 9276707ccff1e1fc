"""Files of weights from Paddle to PyTorch and back."""

from __future__ import annotations

import os

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmseg_liteseg.errors import SettingError

from .convert import Conversion, to_paddle
from .download import read_paddle_url
from .files import PADDLE_SUFFIXES, check_output, dumps_checkpoint, named, read_paddle_file, write_file
from .guard import check_shapes, shapes_of
from .paddle import to_checkpoint
from .pdparams import dumps_pdparams
from .torch_file import read_torch_file


def convert_file(source: str, target: str, config: str | None = None) -> Conversion:
    """Converts between Paddle's files and .pth; the names say which way. Writes ``target`` whole or not at all.

    Args:
        source: ``.pdparams`` or ``.tar.gz``, also an http(s) address of one; or ``.pth``.
        target: ``.pth``, or ``.pdparams`` if ``source`` is a ``.pth``.
        config: Config whose model the weights must fit.

    Returns:
        The conversion with its report.

    Raises:
        SettingError: The names are not of these kinds.
        CheckpointFileError: The file is broken, holds something else, or does not fit the config.
    """
    from_paddle = source.split('#')[0].endswith(PADDLE_SUFFIXES)
    if not target.endswith('.pth' if from_paddle else '.pdparams') or not (from_paddle or source.endswith('.pth')):
        raise SettingError(
            f'can convert .pdparams or .tar.gz to .pth, and .pth to .pdparams; got {source!r} to {target!r}'
        )
    check_output(target)
    if from_paddle:
        is_url = source.startswith(('http://', 'https://'))
        file = read_paddle_url(source) if is_url else read_paddle_file(source)
        checkpoint, conversion = to_checkpoint(file, source if is_url else None)
        tensors, data = conversion.tensors, lambda: dumps_checkpoint(checkpoint)
    else:
        tensors = read_torch_file(source)['state_dict']
        with named(source):
            conversion = to_paddle(tensors)
        data = lambda: dumps_pdparams(conversion.tensors)  # noqa: E731
    if config is not None:
        check_config(tensors, config, source)
    write_file(target, data())
    return conversion


def check_config(tensors: dict, config: str, source: str) -> None:
    """Raises unless the weights fit the model of a config in every key and shape.

    Raises:
        CheckpointMismatchError: Says in words what the file holds and what the config builds.
    """
    from mmseg_liteseg.registry import MODELS  # before the config, which may inherit by package

    cfg = Config.fromfile(os.path.expanduser(config))
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    model = MODELS.build(cfg.model)
    for part in ('backbone', 'neck', 'decode_head'):
        given = {key[len(part) + 1 :]: value for key, value in tensors.items() if key.startswith(f'{part}.')}
        if given or part == 'backbone':
            check_shapes(part, shapes_of(given), shapes_of(getattr(model, part).state_dict()), source)
