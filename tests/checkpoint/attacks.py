"""Checkpoints that would make a file (``marker``) if anything in them was run, in the shapes that attacks take."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch

from mmseg_liteseg.trust import TRUST_VARIABLE


class Call:
    """Pickles as a call."""

    def __init__(self, function: Callable, *args: Any) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args

    def __call__(self) -> None:
        """Pickle wants what it calls to be callable when it is written."""


class SetState:
    """Pickles as an object that runs code when it gets its state."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __setstate__(self, state: dict) -> None:
        Path(state['marker']).touch()


def payloads(marker: Path) -> dict[str, Any]:
    """Objects that make the marker when they are unpickled, by what they name."""
    nested = io.BytesIO()
    torch.save(Call(os.system, f'touch {marker}'), nested)
    system = Call(getattr, Call(__import__, 'os'), 'system')
    return {
        'system': Call(os.system, f'touch {marker}'),
        'eval': Call(builtins.eval, f'open({str(marker)!r}, "w")'),
        'exec': Call(builtins.exec, f'open({str(marker)!r}, "w")'),
        'open': Call(open, str(marker), 'w'),
        'Popen': Call(subprocess.Popen, ['touch', str(marker)]),
        '__import__|getattr': Call(system, f'touch {marker}'),  # a call of what a call gave
        '_load_from_bytes': Call(torch.storage._load_from_bytes, nested.getvalue()),
        'SetState': SetState(marker),
    }


def base() -> dict[str, Any]:
    """What a training saves, cut down."""
    return dict(state_dict={'a': torch.ones(2)}, meta=dict(iter=1), optimizer=dict(state={0: {'step': 1}}))


def hidden(payload: Any, place: str) -> Any:
    """A checkpoint with the payload somewhere in it."""
    checkpoint: Any = base()
    if place == 'alone':
        return payload
    if place == 'array':
        checkpoint['meta']['x'] = np.array([1, payload], dtype=object)
    elif place == 'tensor':
        checkpoint['state_dict']['a'].attribute = payload
    elif place == 'state_dict':
        checkpoint['state_dict']['b'] = payload
    elif place == 'optimizer':
        checkpoint['optimizer']['state'][0]['exp_avg'] = [(payload,)]
    else:
        checkpoint[place] = dict(deep=[dict(x={'y': payload})])
    return checkpoint


PLACES = ('alone', 'meta', 'optimizer', 'state_dict', 'message_hub', 'array', 'tensor')


def write_torchscript(path: Path) -> None:
    """A TorchScript archive."""
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), str(path))


def write_tar(path: Path, marker: Path) -> None:
    """The format of PyTorch before 0.4: a tar with a pickle, and a member that leads out of the folder."""
    with tarfile.open(path, 'w', format=tarfile.PAX_FORMAT) as archive:
        for name, content in {
            'pickle': pickle.dumps(Call(os.system, f'touch {marker}'), 2),
            'storages': pickle.dumps(0, 2) + pickle.dumps(Call(os.system, f'touch {marker}'), 2),
            'tensors': pickle.dumps(0, 2),
            f'../{marker.name}': b'',
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def config_program(marker: Path) -> dict[str, Any]:
    """A checkpoint whose config, a text, is a program; mmengine runs such texts."""
    text = f'model = dict(type="x")\nopen({str(marker)!r}, "w")\n'
    return dict(state_dict={'a': torch.ones(2)}, meta=dict(iter=1, epoch=0, cfg=text, config=text))


def forget_trust(monkeypatch: Any) -> None:
    """Takes back the word that whoever runs the tests may have given, and what a test gives."""
    monkeypatch.setenv(TRUST_VARIABLE, '0')
