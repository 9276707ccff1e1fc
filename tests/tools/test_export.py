"""tools/export.py and tools/verify_export.py from the command line."""

import pytest
import torch

from tests.deploy.conftest import write_project
from tools.export import main as export_main
from tools.verify_export import main as verify_main


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    return [str(path) for path in write_project(tmp_path_factory.mktemp('tiny'))]


def test_export_and_verify(tiny, tmp_path, capsys):
    out = tmp_path / 'out'
    common = [*tiny, '--out', str(out), '--shape', '48', '50']
    export_main([*common, '--format', 'torchscript', '--name', 'm', '--raw', '--color', 'bgr'])
    assert sorted(file.name for file in out.iterdir()) == ['m.agreement.json', 'm.pt']
    assert '48x50' in capsys.readouterr().out
    verify_main([str(out / 'm.pt'), *tiny])
    assert 'TorchScript' in capsys.readouterr().out


def test_bound_decides(tiny, tmp_path):
    out = tmp_path / 'out'
    with pytest.raises(SystemExit, match=r'error: .* does not agree'):
        export_main([*tiny, '--out', str(out), '--format', 'torchscript', '--shape', '48', '50', '--output', 'logits',
                     '--max-relative', '1e-12'])  # fmt: skip
    assert list(out.iterdir()) == []


def test_errors_are_one_line(tiny, tmp_path):
    with pytest.raises(SystemExit, match=r'error: checkpoint .*gone\.pth: no such file'):
        export_main([tiny[0], 'gone.pth', '--out', str(tmp_path)])
    with pytest.raises(SystemExit, match='error: format: expected'):
        export_main([*tiny, '--out', str(tmp_path), '--format', 'caffe'])
    with pytest.raises(SystemExit, match=r'error: artefact gone\.onnx: no such file'):
        verify_main(['gone.onnx', *tiny])


def test_nan_weights_are_refused_by_name(tiny, tmp_path):
    content = torch.load(tiny[1], weights_only=False)
    content['state_dict']['decode_head.conv_seg.weight'][0] = float('nan')
    torch.save(content, tmp_path / 'nan.pth')
    with pytest.raises(SystemExit, match=r'^error: .*nan\.pth holds NaN .* in 1 of .*: decode_head.conv_seg.weight \('):
        export_main([tiny[0], str(tmp_path / 'nan.pth'), '--out', str(tmp_path / 'out')])
    assert not (tmp_path / 'out').exists()


def test_inputs_for_a_device(tiny, tmp_path, capsys):
    folder = tmp_path / 'inputs'
    verify_main([str(folder), *tiny, '--dump-inputs', '--shape', '40', '50', '--dtype', 'uint8', '--layout', 'NHWC'])
    (file,) = folder.iterdir()
    assert file.name.startswith('1x40x50x3_')
    assert str(file) in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r'no \*\.output\.npy'):
        verify_main([str(folder), *tiny, '--shape', '40', '50'])


@pytest.mark.parametrize('main', [export_main, verify_main])
def test_help_holds_an_example(main, capsys):
    with pytest.raises(SystemExit, match='0'):
        main(['--help'])
    assert 'python tools/' in capsys.readouterr().out


def test_wrong_size_is_named(tiny, capsys):
    with pytest.raises(SystemExit, match='2'):
        verify_main(['x.onnx', *tiny, '--sizes', '512*1024'])
    assert 'expected HxW such as 512x1024' in capsys.readouterr().err
