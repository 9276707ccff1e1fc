from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from tests.tools.conftest import assert_quiet, run_alone
from tools.report import main


@pytest.fixture
def half_right(trained, tmp_path):
    """Weights whose prediction is class 0 everywhere: exactly the left half of every label is right."""
    state = torch.load(trained[1] / 'iter_2.pth', weights_only=False)['state_dict']
    state['decode_head.conv_seg.weight'] = torch.zeros_like(state['decode_head.conv_seg.weight'])
    torch.save({'state_dict': state}, tmp_path / 'half.pth')
    return tmp_path / 'half.pth'


def test_table_pictures_and_curves(trained, half_right, capsys):
    config, work_dir = trained
    run_alone(main, [config, half_right, '--work-dir', work_dir, '--samples', 2])
    captured = capsys.readouterr()
    assert_quiet(captured, 'per class results', 'picture: ')
    out = captured.out
    rows = dict(
        line.split(maxsplit=1) for line in out.split('\n') if line.startswith(('left', 'right', 'mean', 'picture'))
    )
    assert rows['left'].split() == ['50.00', '100.00', '50.00']
    assert rows['right'].split() == ['0.00', '0.00', '50.00']
    assert rows['mean'].split() == ['25.00', '50.00']
    assert f'picture: {work_dir}/overlays.png\npicture: {work_dir}/curves.png' in out
    sheet = np.asarray(Image.open(work_dir / 'overlays.png')).astype(int)
    assert sheet.shape[1] == 3 * 384 + 12
    redness = (sheet[32 : 32 + 384, :, 0] - sheet[32 : 32 + 384, :, 2]).mean(0)
    labels, prediction = redness[390:774], redness[780:]
    assert (labels[:192].mean() > 50, labels[192:].mean() < -50) == (True, True)
    assert (prediction[:192].mean() > 50, prediction[192:].mean() > 50) == (True, True)
    assert Image.open(work_dir / 'curves.png').size[0] > 800


def test_without_a_training_there_are_no_curves(trained, half_right, tmp_path, capsys):
    run_alone(main, [trained[0], half_right, '--work-dir', tmp_path / 'elsewhere'])
    assert capsys.readouterr().out.count('picture: ') == 1
    assert (tmp_path / 'elsewhere/overlays.png').is_file()
    assert not (tmp_path / 'elsewhere/curves.png').exists()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['missing.py', 'missing.pth'], 'missing.py'),
        (['CONFIG', 'missing.pth'], 'missing.pth'),
        (['CONFIG', 'CHECKPOINT', '--samples', '0'], '--samples: expected at least 1, got 0'),
    ],
)
def test_bad_arguments_are_named(trained, half_right, arguments, message, capsys):
    names = {'CONFIG': trained[0], 'CHECKPOINT': half_right}
    with pytest.raises(SystemExit):
        run_alone(main, [names.get(argument, argument) for argument in arguments])
    assert message in capsys.readouterr().err


def test_a_config_without_validation_is_refused(trained, half_right, tmp_path, capsys):
    config = tmp_path / 'no_val.py'
    config.write_text(f"_base_ = r'{trained[0]}'\nval_dataloader = None\nval_cfg = None\nval_evaluator = None\n")
    with pytest.raises(SystemExit):
        run_alone(main, [config, half_right, '--work-dir', tmp_path / 'work'])
    assert 'val_dataloader' in capsys.readouterr().err


def test_nan_weights_are_told(trained, tmp_path, capfd):
    content = torch.load(trained[1] / 'iter_2.pth', weights_only=False)
    content['state_dict']['decode_head.conv_seg.weight'][:] = float('nan')
    torch.save(content, tmp_path / 'nan.pth')
    run_alone(main, [trained[0], tmp_path / 'nan.pth', '--work-dir', tmp_path / 'work'])
    assert 'nan.pth holds NaN or infinite values in 1 of ' in ''.join(capfd.readouterr())
