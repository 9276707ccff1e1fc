"""Encoders of others, made by the host's own STDCNet and its converter from the authors' names."""

from __future__ import annotations

import os
from pathlib import Path

import mmseg
import pytest
import torch
from mmengine.runner import load_checkpoint
from mmseg.models.backbones import STDCNet as HostSTDCNet

from mmseg_liteseg.checkpoint.convert_file import convert_file
from mmseg_liteseg.checkpoint.errors import CheckpointFileError, CheckpointMismatchError
from mmseg_liteseg.checkpoint.stdc_weights import AUTHORS, HOST, find_layout, from_stdc
from mmseg_liteseg.models import STDCNet
from tests.checkpoint.attacks import forget_trust

CHANNELS = (4, 8, 32, 64, 128)


def make_host(arch: str = 'stdc1') -> HostSTDCNet:
    torch.manual_seed(0)
    kind = dict(stdc1='STDCNet1', stdc2='STDCNet2')[arch]
    model = HostSTDCNet(kind, 3, CHANNELS, 'cat', norm_cfg=dict(type='BN'), act_cfg=dict(type='ReLU'))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            module.num_batches_tracked.fill_(7)
    return model.eval()


def as_authors(state_dict: dict, arch: str = 'stdc1') -> dict:
    """The authors' names for mmseg's tensors, with the classifier that their files hold."""
    blocks, flat, result = dict(stdc1=(2, 2, 2), stdc2=(4, 5, 3))[arch], {'0': 0, '1': 1}, {}
    for stage, depth in enumerate(blocks):
        for block in range(depth):
            flat[f'{stage + 2}.{block}'] = len(flat)
    for key, value in state_dict.items():
        stage, block, rest = key[len('stages.') :].split('.', 2)
        index = flat[stage] if stage in flat else flat[f'{stage}.{block}']
        rest = f'{block}.{rest}' if stage in flat else rest
        rest = rest.replace('layers.', 'conv_list.')
        rest = rest.replace('downsample.conv', 'avd_layer.0').replace('downsample.bn', 'avd_layer.1')
        result[f'features.{index}.{rest}'] = value
    alias = {f'x2.0.0.{key[len("features.0.") :]}': value for key, value in result.items() if '.0.conv' in key[:16]}
    top = {'conv_last.conv.weight': torch.zeros(8, 8, 1, 1), 'fc.weight': torch.zeros(8, 8), 'bn.bias': torch.zeros(8)}
    return {**result, **alias, **top}


def test_the_authors_names_are_what_the_hosts_converter_expects():
    folder = Path(mmseg.__file__).parent / '.mim/tools/model_converters/stdc2mmseg.py'
    if not folder.is_file():
        pytest.skip('this mmseg is installed without its tools')
    code = folder.read_text()
    names = {}
    exec(compile(code[code.index('def convert_stdc') : code.index('def main')], str(folder), 'exec'), names)
    for arch, kind in (('stdc1', 'STDC1'), ('stdc2', 'STDC2')):
        wanted = make_host(arch).state_dict()
        converted = names['convert_stdc'](as_authors(wanted, arch), kind)
        assert converted.keys() == wanted.keys()
        assert all(torch.equal(converted[key], value) for key, value in wanted.items())


@pytest.mark.parametrize('arch', ['stdc1', 'stdc2'])
@pytest.mark.parametrize('kind', ['host', 'authors'])
def test_parity_with_the_host_at_odd_sizes(arch, kind):
    host = make_host(arch)
    weights = host.state_dict() if kind == 'host' else as_authors(host.state_dict(), arch)
    model = STDCNet(arch, base_channels=8, count_include_pad=True).eval()
    model.load_state_dict(weights)
    image = torch.rand(1, 3, 75, 101)
    for ours, theirs in zip(model(image), host(image)):
        assert torch.equal(ours, theirs)
    counters = [value for key, value in model.state_dict().items() if key.endswith('num_batches_tracked')]
    assert {int(value) for value in counters} == {7}


def test_without_the_option_the_border_differs_and_the_log_says_why(monkeypatch):
    lines = []
    monkeypatch.setattr('mmseg_liteseg.models.backbones.stdc.print_log', lambda text, *_: lines.append(text))
    host, model = make_host(), STDCNet(base_channels=8).eval()
    model.load_state_dict(host.state_dict())
    assert len(lines) == 1
    assert "of mmseg's STDCNet" in lines[0]
    assert 'count_include_pad=True' in lines[0]
    image = torch.rand(1, 3, 128, 128)
    ours, theirs = model(image)[0], host(image)[0]
    assert not torch.allclose(ours[..., 0], theirs[..., 0], atol=1e-3)
    torch.testing.assert_close(ours[..., 8, 8], theirs[..., 8, 8])


