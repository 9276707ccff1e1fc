import pytest
import torch

from mmseg_liteseg.device_check import resume as module
from mmseg_liteseg.device_check.models import thin_config

CPU = torch.device('cpu')


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    for name in ('yapf.yapflib.yapf_api', 'mmengine.config.config'):  # a second for each dump of a config
        monkeypatch.setattr(f'{name}.FormatCode', lambda text, **_: (text, False), raising=False)


def test_weights_that_changed_on_the_way_are_seen(monkeypatch):
    def spoiled(self, runner):
        self.tensors, self.iter = [tensor + 1e-3 for tensor in module.state_of(runner)], runner.iter

    monkeypatch.setattr(module.Snapshot, 'before_train', spoiled)
    measured = module.resume(CPU, thin_config)
    assert measured.found > measured.bound


def test_another_device_is_a_failure(monkeypatch):
    with pytest.raises(RuntimeError, match='went on on cpu, not on meta'):
        module.resume(torch.device('meta'), thin_config)
