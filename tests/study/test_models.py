from __future__ import annotations

import copy

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from torch import nn

from mmseg_liteseg.study.budget import BUDGETS
from mmseg_liteseg.study.config import Job, compose
from mmseg_liteseg.study.cost import build, cost_of
from mmseg_liteseg.study.errors import StudyError
from mmseg_liteseg.study.models import ENTRIES, get_entry
from tests.helpers import make_samples

# T with 11 classes, from the parts of the paper's table 1: a context of 128 channels, three fusions, three heads
PARAMETERS = {
    'T': 8140320,
    'B': 12364928,
    'T-without-FLD': 8122016,
    'T-without-SPPM': 7729440,
    'T-add': 8140320 - 3 * (4 * 2 * 9 + 2 * 9 + 2 * 2 + 2 * 1),
    'T-mmseg-OHEM': 8140320,
    'T-padded-pool': 8140320,
}


@pytest.fixture(params=[name for name, entry in ENTRIES.items() if not entry.settings])
def built(request):
    model = MODELS.build(compose(Job(request.param, 'smoke')).model)
    model.init_weights()
    return request.param, model


def test_forward_loss_and_gradients(built):
    _, model = built
    samples = make_samples(2, (96, 128), 11)
    for sample in samples:
        sample.gt_edge_map = PixelData(data=(sample.gt_sem_seg.data == 3).long())
        sample.set_metainfo(dict(img_shape=(96, 128), ori_shape=(96, 128)))
    images = torch.rand(2, 3, 96, 128) * 2 - 1
    losses = model.train().loss(images, samples)
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total)
    total.backward()
    assert [key for key, p in model.named_parameters() if p.requires_grad and p.grad is None] == []
    prediction = model.eval().predict(images, copy.deepcopy(samples))
    assert prediction[0].pred_sem_seg.data.shape == (1, 96, 128)
    assert prediction[0].seg_logits.data.shape == (11, 96, 128)


def test_no_weights_of_others_and_no_sync_bn(built):
    _, model = built
    assert not [module for module in model.modules() if isinstance(module, nn.SyncBatchNorm)]
    text = str(compose(Job(built[0], 'smoke')).model)
    assert 'Pretrained' not in text
    assert 'http' not in text
    assert 'class_weight' not in text
    assert model.data_preprocessor.__class__.__name__ == 'LiteSegDataPreProcessor'


@pytest.mark.parametrize('name', PARAMETERS)
def test_parameters(name):
    with torch.device('meta'):
        model = build(name)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == PARAMETERS[name]


def test_cost_leaves_out_what_only_trains():
    cost = cost_of('BiSeNetV2')
    assert cost.params > 14e6
    assert cost.inference_params < 3.5e6
    assert cost_of('T', 'enlarged').flops == pytest.approx(4 * cost_of('T', 'whole').flops, rel=0.03)


@pytest.mark.parametrize(
    ('name', 'path', 'share'),
    [
        ('STDC1-Seg', 'decode_head.sampler', 10000 / (512 * 1024)),
        ('DDRNet23-slim', 'decode_head.loss_decode.0', 1 / 48),
    ],
)
def test_hard_example_mining_keeps_its_share(name, path, share):
    for budget, crop, batch in (('gpu', 360 * 480, 16), ('cpu', 288 * 384, 8)):
        node = compose(Job(name, budget)).model
        for part in path.split('.'):
            node = node[int(part)] if part.isdigit() else node[part]
        pixels = crop * (batch if 'loss' in path else 1)
        assert node.min_kept / pixels == pytest.approx(share, rel=1e-3)


def test_a_recipe_without_hard_pixels_has_none_for_all():
    model = compose(Job('STDC1-Seg', 'starts')).model
    assert [head.get('sampler') for head in (model.decode_head, *model.auxiliary_head)] == [None] * 4


def test_edge_head_keeps_its_classes():
    heads = compose(Job('STDC1-Seg', 'cpu')).model.auxiliary_head
    assert [head.num_classes for head in heads] == [11, 11, 2]


def test_padded_pool_counts_the_zeros():
    ours, padded = (MODELS.build(compose(Job(name, 'cpu')).model).backbone for name in ('T', 'T-padded-pool'))
    assert ours.state_dict().keys() == padded.state_dict().keys()
    x = torch.ones(1, 32, 4, 4)
    assert torch.equal(ours.stages[0][0].pool(x), torch.ones(1, 32, 2, 2))
    assert padded.stages[0][0].pool(x)[0, 0, 0, 0] == pytest.approx(4 / 9)


def test_unknown_names_are_refused():
    with pytest.raises(StudyError, match=r'model T-ad: expected one of T, .*\(close: T-add'):
        get_entry('T-ad')
    with pytest.raises(StudyError, match=f'budget huge: expected one of {", ".join(BUDGETS)}'):
        compose(Job('T', 'huge'))
