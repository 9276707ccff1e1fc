"""Files of weights from Paddle to PyTorch and back, and encoders of others to ours."""

from __future__ import annotations

import os
from typing import Callable, Tuple

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmseg_liteseg.errors import SettingError

from .convert import Conversion, to_paddle
from .download import read_paddle_url
from .files import PADDLE_SUFFIXES, check_output, dumps_checkpoint, named, read_paddle_file, write_file
from .guard import check_shapes, shapes_of
from .paddle import to_checkpoint
from .pdparams import dumps_pdparams
from .stdc_weights import from_stdc
from .torch_file import read_torch_file

_TORCH_SUFFIXES = ('.pth', '.tar')

# The conversion, the tensors by our names, and what gives the bytes of the result.
_Converted = Tuple[Conversion, dict, Callable[[], bytes]]


def convert_file(source: str, target: str, config: str | None = None) -> Conversion:
    """Converts a file of weights; the names say which way. Writes ``target`` whole or not at all.

    Args:
        source: ``.pdparams`` or ``.tar.gz``, also an http(s) address of one; or a file of PyTorch (``.pth``, ``.tar``):
            a PP-LiteSeg of ours to write ``.pdparams``, an STDC encoder of its authors or of mmseg to write ``.pth``.
        target: ``.pth``, or ``.pdparams`` if ``source`` is a PP-LiteSeg of ours.
        config: Config whose model the weights must fit.

    Returns:
        The conversion with its report.

    Raises:
        SettingError: The names are not of these kinds.
        CheckpointFileError: The file is broken, holds something else, or does not fit the config.
    """
    convert = _find_way(source, target)
    # before a download or a conversion, which take minutes
    check_output(target)
    conversion, tensors, data = convert(source)
    if config is not None:
        check_config(tensors, config, source)
    write_file(target, data())
    return conversion


def _find_way(source: str, target: str) -> Callable[[str], _Converted]:
    from_paddle = source.split('#')[0].endswith(PADDLE_SUFFIXES)
    from_torch, to_torch = source.endswith(_TORCH_SUFFIXES), target.endswith('.pth')
    if from_paddle and to_torch:
        return _from_paddle
    if from_torch and to_torch:
        return _from_stdc
    if from_torch and target.endswith('.pdparams'):
        return _to_paddle
    raise SettingError(
        "can convert .pdparams or .tar.gz to .pth, .pth to .pdparams, and .pth or .tar of STDC's authors or mmseg "
        f'to .pth; got {source!r} to {target!r}'
    )


def _from_paddle(source: str) -> _Converted:
    is_url = source.startswith(('http://', 'https://'))
    file = read_paddle_url(source) if is_url else read_paddle_file(source)
    checkpoint, conversion = to_checkpoint(file, source if is_url else None)
    return conversion, conversion.tensors, lambda: dumps_checkpoint(checkpoint)


def _from_stdc(source: str) -> _Converted:
    tensors = read_torch_file(source)['state_dict']
    with named(source):
        conversion = from_stdc(tensors)
    # count_include_pad goes along: loaded without it, features are off along the border
    meta = dict(arch=conversion.encoder.arch, source=os.path.basename(source), count_include_pad=True)
    checkpoint = dict(state_dict=conversion.tensors, meta=meta)
    return conversion, conversion.tensors, lambda: dumps_checkpoint(checkpoint)


def _to_paddle(source: str) -> _Converted:
    tensors = read_torch_file(source)['state_dict']
    with named(source):
        conversion = to_paddle(tensors)
    return conversion, tensors, lambda: dumps_pdparams(conversion.tensors)


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
