"""The whole model, built from the base configs as a user's tool would."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData

from mmseg_liteseg.registry import MODELS
from tests.helpers import REPO, make_samples

COUNTS = {  # all, used at inference; 19 classes
    'ppliteseg_stdc1': (8_141_600, 8_028_320),
    'ppliteseg_stdc2': (12_366_464, 12_234_752),
}
SEPARABLE = {'mmseg_liteseg.UAFM': 6_248_160, 'mmseg_liteseg.SpatialUAFM': 6_248_448}


def build(name='ppliteseg_stdc1', **decode_head):
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / f'configs/_base_/models/{name}.py')
    cfg.merge_from_dict(dict(model=dict(decode_head=decode_head)))
    return MODELS.build(cfg.model)


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize('name', COUNTS)
def test_cardinality(name):
    model = build(name)
    auxiliary = count(model.decode_head.aux_heads)
    assert (count(model), count(model) - auxiliary) == COUNTS[name]


@pytest.mark.parametrize('fusion', SEPARABLE)
def test_cardinality_separable(fusion):
    assert count(build(fusion_cfg=dict(type=fusion, separable=True))) == SEPARABLE[fusion]


def test_two_uafms_as_in_the_paper():
    head = build('ppliteseg_stdc1_two-uafm').decode_head
    assert [(f.skip_channels, f.in_channels, f.out_channels) for f in head.fusions] == [(256, 64, 32), (512, 128, 64)]
    assert len(head.aux_heads) == 0


@pytest.mark.parametrize('size', [(1, 1), (1, 40), (33, 65), (90, 121), (64, 128)])
def test_any_size_predicts_at_the_original_size(size):
    model = build().eval()
    (sample,) = make_samples(1, size, 19)
    sample.set_metainfo(dict(img_shape=size, ori_shape=(size[0] + 3, size[1] * 2), pad_shape=size))
    with torch.no_grad():
        (result,) = model.predict(torch.rand(1, 3, *size), [sample])
    assert result.pred_sem_seg.data.shape == (1, size[0] + 3, size[1] * 2)


@pytest.mark.parametrize('size', [(1, 1), (33, 65), (64, 64)])
def test_any_size_trains(size):
    model = build().train()
    losses = model.loss(torch.rand(3, 3, *size), make_samples(3, size, 19))
    total, log = model.parse_losses(losses)
    total.backward()
    assert torch.isfinite(total)
    assert {'decode.loss_ce', 'decode.aux_0.loss_ce', 'decode.aux_1.loss_ce', 'decode.acc_seg'} < set(log)
    assert total.item() == pytest.approx(sum(log[k].item() for k in log if k.endswith('loss_ce')), rel=1e-6)


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    model = build()
    model.init_weights()
    losses = model.loss(torch.rand(3, 3, 96, 96), make_samples(3, (96, 96), 19))
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is not None for p in model.parameters())


def test_tensor_mode_is_the_main_heads_logits():
    model = build().train()
    assert model(torch.rand(2, 3, 64, 128), mode='tensor').shape == (2, 19, 8, 16)


def test_wrong_label_is_named_before_the_loss():
    model = build(num_classes=2, out_channels=None)
    samples = make_samples(2, (32, 32), 2)
    samples[0].gt_sem_seg = PixelData(data=torch.full((1, 32, 32), 9))
    samples[0].set_metainfo(dict(seg_map_path='labels/zero.png'))
    with pytest.raises(ValueError, match=r'labels \[9\] in labels/zero.png'):
        model.loss(torch.rand(2, 3, 32, 32), samples)
