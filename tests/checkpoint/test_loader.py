"""Paddle's files through the doors that mmseg's users know."""

import os
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader, load_checkpoint
from mmengine.runner.checkpoint import _load_checkpoint_with_prefix
from mmseg.apis import MMSegInferencer, init_model

from mmseg_liteseg.checkpoint.architecture import Context, Decoder, Encoder
from mmseg_liteseg.checkpoint.errors import CheckpointFileError, CheckpointMismatchError
from mmseg_liteseg.checkpoint.names import PADDLE
from mmseg_liteseg.checkpoint.pdparams import dumps_pdparams
from mmseg_liteseg.registry import MODELS
from tests.checkpoint.builders import (
    FUSIONS,
    make_arrays,
    make_config,
    make_encoder_arrays,
    make_tar_gz,
    write_pdparams,
)
from tests.helpers import REPO, load_data
from tests.paddle_reference import make_input, make_param

pytestmark = pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')


def build(cfg):
    init_default_scope('mmseg')
    return MODELS.build(cfg.model)


@pytest.mark.parametrize(
    ('path', 'loader'),
    [
        ('model.pdparams', 'load_from_paddle'),
        ('/a folder/x.y/model.pdparams', 'load_from_paddle'),
        ('~/PP_STDCNet1.tar.gz', 'load_from_paddle'),
        ('C:\\weights\\model.pdparams', 'load_from_paddle'),
        ('http://host/model.pdparams', 'load_from_paddle_url'),
        ('https://host/a/model.pdparams#/NAME.pdparams', 'load_from_paddle_url'),
        ('https://host/PP_STDCNet1.tar.gz?x=1', 'load_from_paddle_url'),
        ('model.pth', 'load_from_local'),
        ('model.pdparams.pth', 'load_from_local'),
        ('model.pth.tar', 'load_from_local'),
        ('https://host/model.pth', 'load_from_http'),
        ('s3://bucket/model.pdparams', 'load_from_ceph'),
        ('torchvision://resnet50', 'load_from_torchvision'),
        ('open-mmlab://x', 'load_from_openmmlab'),
    ],
)
def test_only_paddles_names_come_to_us(path, loader):
    assert CheckpointLoader._get_checkpoint_loader(path).__name__ == loader


@pytest.mark.parametrize('case', ['stdc1_UAFM_SpAtten_1x3x64x128', 'stdc2_UAFM_SpAtten_1x3x90x121'])
def test_init_model_gives_the_originals_logits(case, tmp_path):
    """The released configs' models, from a file; all fusions: tests/models/test_parity.py."""
    arch, shape = case.split('_')[0], case.rsplit('_', 1)[1]
    cfg = Config(dict(model=Config.fromfile(REPO / f'configs/_base_/models/ppliteseg_{arch}.py').model))
    depth, widths, heads = dict(
        stdc1=((2, 2, 2), (32, 64, 128), (32, 64, 64)), stdc2=((4, 5, 3), (64, 96, 128), (64, 64, 64))
    )[arch]
    decoder = Decoder((256, 512, 1024, 128), widths, heads, 'SpatialUAFM', True, False, 19)
    layout = [e for part in (Encoder(depth, 3, 64), Context(1024, 128, 3), decoder) for e in part.layout(PADDLE)]
    path = tmp_path / 'model.pdparams'
    path.write_bytes(dumps_pdparams({key: make_param(key, size) for key, size in layout}))

    model = init_model(cfg, str(path), device='cpu').double()  # as in tests/models/test_parity.py
    image = make_input(tuple(map(int, shape.split('x')))).double()
    with torch.no_grad():
        logits = model.encode_decode(image, [dict(img_shape=image.shape[2:])])
    expected = torch.from_numpy(load_data('parity_eval.npz')[case])
    assert (logits[..., 3::8, 5::8] - expected).abs().max() / expected.abs().max() <= 2e-6
    assert model.dataset_meta['classes'][0] == 'road'
    assert len(model.dataset_meta['palette']) == 19


@pytest.mark.parametrize('options', FUSIONS, ids=str)
def test_every_fusion_loads_completely(options, tmp_path):
    path = write_pdparams(tmp_path / 'x.pdparams', **options)
    model = build(make_config(**options))
    load_checkpoint(model, str(path))
    assert torch.equal(
        model.decode_head.conv_seg.weight, torch.from_numpy(make_arrays(**options)['seg_heads.0.conv_out.weight'])
    )


