import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.models.segmentors.distillation import Distillation
from mmseg_liteseg.ops.distillation import kl_divergence
from mmseg_liteseg.registry import MODELS
from tests.checkpoint.attacks import forget_trust
from tests.deploy.conftest import fill, write_project
from tests.helpers import make_samples


@pytest.fixture(scope='module')
def teacher(tmp_path_factory):
    """Config and checkpoint of a thin PP-LiteSeg with 11 classes."""
    return tuple(map(str, write_project(tmp_path_factory.mktemp('teacher'))))


def make_student(teacher, **options):
    cfg = Config.fromfile(teacher[0]).model
    cfg.distillation = dict(teacher=teacher[0], checkpoint=teacher[1], **options) if options is not None else None
    for part in (cfg.backbone, cfg.neck, cfg.decode_head):
        part.norm_cfg = dict(type='BN')
    torch.manual_seed(1)
    return fill(MODELS.build(cfg), seed=5)


def make_batch():
    torch.manual_seed(0)
    return torch.randn(2, 3, 64, 96), make_samples(2, (64, 96), 11)


@pytest.mark.parametrize('pixels', ['all', 'labelled', 'hard'])
def test_loss_is_the_divergence_of_both_predictions(teacher, pixels):
    student = make_student(teacher, temperature=2.0, loss_weight=0.3, pixels=pixels).eval()
    inputs, samples = make_batch()
    losses = student.loss(inputs, samples)
    own = fill(MODELS.build(Config.fromfile(teacher[0]).model)).eval()
    with torch.no_grad():
        logits, expected = student(inputs, mode='tensor'), own(inputs, mode='tensor')
    weight = None
    if pixels != 'all':
        small = torch.stack([s.gt_sem_seg.data for s in samples]).float()
        small = F.interpolate(small, logits.shape[2:], mode='nearest-exact')[:, 0].long()
        weight = (small != 255).float()
    if pixels == 'hard':
        prob = logits.softmax(1).gather(1, (small * (small != 255))[:, None])[:, 0]
        kept = 2 * 64 * 96 // 16 * small.numel() // (2 * 64 * 96)
        limit = max(0.7, prob[small != 255].sort().values[kept - 1].item())
        weight *= prob < limit
    torch.testing.assert_close(losses['distill.loss_kl'], 0.3 * kl_divergence(logits, expected, 2.0, weight))
    plain = make_student(teacher, temperature=1.0)
    plain.distillation = None
    for key, value in plain.eval().loss(inputs, samples).items():
        torch.testing.assert_close(losses[key], value)


def test_the_student_comes_to_agree(teacher):
    student = make_student(teacher, loss_weight=1.0)
    inputs, samples = make_batch()
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    values = []
    for _ in range(15):
        losses = student.train().loss(inputs, samples)
        optimizer.zero_grad()
        losses['distill.loss_kl'].backward()
        optimizer.step()
        values.append(losses['distill.loss_kl'].item())
    assert values[-1] < 0.5 * values[0]


def test_the_teacher_is_no_part_of_the_student(teacher):
    student = make_student(teacher)
    plain = make_student(teacher)
    plain.distillation = None
    student.init_weights()
    student.loss(*make_batch())
    assert list(student.state_dict()) == list(plain.state_dict())
    assert len(list(student.parameters())) == len(list(plain.parameters()))
    inside = student.distillation._teacher.model
    assert not inside.training
    student.train()
    assert not inside.training
    assert not any(p.requires_grad for p in inside.parameters())
    assert copy.deepcopy(student).distillation._teacher.model is inside
    assert inside.decode_head.aux_heads[0].conv_seg.weight.grad is None


def test_mixed_precision_leaves_the_divergence_in_float32(teacher):
    inputs, samples = make_batch()
    values = []
    for mixed in (False, True):
        student = make_student(teacher).train()
        with torch.autocast('cpu', torch.bfloat16, enabled=mixed):
            loss = student.loss(inputs, samples)['distill.loss_kl']
        loss.backward()
        assert all(p.grad.isfinite().all() for p in student.parameters() if p.grad is not None)
        values.append(loss)
    assert values[1].dtype == torch.float32
    torch.testing.assert_close(*values, rtol=0.05, atol=1e-3)


def test_a_student_is_traced_without_its_teacher(teacher):
    student = make_student(teacher).eval()
    student.init_weights()
    plain = make_student(teacher).eval()
    plain.distillation = None
    inputs, _ = make_batch()
    traced, expected = (torch.jit.trace(model, inputs, check_trace=False) for model in (student, plain))
    assert traced.state_dict().keys() == expected.state_dict().keys()
    assert str(traced.inlined_graph).count('aten::_convolution') == str(expected.inlined_graph).count(
        'aten::_convolution'
    )


def test_inference_looks_for_no_teacher(teacher):
    student = make_student((teacher[0], 'nowhere.pth')).eval()
    plain = make_student(teacher).eval()
    inputs, _ = make_batch()
    found, expected = (model.predict(inputs)[0].pred_sem_seg.data for model in (student, plain))
    assert torch.equal(found, expected)
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth'):
        student.init_weights()