@pytest.mark.parametrize('prefix', ['', 'module.', 'cp.backbone.', 'backbone.'])
@pytest.mark.parametrize(('layout', 'rename'), [(HOST, dict), (AUTHORS, as_authors)])
def test_found_behind_any_prefix(prefix, layout, rename):
    state_dict = {prefix + key: value for key, value in rename(make_host().state_dict()).items()}
    state_dict['decode_head.bias'] = torch.zeros(1)
    assert find_layout(state_dict) == (layout, prefix)
    conversion = from_stdc(state_dict)
    model = STDCNet(base_channels=8)
    assert {key[len('backbone.') :] for key in conversion.tensors} == set(model.state_dict())
    assert conversion.report.dropped['decode_head.bias'] == 'not part of the encoder'
    assert set(conversion.report.used) | set(conversion.report.dropped) == set(state_dict)


def test_ours_and_other_networks_are_left_alone():
    assert find_layout(STDCNet(base_channels=8).state_dict()) is None
    assert find_layout({'backbone.stages.0.0.convs.0.conv.weight': None, 'conv1.weight': None}) is None
    with pytest.raises(CheckpointFileError, match=r"features.0.conv.weight .*its first key is 'conv1.weight'"):
        from_stdc({'conv1.weight': torch.zeros(1)})


def test_files_without_counters_of_batches():
    old = {key: value for key, value in make_host().state_dict().items() if 'num_batches' not in key}
    conversion = from_stdc(old)
    assert len(conversion.report.added) == sum(key.endswith('running_var') for key in old)
    STDCNet(base_channels=8).load_state_dict({key[len('backbone.') :]: v for key, v in conversion.tensors.items()})


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda weights: weights.pop('stages.3.1.layers.2.bn.running_mean'), r'1 missing: .*stages.3.1.layers.2.bn'),
        (lambda weights: weights.update({'stages.2.0.skip.0.weight': torch.zeros(1)}), r'1 unknown: .*skip'),
        (lambda weights: weights.update({'stages.1.bn.bias': torch.zeros(3)}), r'has shape \(3,\) instead of \(8,\)'),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    weights = dict(make_host().state_dict())
    change(weights)
    with pytest.raises(CheckpointFileError, match=message):
        STDCNet(base_channels=8).load_state_dict(weights)


def test_the_wrong_arch_is_named():
    with pytest.raises(CheckpointMismatchError, match=r'file is STDC2.*config builds STDC1'):
        STDCNet('stdc1', base_channels=8).load_state_dict(make_host('stdc2').state_dict())


@pytest.mark.parametrize('name', ['STDCNet813M_73.91.tar', 'stdc1_20220308-5368626c.pth'])
def test_one_line_brings_a_file_into_segmentation(tmp_path, name):
    weights = make_host().state_dict()
    theirs = as_authors(weights) if name.endswith('.tar') else weights
    torch.save(dict(state_dict=theirs), tmp_path / name)
    cfg = dict(type='Pretrained', checkpoint=str(tmp_path / name))
    model = STDCNet(base_channels=8, count_include_pad=True, init_cfg=cfg)
    model.init_weights()
    assert torch.equal(model.state_dict()['stem.0.conv.weight'], weights['stages.0.conv.weight'])


def ours(arch='stdc1', **options):
    torch.manual_seed(3)
    return STDCNet(arch, base_channels=8, **options).state_dict()


def behind(prefix, weights):
    return {prefix + key: value for key, value in weights.items()}


def load_pretrained(folder, content, arch='stdc1', in_channels=3, **options):
    """A training's start from a file, by ``init_cfg`` alone."""
    torch.save(content, folder / 'given.pth')
    cfg = dict(type='Pretrained', checkpoint=str(folder / 'given.pth'), **options)
    model = STDCNet(arch, in_channels, base_channels=8, init_cfg=cfg)
    model.init_weights()
    return model.state_dict()


