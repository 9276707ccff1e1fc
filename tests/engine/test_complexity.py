import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from mmseg_liteseg.engine.complexity import build_segmentor, measure_complexity
from mmseg_liteseg.registry import MODELS
from tests.checkpoint.builders import make_config
from tests.helpers import REPO

pytestmark = pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')


def test_t_costs_what_is_known():
    cost = measure_complexity(build_segmentor(str(REPO / 'configs/_base_/models/ppliteseg_stdc1.py')), (512, 1024))
    assert (cost.params, cost.inference_params) == (8_141_600, 8_028_320)
    assert cost.flops == 22_842_279_936  # torch's own counter says the same


def test_convolutions_count_two_per_multiply_add():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.decode_head = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 2, 1)

        def extract_feat(self, x):
            return self.conv(x)

    cost = measure_complexity(Model(), (5, 7))
    assert cost.flops == 2 * 5 * 7 * (3 * 4 * 9 + 4 * 2)
    assert cost.params == cost.inference_params == 3 * 4 * 9 + 4 + 4 * 2 + 2


def test_auxiliary_heads_cost_nothing():
    init_default_scope('mmseg')
    cfg = make_config()
    with_heads = measure_complexity(MODELS.build(cfg.model), (64, 64))
    cfg.model.decode_head.aux_channels = ()
    without = measure_complexity(MODELS.build(cfg.model), (64, 64))
    assert with_heads.flops == without.flops
    assert with_heads.inference_params == without.inference_params == without.params < with_heads.params


def test_sync_batchnorm_is_reverted(tmp_path):
    cfg = make_config()
    for part in ('backbone', 'neck', 'decode_head'):
        cfg.model[part].norm_cfg = dict(type='SyncBN')
    Config(dict(model=cfg.model)).dump(tmp_path / 'config.py')
    model = build_segmentor(str(tmp_path / 'config.py'))
    assert not any(isinstance(module, nn.SyncBatchNorm) for module in model.modules())
    assert measure_complexity(model, (32, 32)).flops > 0
    assert torch.is_grad_enabled()