def test_the_teacher_gets_images_as_it_knows_them(teacher, tmp_path):
    """Other mean, std and order of channels, and mmseg's own preprocessor: the same prediction from the same pixels."""
    cfg = Config.fromfile(teacher[0])
    cfg.model.data_preprocessor = dict(
        type='SegDataPreProcessor', mean=[90.0, 100.0, 110.0], std=[50.0, 60.0, 70.0], bgr_to_rgb=False, size=(64, 96)
    )
    cfg.dump(tmp_path / 'other.py')
    student = make_student((str(tmp_path / 'other.py'), teacher[1]))
    student.init_weights()
    pixels = torch.randint(0, 256, (3, 64, 96), dtype=torch.uint8)
    batch = dict(inputs=[pixels], data_samples=make_samples(1, (64, 96), 11))
    inside = student.distillation._teacher
    prepared = student.data_preprocessor(copy.deepcopy(batch), True)['inputs']
    own = inside.model.data_preprocessor(copy.deepcopy(batch), True)['inputs']
    expected = inside.model(own, mode='tensor')
    torch.testing.assert_close(inside.logits(prepared, student.data_preprocessor), expected, rtol=1e-4, atol=1e-4)


class Evil:
    def __reduce__(self):
        return (print, ('a file was run',))


def test_exception_a_file_that_would_have_to_be_run(teacher, tmp_path, capsys, monkeypatch):
    forget_trust(monkeypatch)
    with open(tmp_path / 'evil.pth', 'wb') as stream:
        pickle.dump(dict(state_dict=Evil()), stream)
    with pytest.raises(ValueError, match=r'evil\.pth'):
        make_student((teacher[0], str(tmp_path / 'evil.pth'))).init_weights()
    assert 'a file was run' not in capsys.readouterr().out


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(temperature=0), 'temperature must be above 0'),
        (dict(loss_weight=-1), 'loss_weight'),
        (dict(pixels='some'), 'pixels must be one of all, labelled, hard'),
    ],
)
def test_exception_names_the_setting(teacher, options, message):
    with pytest.raises(SettingError, match=f'distillation.{message}'):
        make_student(teacher, **options)


def test_exception_other_classes(teacher, tmp_path):
    cfg = Config.fromfile(teacher[0])
    cfg.model.decode_head.num_classes = 5
    cfg.dump(tmp_path / 'five.py')
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), tmp_path / 'five.pth')
    student = make_student((teacher[0], str(tmp_path / 'five.pth')))
    student.distillation._config = str(tmp_path / 'five.py')
    with pytest.raises(SettingError, match='has 5 classes, the student 11'):
        student.init_weights()
    with pytest.raises(ValueError, match=r'five\.pth has other shapes for decode_head'):
        make_student((teacher[0], str(tmp_path / 'five.pth'))).init_weights()


COMMON = dict(in_channels=128, in_index=2, channels=8, num_classes=11, norm_cfg=dict(type='BN'))
PLAIN = dict(COMMON, type='FCNHead', num_convs=1)
SEGMENTER = dict(COMMON, type='SegmenterMaskTransformerHead', num_layers=1, num_heads=1, embed_dims=8)
SEGMENTER['norm_cfg'] = dict(type='LN')
OCR = dict(COMMON, type='OCRHead', ocr_channels=8)
POINT = dict(COMMON, type='PointHead', in_channels=[128], in_index=[2], num_fcs=1)


def other_teacher(head, given, **options):
    """A config as a dict: mmseg's segmentor with a head, and the preprocessor of the student."""
    kind = 'CascadeEncoderDecoder' if isinstance(head, list) else 'EncoderDecoder'
    cfg = dict(type=kind, decode_head=head, data_preprocessor=Config.fromfile(given[0]).model.data_preprocessor)
    cfg.update(backbone=dict(type='mmseg_liteseg.STDCNet', base_channels=8), test_cfg=dict(mode='whole'), **options)
    return cfg


@pytest.mark.parametrize(
    ('head', 'options'),
    [
        (dict(COMMON, type='DAHead', pam_channels=4), {}),
        (dict(PLAIN, align_corners=True, in_channels=32, in_index=0), {}),
        (SEGMENTER, dict(auxiliary_head=[PLAIN])),
        ([PLAIN, OCR], dict(num_stages=2)),
    ],
    ids=['several branches', 'other stride and corners', 'no conv_seg', 'cascade'],
)
def test_teachers_with_other_heads(teacher, head, options, tmp_path):
    init_default_scope('mmseg')
    cfg = other_teacher(head, teacher, **options)
    own = fill(MODELS.build(copy.deepcopy(cfg))).eval()
    torch.save(dict(state_dict=own.state_dict()), tmp_path / 'other.pth')
    student = make_student(teacher).eval()
    student.distillation = Distillation(cfg, str(tmp_path / 'other.pth'))
    inputs, samples = make_batch()
    with torch.no_grad():
        logits, expected = student(inputs, mode='tensor'), own(inputs, mode='tensor')
        found = student.loss(inputs, samples)['distill.loss_kl']
    expected = expected[0] if isinstance(expected, tuple) else expected
    expected = F.interpolate(expected, logits.shape[2:], mode='bilinear')
    torch.testing.assert_close(found, kl_divergence(logits, expected))


def test_exception_heads_without_logits_per_pixel(teacher, monkeypatch):
    monkeypatch.setattr('mmseg.models.decode_heads.point_head.point_sample', print)  # an operator that may be missing
    init_default_scope('mmseg')
    refining = other_teacher([PLAIN, POINT], teacher, num_stages=2)
    student = make_student(teacher)
    student.distillation = Distillation(refining, 'nowhere.pth')
    with pytest.raises(SettingError, match=r'distillation\.teacher has a PointHead, which gives no logits'):
        student.init_weights()
    cfg = other_teacher(SEGMENTER, teacher, distillation=dict(teacher=teacher[0], checkpoint=teacher[1]))
    student = MODELS.build(dict(cfg, type='mmseg_liteseg.FastEncoderDecoder'))
    with pytest.raises(SettingError, match=r'decode_head\.conv_seg, and this head has none'):
        student.init_weights()
