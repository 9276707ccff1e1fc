from __future__ import annotations

import pytest
import torch
from mmengine.logging import MMLogger

from mmseg_liteseg.models import STDCNet
from mmseg_liteseg.models.backbones.first_conv import adapt_first_conv

KEY = 'stem.0.conv.weight'


@pytest.fixture(scope='module')
def pretrained(tmp_path_factory):
    torch.manual_seed(0)
    model = STDCNet(base_channels=8)
    model.init_weights()
    path = tmp_path_factory.mktemp('weights') / 'stdc.pth'
    torch.save({'state_dict': model.state_dict()}, path)
    return model.eval(), path


@pytest.mark.parametrize('channels', [1, 2, 4, 5, 12])
def test_pretrained_weights_give_the_same_features_for_equal_channels(pretrained, channels):
    old, path = pretrained
    new = STDCNet(base_channels=8, in_channels=channels, init_cfg=dict(type='Pretrained', checkpoint=str(path))).eval()
    new.init_weights()
    assert torch.allclose(new.stem[0].conv.weight.sum(1), old.stem[0].conv.weight.sum(1), atol=1e-7)
    grey = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        for expected, found in zip(old(grey.expand(1, 3, -1, -1)), new(grey.expand(1, channels, -1, -1))):
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_colours_stay_and_the_rest_is_their_mean():
    weight = torch.rand(4, 3, 3, 3)
    state = {KEY: weight}
    adapt_first_conv(state, KEY, 6)
    torch.testing.assert_close(state[KEY][:, :3], weight / 2)
    torch.testing.assert_close(state[KEY][:, 5], weight.mean(1) / 2)


@pytest.mark.parametrize(
    'given', [{}, {KEY: torch.rand(4, 3, 3, 3)}, {KEY: torch.rand(4, 4, 3, 3)}, {KEY: torch.rand(3)}]
)
def test_what_fits_or_is_something_else_stays(given):
    state = dict(given)
    adapt_first_conv(state, KEY, 3)
    assert state.keys() == given.keys()
    assert all(state[key] is given[key] for key in given)


def test_one_line_in_the_log(pretrained, capsys):
    MMLogger.get_instance('first_conv')
    STDCNet(base_channels=8, in_channels=4).load_state_dict(torch.load(pretrained[1])['state_dict'])
    lines = [line for line in capsys.readouterr().out.splitlines() if KEY in line]
    assert len(lines) == 1
    assert f'{KEY}: trained on 3 channels, adapted to the 4 of the images' in lines[0]


def test_whole_models_checkpoints_too(pretrained):
    state = {f'backbone.{key}': value for key, value in pretrained[0].state_dict().items()}
    model = STDCNet(base_channels=8, in_channels=4)
    model.load_state_dict(state)
    torch.testing.assert_close(model.stem[0].conv.weight.sum(1), pretrained[0].stem[0].conv.weight.sum(1))
