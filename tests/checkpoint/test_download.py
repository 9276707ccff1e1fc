import os

import numpy as np
import pytest

from mmseg_liteseg.checkpoint.download import cached_path, read_paddle_url
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.pdparams import dumps_pdparams
from tests.checkpoint.builders import make_tar_gz

WEIGHTS = dumps_pdparams({'a': np.arange(3, dtype='f4')})


def cache_content(tmp_path):
    folder = tmp_path / 'torch' / 'hub' / 'checkpoints'
    return sorted(os.listdir(folder)) if folder.exists() else []


def test_downloads_once(server, tmp_path):
    url = server.put('/x/model.pdparams', WEIGHTS)
    for _ in range(2):
        assert read_paddle_url(url).arrays['a'].tolist() == [0, 1, 2]
    assert server.requests == ['/x/model.pdparams']
    assert cache_content(tmp_path) == [os.path.basename(cached_path(url))]


def test_archives(server):
    url = server.put('/PP_STDCNet1.tar.gz', make_tar_gz({'d/model.pdparams': WEIGHTS}))
    file = read_paddle_url(url)
    assert file.path.endswith('.tar.gz')
    assert len(file.arrays) == 1


def test_the_fragment_names_the_file(server):
    server.put('/x/model.pdparams', WEIGHTS)
    url = server.url + '/x/model.pdparams#/ppliteseg.pdparams'
    assert os.path.basename(read_paddle_url(url).path).startswith('ppliteseg-')
    assert server.requests == ['/x/model.pdparams']


def test_equal_names_of_different_models_do_not_meet():
    urls = [f'https://host/{scale}/model.pdparams' for scale in ('scale0.5', 'scale1.0')]
    paths = [cached_path(url) for url in urls]
    assert paths[0] != paths[1]
    assert all(os.path.basename(path).startswith('model-') for path in paths)


@pytest.mark.parametrize(
    'url', ['https://h/a/../../x.pdparams', 'https://h/%2e%2e%2f%2e%2e%2fx.pdparams', 'https://h/m.pdparams#/../../e']
)
def test_no_address_leads_out_of_the_cache(url):
    folder = os.path.dirname(cached_path('https://h/x.pdparams'))
    assert os.path.dirname(os.path.abspath(cached_path(url))) == folder


@pytest.mark.parametrize(
    ('content', 'status', 'length', 'message'),
    [
        (b'<html>Not Found</html>', 404, None, 'server answered HTTP Error 404'),
        (b'', 500, None, 'server answered HTTP Error 500'),
        (b'<html>Please log in</html>', 200, None, 'is a web page'),
        (b'', 200, None, 'is empty'),
        (WEIGHTS[:-20], 200, len(WEIGHTS), 'cut off'),
        (WEIGHTS[:-20], 200, None, 'cut off'),
        (b'PK\x03\x04', 200, None, 'zip archive'),
    ],
)
def test_what_is_no_weights_is_not_kept(server, tmp_path, content, status, length, message):
    url = server.put('/model.pdparams', content, status, length)
    with pytest.raises(CheckpointFileError, match=message) as info:
        read_paddle_url(url)
    assert url in str(info.value)
    assert '.part' not in str(info.value)
    assert cache_content(tmp_path) == []
    server.put('/model.pdparams', WEIGHTS)  # the next try starts anew
    assert len(read_paddle_url(url).arrays) == 1


def test_an_unreachable_server_is_named(server):
    url = server.put('/model.pdparams', WEIGHTS)
    server.http.server_close()
    with pytest.raises(CheckpointFileError, match='could not be downloaded'):
        read_paddle_url(url)


def test_a_broken_file_in_the_cache_is_named(server, tmp_path):
    url = server.put('/model.pdparams', WEIGHTS)
    path = read_paddle_url(url).path
    with open(path, 'wb') as file:
        file.write(WEIGHTS[:50])
    with pytest.raises(CheckpointFileError, match=r'cut off.*delete the file') as info:
        read_paddle_url(url)
    assert path in str(info.value)
