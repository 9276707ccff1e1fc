from __future__ import annotations

import copy
import inspect

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
    from mmpretrain.models import TimmClassifier

    from mmseg_liteseg.pretrain.teacher import build_teacher

    # mmpretrain asks for timm when it is imported, which may have been before the fixture brought timm in
    monkeypatch.setattr(TimmClassifier, '__init__', inspect.unwrap(TimmClassifier.__init__))
    made = timm.create_model('resnet10t', num_classes=4)
    monkeypatch.setattr('timm.models.create_model', lambda *_, pretrained, **__: made if pretrained else None)
    before = {key: value.clone() for key, value in made.state_dict().items()}
    teacher = build_teacher(dict(type='TimmClassifier', model_name='resnet10t', pretrained=True))
    assert all(torch.equal(before[key], value) for key, value in made.state_dict().items())
    inputs = torch.rand(1, 3, 64, 64)
    # our configs' normalisation is the one that timm knows of it: the images stay as they are
    given = preprocessor(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
    assert torch.equal(teacher.logits(inputs, given), made(inputs))


class Inside(torch.nn.Module):
    """What timm makes: a network that takes one size, and knows how its images were prepared."""

    pretrained_cfg = dict(mean=(0.5, 0.4, 0.3), std=(0.5, 0.5, 0.25))

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 4)

    def forward(self, x):
        assert x.shape[2:] == (32, 32), f"Input height ({x.shape[2]}) doesn't match model (32)."
        return self.linear(x.mean((2, 3)))


@pytest.fixture
def timm_like(monkeypatch):
    """mmpretrain's type of timm's models around `Inside`."""
    from mmpretrain.models import ImageClassifier
    from mmpretrain.registry import MODELS

    @MODELS.register_module(force=True)
    class TimmLike(ImageClassifier):
        def __init__(self, pretrained, data_preprocessor=None):
            super().__init__(
                backbone=dict(type='mmseg_liteseg.STDCNet', base_channels=4), data_preprocessor=data_preprocessor
            )
            self.model = Inside()

        def forward(self, inputs, data_samples=None, mode='tensor'):
            return self.model(inputs)

    yield dict(type='TimmLike', pretrained=True)
    MODELS.module_dict.pop('TimmLike')


def test_a_model_of_timm_sees_images_as_timm_prepares_them(timm_like):
    from mmseg_liteseg.pretrain.teacher import build_teacher

    teacher = build_teacher(timm_like)
    raw = torch.randint(0, 256, (2, 3, 32, 32))
    student = preprocessor(mean=MEAN, std=STD, to_rgb=True)
    pixels = raw.flip(1) / 255
    mean, std = (torch.tensor(Inside.pretrained_cfg[name])[:, None, None] for name in ('mean', 'std'))
    found = teacher.logits(student(dict(inputs=raw))['inputs'], student)
    torch.testing.assert_close(found, teacher.model.model((pixels - mean) / std), rtol=1e-4, atol=1e-5)
    told = build_teacher(dict(timm_like, data_preprocessor=dict(mean=MEAN, std=STD)))
    assert told.model.data_preprocessor.mean.flatten().tolist() == MEAN


def student_of(teacher, **options):
    from mmpretrain.registry import MODELS

    import mmseg_liteseg.pretrain  # noqa: F401

    backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=4, out_indices=(4,))
    head = dict(type='mmseg_liteseg.STDCHead', num_classes=4, in_channels=64, channels=8)
    cfg = dict(type='mmseg_liteseg.SSLDClassifier', teacher=teacher, backbone=backbone, head=head, **options)
    return MODELS.build(dict(cfg, _scope_='mmpretrain'))


def test_a_teacher_of_one_size_gets_it_or_says_which_setting(timm_like):
    inputs = torch.rand(2, 3, 64, 96)
    with pytest.raises(SettingError, match=r'shape \(2, 3, 64, 96\).*Input height \(64\).* set model\.teacher_size'):
        student_of(timm_like).loss(inputs)
    for size in (32, (32, 32)):
        assert student_of(timm_like, teacher_size=size).loss(inputs)['loss'].isfinite()
    for size in (0, 3.5, (1, 2, 3)):
        with pytest.raises(SettingError, match='teacher_size'):
            student_of(timm_like, teacher_size=size)


def test_a_teacher_of_other_channels_says_so(weights):
    student = student_of(teacher_cfg(), teacher_checkpoint=weights)
    student.backbone = torch.nn.Sequential(torch.nn.Conv2d(5, 3, 1), student.backbone)
    with pytest.raises(SettingError, match=r'in_channels=3 expects|as many channels'):
        student.loss(torch.rand(2, 5, 64, 64))
