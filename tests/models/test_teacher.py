import copy

import pytest
import torch
from mmengine.model import BaseModel
from mmseg.models import SegDataPreProcessor
from torch import nn

from mmseg_liteseg.checkpoint.errors import CheckpointMismatchError
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.models.teacher import Teacher, load_whole, read_model

NORMALISED = dict(mean=[10.0, 20.0, 30.0], std=[2.0, 4.0, 5.0])


class Tiny(BaseModel):
    def __init__(self, **preprocessor):
        super().__init__()
        self.data_preprocessor = SegDataPreProcessor(**preprocessor)
        self.conv, self.extra = nn.Conv2d(3, 2, 1), nn.Linear(1, 1)

    def forward(self, inputs, mode='tensor'):
        return self.conv(inputs)


@pytest.mark.parametrize('theirs', [dict(), NORMALISED, dict(NORMALISED, bgr_to_rgb=True)])
@pytest.mark.parametrize('mine', [dict(), dict(mean=[1.0] * 3, std=[3.0] * 3), dict(NORMALISED, bgr_to_rgb=True)])
def test_the_teacher_gets_images_as_it_knows_them(mine, theirs):
    teacher, raw = Teacher(Tiny(**theirs)), [torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)] * 2
    student = SegDataPreProcessor(**mine)
    wanted = teacher.model.data_preprocessor(dict(inputs=list(raw)))['inputs']
    given = student(dict(inputs=list(raw)))['inputs']
    expected = teacher.model(torch.stack(list(wanted)).float())
    torch.testing.assert_close(teacher.logits(torch.stack(list(given)).float(), student), expected)
    assert not teacher.logits(torch.zeros(1, 3, 2, 2), student).requires_grad
    assert copy.deepcopy(teacher) is teacher


@pytest.mark.parametrize('name', ['_channel_conversion', 'channel_conversion', 'to_rgb'])
def test_the_order_of_colours_has_a_name_in_every_host(name):
    """mmseg 1.2's preprocessor keeps it under a name of its own."""
    teacher, student, images = Teacher(Tiny()), nn.Module(), torch.rand(1, 3, 4, 4)
    setattr(student, name, True)
    torch.testing.assert_close(teacher.logits(images, student), teacher.model(images.flip(1)))


def test_one_that_borrows_gets_them_as_they_are():
    inputs, student = torch.rand(1, 3, 4, 4), SegDataPreProcessor(**NORMALISED)
    lent, raw = Teacher(Tiny(), borrows=True), Teacher(Tiny())
    assert torch.equal(lent.logits(inputs, student), lent.model(inputs))
    assert not torch.equal(raw.logits(inputs, student), raw.model(inputs))


def test_configs(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text("model = dict(type='X')\ndata_preprocessor = dict(mean=[1])")
    assert read_model(str(path), 'teacher') == dict(type='X', data_preprocessor=dict(mean=[1]))
    path.write_text('a = 1')
    with pytest.raises(SettingError, match=r'^teacher: .*config\.py holds no model'):
        read_model(str(path), 'teacher')
    with pytest.raises(SettingError, match=r'^teacher: expected a model or a config file, no\.py is no file'):
        read_model('no.py', 'teacher')


def test_weights_are_whole(tmp_path):
    path, model, other = str(tmp_path / 'a.pth'), Tiny(), Tiny()
    weights = {f'module.{key}': value for key, value in model.conv.state_dict(prefix='conv.').items()}
    torch.save(dict(state_dict=weights), path)
    load_whole(other, path, 'teacher', ('extra.',))
    assert torch.equal(other.conv.weight, model.conv.weight)
    with pytest.raises(CheckpointMismatchError, match=r'^teacher .*a\.pth lacks extra\.weight and 1 more of'):
        load_whole(other, path, 'teacher')
    weights['module.conv.weight'] = torch.zeros(9, 3, 1, 1)
    torch.save(dict(state_dict=weights), path)
    with pytest.raises(CheckpointMismatchError, match=r'a\.pth has other shapes for conv\.weight of'):
        load_whole(other, path, 'teacher', ('extra.',))
