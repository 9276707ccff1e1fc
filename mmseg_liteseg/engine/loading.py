"""Loads a checkpoint for testing, and refuses what mmengine only warns of."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Mapping

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner, load_checkpoint
from torch import nn

from mmseg_liteseg.checkpoint.errors import BrokenCheckpointError, CheckpointFileError
from mmseg_liteseg.checkpoint.finite import describe_nonfinite
from mmseg_liteseg.errors import LiteSegError

from .errors import LaunchError
from .finite import model_of


def check_checkpoint_path(path: str) -> None:
    """Looks at a local checkpoint before anything slow is built; URLs and other schemes pass.

    Raises:
        LaunchError: if there is no such file, or it is empty or a web page saved under that name.
    """
    # "C:" is no scheme
    if re.match(r'\w[\w+.-]*:', path) and not Path(path).drive:
        return
    file = Path(path).expanduser()
    if not file.is_file():
        raise LaunchError(f'checkpoint {path}: no such file')
    with file.open('rb') as stream:
        head = stream.read(256).lstrip()
    if not head:
        raise LaunchError(f'checkpoint {path}: the file is empty')
    if head[:1] == b'<':
        raise LaunchError(f'checkpoint {path}: this is a web page (it starts with {head[:20]!r}), download it again')


def load_for_test(runner: Runner, path: str) -> None:
    """Loads weights into the runner's model.

    mmengine goes on with random weights when keys or shapes do not fit, which gives figures that mean nothing.

    Raises:
        LaunchError: if the file cannot be read, or no key or not every shape fits the model.
    """
    with reading(path):
        # not runner.load_checkpoint: it would ask hooks such as EMAHook, which are not set up before the test begins;
        # then they copy the model as it is
        checkpoint = load_checkpoint(model_of(runner.model), path, 'cpu', revise_keys=[(r'^module\.', '')])
    runner._has_loaded = True  # else load_from, which a config may have, would be loaded over it
    loaded = checkpoint.get('state_dict', checkpoint)
    check_fit(unwrap(runner.model).state_dict(), loaded, path)
    nonfinite = describe_nonfinite(loaded)
    if nonfinite:
        runner.logger.warning(f'checkpoint {path} {nonfinite}: its figures mean nothing')


@contextmanager
def reading(path: str, kind: type[LiteSegError] = LaunchError) -> Iterator[None]:
    """Says of what goes wrong inside that it is about the checkpoint.

    Args:
        path: Of the checkpoint.
        kind: Of the errors.

    Raises:
        LiteSegError: (of this kind) the file is broken, or would have to be run to be read.
    """
    try:
        yield
    except BrokenCheckpointError as error:
        reason = str(error.__cause__).strip().split('\n')[0]
        raise kind(f'checkpoint {path}: cannot be read, truncated or no checkpoint ({reason})') from error
    except CheckpointFileError as error:
        raise kind(f'checkpoint {error}') from error


def unwrap(model: nn.Module) -> nn.Module:
    """The network inside DistributedDataParallel and test-time augmentation."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def check_fit(wanted: Mapping[str, torch.Tensor], loaded: Mapping[str, torch.Tensor], path: str) -> None:
    """Compares a checkpoint's keys and shapes with the model's.

    Raises:
        LaunchError: if nothing fits, or a key of both has two shapes.
    """
    loaded = {re.sub(r'^module\.', '', key): value for key, value in loaded.items()}
    common = [key for key in wanted if key in loaded]
    if not common:
        raise LaunchError(
            f'checkpoint {path}: none of its {len(loaded)} keys (such as {next(iter(loaded), "-")}) is in the model '
            f'(such as {next(iter(wanted), "-")}): it belongs to another model'
        )
    for key in common:
        have, want = tuple(loaded[key].shape), tuple(wanted[key].shape)
        if have != want:
            raise LaunchError(f'checkpoint {path}: {key} has shape {have}, the model of this config needs {want}')