CLASSIFIER = {'head.fc.weight': torch.zeros(8, 8), 'head.linear.weight': torch.zeros(3, 8)}
FOUND = {
    'encoder alone': (lambda: ours(), {}),
    'state_dict in a checkpoint': (lambda: dict(state_dict=ours(), meta=dict(epoch=1)), {}),
    'a classifier, with the prefix': (
        lambda: dict(state_dict={**behind('backbone.', ours()), **CLASSIFIER}),
        dict(prefix='backbone.'),
    ),
    'a classifier, prefix without the dot': (
        lambda: dict(state_dict={**behind('backbone.', ours()), **CLASSIFIER}),
        dict(prefix='backbone'),
    ),
    'a classifier, no prefix': (lambda: dict(state_dict={**behind('backbone.', ours()), **CLASSIFIER}), {}),
    'DataParallel': (lambda: behind('module.', ours()), {}),
    'a classifier in DataParallel': (
        lambda: dict(state_dict=behind('module.', {**behind('backbone.', ours()), **CLASSIFIER})),
        {},
    ),
    'an average beside it': (
        lambda: dict(state_dict=ours(), ema_state_dict=behind('module.', ours('stdc1', in_channels=5))),
        {},
    ),
}


@pytest.mark.parametrize('name', FOUND)
def test_an_encoder_of_ours_is_found(tmp_path, name):
    make, options = FOUND[name]
    found, expected = load_pretrained(tmp_path, make(), **options), ours()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], value) for key, value in expected.items())


FIT = r'given\.pth: the file does not fit the config: '
REFUSED = {
    'the other arch': (lambda: ours('stdc2'), {}, FIT + r'.*file is STDC2.*config builds STDC1'),
    'the other arch, larger': (lambda: ours(), dict(arch='stdc2'), FIT + r'.*file is STDC1.*config builds STDC2'),
    'the other arch, a classifier': (lambda: dict(state_dict=behind('backbone.', ours('stdc2'))), {}, FIT + '.*STDC2'),
    'more channels than the images': (lambda: ours(in_channels=4), {}, FIT + r'.*images of 4 channels'),
    'another width': (lambda: STDCNet(base_channels=16).state_dict(), {}, FIT),
    'another network': (
        lambda: {'conv1.weight': torch.zeros(1)},
        {},
        r"given\.pth: holds no STDC encoder.*'conv1\.weight'",
    ),
    'two encoders': (
        lambda: {**behind('model.', ours()), **behind('ema.', ours())},
        {},
        r'given\.pth: holds 2 STDC encoders',
    ),
    'weights under another name': (
        lambda: dict(model=ours(), epoch=3),
        {},
        r"given\.pth: holds no STDC encoder.*'model'",
    ),
    'a prefix that is not there': (
        lambda: ours(),
        dict(prefix='encoder.'),
        r'given\.pth: encoder\. is not in .* leave init_cfg\.prefix out',
    ),
    'a part is missing': (lambda: {key: value for key, value in ours().items() if 'stages.2.1' not in key}, {}, FIT),
}


@pytest.mark.parametrize('name', REFUSED)
def test_what_would_leave_random_weights_is_refused(tmp_path, name):
    make, options, message = REFUSED[name]
    with pytest.raises(CheckpointMismatchError, match=message):
        load_pretrained(tmp_path, make(), **options)


def test_images_of_more_channels_than_the_file_still_load(tmp_path):
    assert load_pretrained(tmp_path, ours(), in_channels=4)['stem.0.conv.weight'].shape[1] == 4


def test_a_file_that_would_have_to_be_run_is_named(tmp_path, monkeypatch):
    forget_trust(monkeypatch)
    marker = tmp_path / 'marker'
    with pytest.raises(CheckpointFileError, match=r'given\.pth .*mkdir'):
        load_pretrained(tmp_path, dict(state_dict=ours(), optimizer=Hostile(marker)))
    assert not marker.exists()


@pytest.mark.parametrize('zipped', [True, False])
def test_converted_files_load_as_ours(tmp_path, zipped):
    weights = make_host().state_dict()
    source, target = tmp_path / 'STDCNet813M_73.91.tar', tmp_path / 'stdc1.pth'
    torch.save(dict(state_dict=as_authors(weights)), source, _use_new_zipfile_serialization=zipped)
    convert_file(str(source), str(target))
    assert torch.load(target, weights_only=True)['meta']['arch'] == 'stdc1'
    cfg = dict(type='Pretrained', checkpoint=str(target), prefix='backbone.')
    model = STDCNet(base_channels=8, init_cfg=cfg)
    model.init_weights()
    for key, value in from_stdc(weights).tensors.items():
        assert torch.equal(model.state_dict()[key[len('backbone.') :]], value)
    load_checkpoint(model, str(target))


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_nothing_in_a_file_runs(tmp_path):
    marker, source = tmp_path / 'marker', tmp_path / 'x.tar'
    torch.save(dict(state_dict=as_authors(make_host().state_dict()), optimizer=Hostile(marker)), source)
    with pytest.raises(CheckpointFileError, match=r'x\.tar .*mkdir'):
        convert_file(str(source), str(tmp_path / 'y.pth'))
    assert not marker.exists()
