import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.models.layers import LevelFusion
from tests.models.decode_heads.test_fld_head import make_head, make_inputs


def test_follows_the_formula():
    torch.manual_seed(0)
    fuse = LevelFusion((4, 6, 8), norm_cfg=dict(type='BN'), act_cfg=dict(type='ReLU')).eval()
    levels = [torch.rand(2, c, s, 2 * s) for c, s in ((4, 8), (6, 4), (8, 2))]
    parts = [levels[0]]
    for conv, level in zip(fuse.level_convs, levels[1:]):
        parts.append(F.interpolate(conv(level), (8, 16), mode='bilinear', align_corners=False))
    torch.testing.assert_close(fuse(levels), fuse.conv_out(torch.cat(parts, 1)))


@pytest.mark.parametrize('fuse_levels', [False, True])
def test_only_the_main_head_sees_all_levels(fuse_levels):
    torch.manual_seed(0)
    head, inputs = make_head(fuse_levels=fuse_levels, separable=True).eval(), make_inputs()
    plain = [feature.clone() for feature in head.decode(inputs)]
    head.level_fusion = None
    before = head.decode(inputs)
    assert torch.equal(plain[1], before[1])
    assert torch.equal(plain[2], before[2])
    assert torch.equal(plain[0], before[0]) != fuse_levels
