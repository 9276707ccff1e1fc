"""What --resume of the pretraining command goes on from."""

from __future__ import annotations

import pytest
import torch

from mmseg_liteseg.engine import launch
from tests.helpers import REPO
from tests.tools.conftest import run_alone

pytestmark = pytest.mark.usefixtures('torchvision')
CONFIG = REPO / 'configs/pretrain/stdc1_ssld-ft_in1k-320px.py'


@pytest.fixture
def resumed(monkeypatch, tmp_path):
    """Gives the config and the notes with which the command would train."""
    from mmseg_liteseg.pretrain import images
    from tools.train_classifier import main

    def run(*options):
        ready = []
        monkeypatch.setattr(images, 'prepare_images', lambda cfg: [])  # there are none
        monkeypatch.setattr(launch, 'build_runner', lambda *given: given)
        monkeypatch.setattr(launch, 'train', ready.append)
        run_alone(main, [CONFIG, '--work-dir', tmp_path, '--resume', *options])
        return ready[0]

    return run


def test_the_first_stage_is_a_start_not_a_state(resumed, tmp_path):
    cfg, notes = resumed()
    assert (cfg.load_from, cfg.get('resume')) == ('work_dirs/stdc1_ssld_in1k/epoch_360.pth', False)
    assert notes == [f'No checkpoint to resume from in {tmp_path}: starting from {cfg.load_from}']


def test_its_own_checkpoint_comes_before_the_first_stage(resumed, tmp_path):
    torch.save(dict(state_dict=dict(weight=torch.ones(1)), meta=dict(epoch=1, iter=5)), tmp_path / 'epoch_1.pth')
    cfg, notes = resumed()
    assert (cfg.load_from, cfg.resume, notes) == (None, True, [])


def test_a_state_named_in_the_command_is_resumed(resumed):
    cfg, notes = resumed('--cfg-options', 'load_from=other.pth')
    assert (cfg.load_from, cfg.resume, notes) == ('other.pth', True, [])
