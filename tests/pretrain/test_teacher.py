from __future__ import annotations

import copy

import pytest
import torch

from mmseg_liteseg.checkpoint.errors import CheckpointMismatchError
from mmseg_liteseg.errors import SettingError

pytestmark = pytest.mark.usefixtures('torchvision')
MEAN, STD = [100.0, 110.0, 120.0], [50.0, 60.0, 70.0]


def teacher_cfg(**options) -> dict:
    """The smallest of mmpretrain's own models that has BN."""
    head = dict(type='LinearClsHead', num_classes=4, in_channels=8)
    backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=8, out_indices=(1,))
    return dict(type='ImageClassifier', backbone=backbone, neck=dict(type='GlobalAveragePooling'), head=head, **options)


@pytest.fixture
def weights(tmp_path):
    """File of a teacher's weights."""
    from mmpretrain.registry import MODELS

    torch.manual_seed(0)
    model = MODELS.build(dict(teacher_cfg(), _scope_='mmpretrain'))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'teacher.pth')
    return str(tmp_path / 'teacher.pth')


def preprocessor(**options):
    from mmpretrain.models import ClsDataPreprocessor

    return ClsDataPreprocessor(**options)


@pytest.mark.parametrize('place', ['checkpoint', 'init_cfg', 'pretrained', 'file'])
def test_weights_arrive_and_stay(weights, place, tmp_path):
    from mmseg_liteseg.pretrain.teacher import build_teacher

    if place == 'checkpoint':
        teacher = build_teacher(teacher_cfg(), weights)
    elif place == 'init_cfg':
        teacher = build_teacher(teacher_cfg(init_cfg=dict(type='Pretrained', checkpoint=weights)))
    elif place == 'pretrained':
        teacher = build_teacher(teacher_cfg(pretrained=weights))
    else:
        path = tmp_path / 'config.py'
        path.write_text(f'model = {teacher_cfg()}\ndata_preprocessor = dict(mean={MEAN}, std={STD}, to_rgb=True)')
        teacher = build_teacher(str(path), weights)
        assert teacher.model.data_preprocessor.mean.flatten().tolist() == MEAN
    expected = torch.load(weights)['state_dict']
    assert all(torch.equal(value, expected[key]) for key, value in teacher.model.state_dict().items())
    assert not teacher.model.training
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())
    assert copy.deepcopy(teacher) is teacher


@pytest.mark.parametrize('given', [dict(), dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0])])
@pytest.mark.parametrize('to_rgb', [True, False])
def test_the_teacher_sees_the_image_in_its_own_normalisation(weights, given, to_rgb):
    from mmseg_liteseg.pretrain.teacher import build_teacher

    teacher = build_teacher(teacher_cfg(data_preprocessor=dict(mean=MEAN, std=STD, to_rgb=True)), weights)
    raw = torch.randint(0, 256, (2, 3, 32, 32))
    wanted = teacher.model.data_preprocessor(dict(inputs=raw))['inputs']
    student = preprocessor(to_rgb=to_rgb, **given)
    expected = teacher.model(wanted, mode='tensor')
    torch.testing.assert_close(teacher.logits(student(dict(inputs=raw))['inputs'], student), expected)


def test_a_teacher_without_normalisation_gets_the_students_images(weights):
    from mmseg_liteseg.pretrain.teacher import build_teacher

    teacher, inputs = build_teacher(teacher_cfg(), weights), torch.rand(2, 3, 32, 32)
    given = preprocessor(mean=MEAN, std=STD)
    assert torch.equal(teacher.logits(inputs, given), teacher.model(inputs, mode='tensor'))


def test_a_teacher_without_weights_is_refused():
    from mmseg_liteseg.pretrain.teacher import build_teacher

    with pytest.raises(SettingError, match='nothing says where its weights are: set teacher_checkpoint'):
        build_teacher(teacher_cfg())


def test_a_missing_config_is_named():
    from mmseg_liteseg.pretrain.teacher import build_teacher

    with pytest.raises(SettingError, match=r'nowhere\.py is no file'):
        build_teacher('nowhere.py', 'x.pth')


@pytest.mark.parametrize('change', ['missing', 'shape'])
def test_half_a_teacher_is_refused(weights, change):
    from mmseg_liteseg.pretrain.teacher import build_teacher

    state_dict = torch.load(weights)['state_dict']
    if change == 'missing':
        del state_dict['head.fc.weight']
    else:
        state_dict['head.fc.weight'] = torch.zeros(9, 8)
    torch.save(dict(state_dict=state_dict), weights)
    what = 'lacks' if change == 'missing' else 'has other shapes for'
    with pytest.raises(CheckpointMismatchError, match=rf'teacher\.pth {what} head\.fc\.weight'):
        build_teacher(teacher_cfg(), weights)


def test_models_of_timm(monkeypatch):
    timm = pytest.importorskip('timm')
    from mmseg_liteseg.pretrain.teacher import build_teacher

    made = timm.create_model('resnet10t', num_classes=4)
    monkeypatch.setattr('timm.models.create_model', lambda *_, pretrained, **__: made if pretrained else None)
    before = {key: value.clone() for key, value in made.state_dict().items()}
    teacher = build_teacher(dict(type='TimmClassifier', model_name='resnet10t', pretrained=True))
    assert all(torch.equal(before[key], value) for key, value in made.state_dict().items())
    inputs = torch.rand(1, 3, 64, 64)
    assert torch.equal(teacher.logits(inputs, preprocessor()), made(inputs))
