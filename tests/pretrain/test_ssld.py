"""The whole way on drawn images: a teacher from labels, a student from the teacher, and on into segmentation."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_liteseg.models import STDCNet
from tests.helpers import REPO
from tests.tools.conftest import run_alone

pytestmark = pytest.mark.usefixtures('torchvision')
WIDTHS = 'backbone=dict(base_channels={base}), head=dict(in_channels={last}, channels=32, num_classes=3, dropout=0.0)'
COMMON = """
pipeline = [dict(type='LoadImageFromFile'), dict(type='RandomFlip', prob=0.5, direction='horizontal'),
            dict(type='PackInputs')]
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(type='CosineAnnealingLR', T_max={epochs}, by_epoch=True, end={epochs},
                        convert_to_iter_based=True)]
train_cfg = dict(max_epochs={epochs}, val_interval={epochs})
loader = dict(batch_size=24, num_workers=0, persistent_workers=False)
train_dataloader = dict(dataset=dict({dataset}), **loader)
val_dataloader = dict(dataset=dict(_delete_=True, type='CustomDataset', data_prefix=r'{val}',
                                   pipeline=[pipeline[0], pipeline[2]]), **loader)
val_evaluator = dict(topk=(1,))
test_dataloader, test_evaluator = val_dataloader, val_evaluator
env_cfg = dict(cudnn_benchmark=False)
randomness = dict(seed=0)
"""
LABELLED = "_delete_=True, type='CustomDataset', data_prefix=r'{folder}', pipeline=pipeline"
# a folder without classes, and one whose classes are not looked at
UNLABELLED = (
    "datasets=[dict(type='CustomDataset', with_label=False, data_prefix=prefix, pipeline=pipeline) "
    "for prefix in (r'{folder}/unlabelled', r'{folder}/labelled')]"
)
TEACHER = "_base_ = r'{configs}/pretrain/stdc1_8xb128_in1k.py'\nmodel = dict({widths})\n" + COMMON
STUDENT = (
    "_base_ = r'{configs}/pretrain/stdc1_ssld_in1k.py'\n"
    "model = dict(teacher=dict(_delete_=True, type='ImageClassifier', backbone=dict(type='mmseg_liteseg.STDCNet', "
    "base_channels=8, out_indices=(4,)), head=dict(type='mmseg_liteseg.STDCHead', num_classes=3, in_channels=128, "
    "channels=32)), teacher_checkpoint=r'{checkpoint}', divergence=dict(loss_weight={weight}), {widths})\n"
    "custom_hooks = [dict(type='EMAHook', momentum=0.1)]\n" + COMMON
)


def train(folder: Path, text: str, *options: str) -> Path:
    """Runs the tool on a config; returns the work folder."""
    from tools.train_classifier import main

    folder.mkdir(exist_ok=True)
    (folder / 'config.py').write_text(text)
    run_alone(main, [folder / 'config.py', '--work-dir', folder / 'work', *options])
    return folder / 'work'


def student_text(drawn: Path, teacher: Path, epochs: int = 10, weight: float = 4.0) -> str:
    return STUDENT.format(
        configs=REPO / 'configs',
        widths=WIDTHS.format(base=8, last=128),
        epochs=epochs,
        dataset=UNLABELLED.format(folder=drawn),
        val=drawn / 'val',
        checkpoint=teacher,
        weight=weight,
    )


@pytest.fixture(scope='session')
def teacher(drawn, tmp_path_factory) -> Path:
    """Checkpoint of a teacher, trained from labels by the supervised config."""
    text = TEACHER.format(
        configs=REPO / 'configs',
        widths=WIDTHS.format(base=8, last=128),
        epochs=8,
        dataset=LABELLED.format(folder=drawn / 'labelled'),
        val=drawn / 'val',
    )
    return train(tmp_path_factory.mktemp('teacher'), text) / 'epoch_8.pth'


@pytest.fixture(scope='session')
def student(drawn, teacher, tmp_path_factory) -> Path:
    """Work folder of a student that saw unlabelled images and the teacher."""
    return train(tmp_path_factory.mktemp('student'), student_text(drawn, teacher))


def build(work: Path, checkpoint: Path | None):
    from mmengine.config import Config
    from mmengine.runner import load_checkpoint
    from mmpretrain.registry import MODELS

    model = MODELS.build(dict(Config.fromfile(work.parent / 'config.py').model, _scope_='mmpretrain'))
    torch.manual_seed(0)
    model.init_weights()
    if checkpoint is not None:
        load_checkpoint(model, str(checkpoint), strict=True)
    return model.eval()


def agreement(model, folder: Path) -> float:
    """Share of the images of which model and teacher think the same."""
    images = np.stack([np.asarray(Image.open(path)) for path in sorted(folder.rglob('*.png'))])
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2).flip(1)  # as cv2 reads them
    with torch.no_grad():
        inputs = model.data_preprocessor(dict(inputs=inputs))['inputs']
        loss = model.loss(inputs)
    return float(loss['agreement'])


def test_the_teacher_has_something_to_teach(drawn, teacher):
    model = build(teacher.parent, teacher)
    files = sorted((drawn / 'val').rglob('*.png'))
    inputs = torch.from_numpy(np.stack([np.asarray(Image.open(path)) for path in files])).permute(0, 3, 1, 2).flip(1)
    labels = torch.tensor([sorted({path.parent.name for path in files}).index(path.parent.name) for path in files])
    with torch.no_grad():
        logits = model(model.data_preprocessor(dict(inputs=inputs))['inputs'])
    assert (logits.argmax(1) == labels).float().mean() > 0.9


def test_agreement_with_the_teacher_rises(drawn, student):
    before = agreement(build(student, None), drawn / 'val')
    after = agreement(build(student, student / 'epoch_10.pth'), drawn / 'val')
    assert before < 0.6
    assert after > 0.85


def test_without_the_term_nothing_is_learned(drawn, teacher, student):
    """Labels play no part, so the student's gradients are the divergence's alone."""
    (student.parent / 'off').mkdir(exist_ok=True)
    (student.parent / 'off/config.py').write_text(student_text(drawn, teacher, weight=0.0))
    model = build(student.parent / 'off/work', None).train()
    inputs = torch.randn(4, 3, 32, 32)
    losses = model.loss(inputs)
    assert set(losses) == {'loss', 'agreement'}
    losses['loss'].backward()
    assert all((parameter.grad == 0).all() for parameter in model.parameters())
    model.divergence.loss_weight = 1.0
    model.loss(inputs)['loss'].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_the_teacher_is_no_part_of_the_student(student, teacher):
    model, plain = build(student, None).train(), STDCNet(base_channels=8)
    names = {name.split('.')[0] for name, _ in model.named_parameters()}
    assert names == {'backbone', 'head'}
    assert sum(p.numel() for p in model.backbone.parameters()) == sum(p.numel() for p in plain.parameters())
    assert not model.teacher.model.training
    assert copy.deepcopy(model).teacher is model.teacher
    checkpoint = torch.load(student / 'epoch_10.pth', weights_only=False)
    for part in ('state_dict', 'ema_state_dict'):
        assert not [key for key in checkpoint[part] if 'teacher' in key]
    model.double()
    assert model.teacher.model.head.fc.weight.dtype == torch.float64


def test_the_result_goes_into_segmentation_by_one_line(student):
    checkpoint = str(student / 'epoch_10.pth')
    encoder = STDCNet(base_channels=8, init_cfg=dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.'))
    encoder.init_weights()
    expected = torch.load(checkpoint, weights_only=False)['state_dict']
    weights = {f'backbone.{key}': value for key, value in encoder.state_dict().items()}
    assert all(torch.equal(value, expected[key]) for key, value in weights.items())


def test_resumed(drawn, teacher, tmp_path):
    """The second piece begins where the first one ended, with the average of weights that it had."""
    text = student_text(drawn, teacher, epochs=2)
    work = train(tmp_path / 'run', text, '--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=9')
    first = torch.load(work / 'epoch_1.pth', weights_only=False)
    train(tmp_path / 'run', text, '--resume', '--cfg-options', 'train_cfg.val_interval=9')
    second = torch.load(work / 'epoch_2.pth', weights_only=False)
    assert (first['meta']['epoch'], second['meta']['epoch']) == (1, 2)
    assert second['ema_state_dict']['steps'] == 2 * first['ema_state_dict']['steps'] > 0


def test_classes_of_another_number_are_refused(student):
    model = build(student, None)
    model.head.linear = torch.nn.Linear(32, 7, bias=False)
    with pytest.raises(ValueError, match=r'\(2, 7\) and the teacher.s \(2, 3\)'):
        model.loss(torch.zeros(2, 3, 32, 32))


def test_mixed_precision_leaves_the_loss_in_float32(student):
    model = build(student, None).train()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert model.head(model.extract_feat(torch.rand(2, 3, 32, 32))).dtype == torch.bfloat16
        loss = model.loss(torch.rand(2, 3, 32, 32))['loss']
    assert loss.dtype == torch.float32
    loss.backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
