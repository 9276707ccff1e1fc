import os
import pickle
import re

import numpy as np
import pytest
import torch

from mmseg_liteseg.checkpoint.convert_file import convert_file
from mmseg_liteseg.checkpoint.errors import CheckpointFileError, CheckpointMismatchError
from mmseg_liteseg.checkpoint.pdparams import NAME_TABLE, dumps_pdparams
from mmseg_liteseg.checkpoint.report import format_report
from tests.checkpoint.builders import make_arrays, make_config, make_encoder_arrays, make_tar_gz, write_pdparams

pytestmark = pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_to_pth(folder):
    write_pdparams(folder / 'x.pdparams')
    convert_file('x.pdparams', 'x.pth')
    checkpoint = torch.load('x.pth', weights_only=True)
    assert set(checkpoint) == {'state_dict', 'meta'}
    meta = checkpoint['meta']
    assert {'arch', 'classes', 'palette', 'source', 'sha256', 'dataset_meta'} <= set(meta)
    assert (meta['arch'], meta['source']) == ('stdc1', 'x.pdparams')
    expected = make_arrays()['seg_heads.0.conv_out.weight']
    np.testing.assert_array_equal(checkpoint['state_dict']['decode_head.conv_seg.weight'], expected)


def test_there_and_back(folder):
    write_pdparams(folder / 'x.pdparams', scale=False)
    convert_file('x.pdparams', 'x.pth')
    convert_file('x.pth', 'y.pdparams')
    loaded = pickle.loads((folder / 'y.pdparams').read_bytes())
    names = loaded.pop(NAME_TABLE)
    expected = make_arrays(scale=True)  # PaddleSeg of today expects it
    assert set(loaded) == set(expected) == set(names)
    assert all(np.array_equal(loaded[key], value) for key, value in expected.items())


def test_an_archive_from_a_server(folder, server):
    url = server.put('/PP_STDCNet2.tar.gz', make_tar_gz({'x.pdparams': dumps_pdparams(make_encoder_arrays('stdc2'))}))
    convert_file(url, 'x.pth')
    meta = torch.load('x.pth', weights_only=True)['meta']
    assert (meta['arch'], meta['source']) == ('stdc2', url)
    assert 'classes' not in meta


@pytest.mark.parametrize(
    ('source', 'target'),
    [('x.pdparams', 'y.pdparams'), ('x.onnx', 'y.pth'), ('x.pdparams', 'y'), ('x.pth', 'y.tar.gz')],
)
def test_other_directions_are_refused(folder, source, target):
    write_pdparams(folder / 'x.pdparams')
    with pytest.raises(ValueError, match='can convert'):
        convert_file(source, target)


@pytest.mark.parametrize('config_options', [dict(), dict(arch='stdc2'), dict(num_classes=11)])
@pytest.mark.parametrize('source', ['x.pdparams', 'x.pth'])
def test_config(folder, source, config_options):
    write_pdparams(folder / 'x.pdparams')
    convert_file('x.pdparams', 'x.pth')
    make_config(**config_options).dump('config.py')
    target = 'y.pth' if source == 'x.pdparams' else 'y.pdparams'
    if config_options:
        with pytest.raises(CheckpointMismatchError, match=f'{source} does not fit the config'):
            convert_file(source, target, 'config.py')
    else:
        convert_file(source, target, 'config.py')
    assert os.path.exists(target) == (not config_options)


@pytest.mark.parametrize('content', [b'', b'<html>', dumps_pdparams({'a': np.ones(1, 'f4')})])
def test_failures_write_nothing(folder, content):
    (folder / 'x.pdparams').write_bytes(content)
    (folder / 'x.pth').write_bytes(content)
    for source, target in (('x.pdparams', 'y.pth'), ('x.pth', 'y.pdparams')):
        with pytest.raises(CheckpointFileError, match=rf'^{source} '):
            convert_file(source, target)
    assert sorted(os.listdir()) == ['x.pdparams', 'x.pth']


def test_a_missing_output_folder_is_noticed_first(folder):
    with pytest.raises(FileNotFoundError, match='no folder'):
        convert_file('missing.pdparams', 'no/y.pth')


class TestReport:
    def test_a_whole_model(self, folder):
        arrays = {**make_arrays(), 'backbone.conv_last.bn.bias': np.ones(3, 'f4')}
        (folder / 'x.pdparams').write_bytes(dumps_pdparams(arrays))
        conversion = convert_file('x.pdparams', 'x.pth')
        text = format_report(conversion)
        numbers = sum(array.size for array in make_encoder_arrays().values())
        assert re.search(rf'backbone +145 +{numbers:,}\n', text)
        assert 'backbone.conv_last.bn.bias (3,): not used by PP-LiteSeg' in text
        assert '*._scale (3 tensors): constant 1' in text
        assert text.endswith('missing none')

    def test_every_tensor_on_request(self, folder):
        write_pdparams(folder / 'x.pdparams')
        conversion = convert_file('x.pdparams', 'x.pth')
        text = format_report(conversion, verbose=True)
        for key in (*conversion.report.used, *conversion.report.dropped, *conversion.report.added):
            assert key in text

    def test_an_encoder(self, folder):
        arrays = {**make_encoder_arrays(prefix=''), 'fc.weight': np.ones((2, 2), 'f4')}
        (folder / 'x.pdparams').write_bytes(dumps_pdparams(arrays))
        text = format_report(convert_file('x.pdparams', 'x.pth'))
        assert 'fc.weight (2, 2): not part of the encoder' in text
        assert 'decode_head: not in the file' in text
