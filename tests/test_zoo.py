"""The zoo: what metafile and README say, and what mim makes of it."""

from __future__ import annotations

import re
from urllib.parse import urldefrag

import pytest
import torch
import yaml
from mmengine.config import Config
from mmseg.apis import init_model

from mmseg_liteseg.checkpoint.architecture import Context, Decoder, Encoder
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.names import PADDLE
from mmseg_liteseg.checkpoint.pdparams import dumps_pdparams
from mmseg_liteseg.engine.complexity import _Logits, build_segmentor
from tests.checkpoint.conftest import server  # noqa: F401
from tests.helpers import REPO
from tests.paddle_reference import make_param
from tests.test_packaging import installed, run, source, wheel  # noqa: F401

ZOO = REPO / 'configs/ppliteseg'
MODELS = yaml.safe_load((ZOO / 'metafile.yaml').read_text())['Models']
RELEASED = [model for model in MODELS if 'Results' in model]
ENCODERS = [model for model in MODELS if 'imagenet' in model['Name']]


def test_all_released_files_are_listed():
    assert len(RELEASED) == 8
    assert len(ENCODERS) == 2
    addresses = [urldefrag(model['Weights'])[0] for model in RELEASED]
    paddle = 'https://paddleseg.bj.bcebos.com/dygraph/'
    expected = [
        f'{paddle}cityscapes/pp_liteseg_{arch}_cityscapes_1024x512_scale{scale}_160k/model.pdparams'
        for arch in ('stdc1', 'stdc2')
        for scale in ('0.5', '0.75', '1.0')
    ]
    expected += [f'{paddle}camvid/pp_liteseg_{a}_camvid_960x720_10k/model.pdparams' for a in ('stdc1', 'stdc2')]
    assert addresses == expected


def test_mim_gives_every_file_a_name_of_its_own():
    names = [model['Weights'].split('/')[-1] for model in (*RELEASED, *ENCODERS)]
    assert len(set(names)) == 10
    assert names[:8] == [f'{model["Name"]}.pdparams' for model in RELEASED]


def test_every_weight_belongs_to_its_config():
    for model in RELEASED:
        cfg = Config.fromfile(REPO / model['Config'])
        assert cfg.model.backbone.arch in model['Weights']
        classes = 19 if 'cityscapes_1024x512' in model['Weights'] else 11
        assert cfg.model.decode_head.num_classes == classes
        resize = next((t for t in cfg.test_pipeline if t['type'] == 'Resize'), {})
        scale = re.search(r'scale([\d.]+)_', model['Weights'])
        assert float(scale[1] if scale else 1) == resize.get('scale_factor', 1)


def test_readme_and_metafile_say_the_same():
    text = (ZOO / 'README.md').read_text()
    for model in RELEASED:
        config = model['Config'].rsplit('/', 1)[1]
        row = next(line for line in text.splitlines() if f']({config})' in line)
        metrics, metadata = model['Results'][0]['Metrics'], model['Metadata']
        figures = [metrics.get(key) for key in ('mIoU', 'mIoU(flip)', 'mIoU(ms+flip)')]
        assert ' / '.join('-' if x is None else f'{x:.2f}' for x in figures) in row
        assert f'| {metadata["FLOPs"] / 1e9:.1f} |' in row
        assert f'| {metadata["Parameters"] / 1e6:.2f} M' in row
        assert f'| {metadata["Input Size"]} |' in row
        assert f'({model["Weights"]})' in row
    assert all(model['Weights'] in text for model in ENCODERS)


@pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')
def test_parameters_and_operations():
    """Against torch's own counter; tools/get_flops.py uses mmengine's (tests/engine/test_complexity.py)."""
    counter = pytest.importorskip('torch.utils.flop_counter').FlopCounterMode
    built = {}
    for model in MODELS:
        cfg = Config.fromfile(REPO / model['Config'])
        key = (cfg.model.backbone.arch, cfg.model.decode_head.num_classes, len(cfg.model.decode_head.in_channels))
        if key not in built:
            built[key] = build_segmentor(str(REPO / model['Config'])).to('meta').eval()
        network, metadata = built[key], model['Metadata']
        module = network.backbone if model in ENCODERS else network
        assert metadata['Parameters'] == sum(p.numel() for p in module.parameters() if p.requires_grad)
        if 'FLOPs' in metadata:
            size = [int(n) for n in metadata['Input Size'].split('x')]
            with counter(display=False) as flops, torch.no_grad():
                _Logits(network)(torch.zeros(1, 3, *size, device='meta'))
            assert metadata['FLOPs'] == flops.get_total_flops()


def make_weights():
    """A whole T for the 11 classes of the synthetic scenes."""
    decoder = Decoder((256, 512, 1024, 128), (32, 64, 128), (32, 64, 64), 'SpatialUAFM', True, False, 11)
    parts = (Encoder((2, 2, 2), 3, 64), Context(1024, 128, 3), decoder)
    return {key: make_param(key, shape) for part in parts for key, shape in part.layout(PADDLE)}


def test_mim_search_download_and_test(installed, server, tmp_path):  # noqa: F811
    pytest.importorskip('mim')
    data, name = dumps_pdparams(make_weights()), 'ppliteseg_stdc1_1xb4-1200_synthetic-144x192'
    server.put('/good/model.pdparams', data)
    server.put('/cut/model.pdparams', data[: len(data) // 2])
    other = [model['Name'] for model in RELEASED if 'camvid' in model['Name']]
    addresses = dict(zip((name, *other), ('good', 'cut', 'missing')))
    with_local_addresses(installed, {key: f'{server.url}/{folder}' for key, folder in addresses.items()})

    listed = run([installed, '-m', 'mim', 'search', 'mmseg_liteseg', '--valid-config'], cwd=tmp_path)
    assert all(model['Name'] in listed for model in MODELS)
    run([installed, '-m', 'mim', 'download', 'mmseg_liteseg', '--config', *addresses, '--dest', tmp_path], cwd=tmp_path)
    assert {path.name for path in tmp_path.glob('*')} >= {
        f'{key}.{end}' for key in addresses for end in ('py', 'pdparams')
    }
    assert (tmp_path / f'{name}.pdparams').read_bytes() == data

    options = ['test_dataloader.dataset.length=2', 'test_dataloader.num_workers=0']
    options += ['test_dataloader.persistent_workers=False']
    command = ['test', 'mmseg_liteseg', f'{name}.py', '--checkpoint', f'{name}.pdparams', '--cfg-options', *options]
    assert 'mIoU' in run([installed, '-m', 'mim', *command], cwd=tmp_path)

    # what the server sent in place of the others is noticed when it is loaded
    for key, message in zip(other, ('ends in the middle of its data', 'is a web page')):
        with pytest.raises(CheckpointFileError, match=rf'{key}\.pdparams {message}'):
            init_model(str(tmp_path / f'{key}.py'), str(tmp_path / f'{key}.pdparams'), device='cpu')


def with_local_addresses(python, addresses):
    """Lets the installed metafile, which lies in two places, point to a server on this machine."""
    paths = list(python.parents[1].glob('lib/*/site-packages/mmseg_liteseg*/.mim/configs/ppliteseg/metafile.yaml'))
    content = yaml.safe_load(paths[0].read_text())
    for model in content['Models']:
        if model['Name'] in addresses:
            model['Weights'] = f'{addresses[model["Name"]]}/model.pdparams#/{model["Name"]}.pdparams'
    for path in paths:
        path.write_text(yaml.safe_dump(content))
