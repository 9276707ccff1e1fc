import glob
import os

import pytest
import torch
from mmseg.apis import init_model

from tools.publish_model import main


def test_publishes_what_a_training_left(trained, tmp_path, capsys, monkeypatch):
    config, work = trained
    monkeypatch.chdir(tmp_path)
    main([str(work / 'iter_2.pth'), 'tiny.pth'])
    (path,) = glob.glob('tiny-*.pth')
    assert f'wrote {path}' in capsys.readouterr().out
    checkpoint = torch.load(path, weights_only=True)
    assert set(checkpoint) == {'state_dict', 'meta'}
    assert os.path.getsize(path) < os.path.getsize(work / 'iter_2.pth')
    model = init_model(str(config), path, device='cpu')
    assert list(model.dataset_meta['classes']) == ['left', 'right']
    for key, value in model.state_dict().items():
        assert torch.equal(value, checkpoint['state_dict'][key])


def test_errors_are_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r'^error: no\.pth is not a file'):
        main(['no.pth', 'x.pth'])
    with pytest.raises(SystemExit, match=r'^error: the output must end in \.pth'):
        main(['no.pth', 'x'])