@pytest.mark.parametrize(('num_classes', 'first'), [(11, 'sky'), (19, 'road')])
def test_meta_for_people_and_mmseg(tmp_path, num_classes, first):
    path = write_pdparams(tmp_path / 'x.pdparams', arch='stdc2', num_classes=num_classes)
    checkpoint = CheckpointLoader.load_checkpoint(str(path))
    meta = checkpoint['meta']
    assert isinstance(checkpoint['state_dict'], OrderedDict)
    assert (meta['arch'], meta['source'], len(meta['sha256'])) == ('stdc2', 'x.pdparams', 64)
    assert meta['dataset_meta']['classes'][0] == first
    assert len(meta['dataset_meta']['classes']) == len(meta['dataset_meta']['palette']) == num_classes
    assert (meta['classes'], meta['palette']) == tuple(meta['dataset_meta'].values())


def test_other_numbers_of_classes_get_no_names(tmp_path):
    path = write_pdparams(tmp_path / 'x.pdparams', num_classes=3)
    assert 'dataset_meta' not in CheckpointLoader.load_checkpoint(str(path))['meta']


def test_map_location(tmp_path):
    path = write_pdparams(tmp_path / 'x.pdparams')
    tensors = CheckpointLoader.load_checkpoint(str(path), map_location='meta')['state_dict']
    assert {tensor.device.type for tensor in tensors.values()} == {'meta'}


def test_urls(server, tmp_path):
    server.put('/a/model.pdparams', dumps_pdparams(make_arrays()))
    url = server.url + '/a/model.pdparams#/name.pdparams'
    checkpoint = load_checkpoint(build(make_config()), url)
    assert checkpoint['meta']['source'] == url
    with pytest.raises(CheckpointFileError, match='404'):
        load_checkpoint(build(make_config()), server.url + '/b/model.pdparams')


class TestEncoderInit:
    """``init_cfg=dict(type='Pretrained', checkpoint=...)`` of the backbone."""

    @pytest.fixture(params=['pdparams', 'tar.gz', 'url', 'whole model'])
    def source(self, request, tmp_path, server):
        if request.param == 'whole model':
            return str(write_pdparams(tmp_path / 'model.pdparams'))
        classifier = {'fc.weight': np.ones((4, 4), 'f4'), 'bn._mean': np.ones(4, 'f4')}
        data = dumps_pdparams({**make_encoder_arrays(prefix=''), **classifier})
        if request.param == 'url':
            return server.put('/PP_STDCNet1.tar.gz', make_tar_gz({'x.pdparams': data}))
        path = tmp_path / f'PP_STDCNet1.{request.param}'
        path.write_bytes(data if request.param == 'pdparams' else make_tar_gz({'dir/x.pdparams': data}))
        return str(path)

    @pytest.mark.parametrize('extra', [{}, dict(prefix='backbone.')], ids=['no prefix', 'prefix'])
    def test_pretrained(self, source, extra):
        cfg = make_config()
        cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=source, **extra)
        model = build(cfg)
        model.init_weights()
        state_dict = model.backbone.state_dict()
        for paddle, ours in {
            '0.conv.weight': 'stem.0.conv.weight',
            '7.conv_list.3.bn._variance': 'stages.2.1.convs.3.bn.running_var',
        }.items():
            value = state_dict[ours]
            np.testing.assert_array_equal(value, make_param(f'backbone.features.{paddle}', value.shape))

    def test_the_wrong_encoder_raises(self, source):
        cfg = make_config('stdc2')
        cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=source)
        with pytest.raises(CheckpointMismatchError, match=r'is STDC1, .*the config builds STDC2, '):
            build(cfg).init_weights()


def test_a_prefix_still_reduces_to_a_part(tmp_path):
    path = write_pdparams(tmp_path / 'x.pdparams')
    assert all(key.split('.')[0] in ('stem', 'stages') for key in _load_checkpoint_with_prefix('backbone', str(path)))


def test_inferencer(tmp_path):
    path = write_pdparams(tmp_path / 'x.pdparams')
    model = MMSegInferencer(str(write_config(tmp_path)), str(path), device='cpu').model
    assert len(model.dataset_meta['palette']) == 19
    expected = make_arrays()['backbone.features.0.conv.weight']
    np.testing.assert_array_equal(model.backbone.stem[0].conv.weight.detach(), expected)


def write_config(folder):
    cfg = make_config()
    cfg.merge_from_dict(dict(Config.fromfile(REPO / 'configs/_base_/default_runtime.py')))
    cfg.test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
    cfg.test_dataloader = dict(dataset=dict(pipeline=cfg.test_pipeline))
    cfg.dump(folder / 'config.py')
    return folder / 'config.py'


FRESH = """
import sys
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
Config.fromfile(sys.argv[1])
print(len(CheckpointLoader.load_checkpoint(sys.argv[2])['state_dict']))
"""


def test_a_config_brings_the_loader_along(tmp_path):
    """MMSegInferencer reads the weights before it builds the model and so before it imports its types."""
    path = write_pdparams(tmp_path / 'x.pdparams')
    result = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', FRESH, str(write_config(tmp_path)), str(path)],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(REPO)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert int(result.stdout.split()[-1]) == len(CheckpointLoader.load_checkpoint(str(path))['state_dict'])
