import pytest
import torch

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.graph import interface_of, make_graph
from mmseg_liteseg.deploy.images import images_of
from mmseg_liteseg.deploy.source import load_source, reference_logits
from tests.helpers import assert_argmax

SIZE = (50, 70)


def run(source, **wanted):
    interface = interface_of(source, **wanted)
    image = interface.prepare(images_of(SIZE, 2))
    with torch.no_grad():
        return make_graph(source, interface)(torch.from_numpy(image))


@pytest.fixture(scope='module')
def expected(source):
    pictures = [torch.from_numpy(picture).permute(2, 0, 1) for picture in images_of(SIZE, 2)]
    return reference_logits(source.model, source.model.data_preprocessor(dict(inputs=pictures))['inputs'])


@pytest.mark.parametrize(
    'preprocessing', [{}, dict(raw=True), dict(raw=True, color='bgr'), dict(raw=True, color='rgb')]
)
def test_logits_and_labels(source, expected, preprocessing):
    logits, labels = (run(source, output=output, **preprocessing) for output in ('logits', 'labels'))
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
    assert labels.dtype == torch.uint8
    assert_argmax(labels, expected)


@pytest.mark.parametrize('dtype', ['uint8', 'int32', 'int64'])
def test_type_of_labels(source, dtype):
    graph = make_graph(source, interface_of(source, output='labels'), dtype)
    with torch.no_grad():
        assert graph(torch.rand(1, 3, 33, 33)).dtype == getattr(torch, dtype)


def test_labels_that_the_type_cannot_hold(source, monkeypatch):
    monkeypatch.setattr(source.model.decode_head, 'num_classes', 257)
    with pytest.raises(DeployError, match='uint8 cannot hold 257 classes'):
        make_graph(source, interface_of(source, output='labels'))


def test_scores_are_the_heads_own(source):
    assert run(source, output='scores').shape == (2, 11, 7, 9)


def test_colour_needs_raw_input(source):
    with pytest.raises(DeployError, match='rgb'):
        interface_of(source, color='bgr')


def test_grey_image_and_one_logit(tiny, source, tmp_path):
    weights = torch.load(tiny[1], weights_only=True)['state_dict']
    stem = 'backbone.stem.0.conv.weight'
    weights[stem] = weights[stem].sum(1, keepdim=True)
    for key in [k for k in weights if 'conv_seg.weight' in k]:
        weights[key] = weights[key][:1]
    torch.save(weights, tmp_path / 'grey.pth')
    loss = dict(type='CrossEntropyLoss', use_sigmoid=True)
    options = {
        'model.data_preprocessor.mean': [100.0],
        'model.data_preprocessor.std': [50.0],
        'model.data_preprocessor.bgr_to_rgb': False,
        'model.backbone.in_channels': 1,
        'model.decode_head.num_classes': 2,
        'model.decode_head.out_channels': 1,
        'model.decode_head.threshold': 0.5,
        'model.decode_head.loss_decode': loss,
        'model.decode_head.sampler': None,
        'test_dataloader.dataset.metainfo': dict(classes=('a', 'b'), palette=[[0, 0, 0], [1, 1, 1]]),
    }
    grey = load_source(str(tiny[0]), str(tmp_path / 'grey.pth'), options)
    x = torch.randn(1, 1, *SIZE, generator=torch.Generator().manual_seed(0))
    grey.model.decode_head.threshold = reference_logits(grey.model, x).sigmoid().median().item()
    interface = interface_of(grey, output='labels')
    assert interface.color == 'gray'
    with torch.no_grad():
        labels = make_graph(grey, interface)(x)
    predicted = grey.model.predict(x)[0].pred_sem_seg.data
    assert torch.equal(labels.long(), predicted.long())
    assert 0 < labels.float().mean() < 1
