from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import MessageHub

from mmseg_liteseg.checkpoint.plain import as_plain, plain_message_hub


def test_values_become_plain():
    given = ConfigDict(a=np.float64(0.5), b=[np.int32(3), (None, True)], c=np.eye(2), d=torch.ones(1))
    plain = as_plain(given)
    assert type(plain) is dict
    assert (plain['a'], plain['b'], plain['c']) == (0.5, [3, (None, True)], [[1.0, 0.0], [0.0, 1.0]])
    assert type(plain['a']) is float
    assert plain['d'] is given['d']


def test_objects_are_refused():
    with pytest.raises(TypeError, match='object is no plain value'):
        as_plain(dict(a=[object()]))


def test_message_hub_is_read_by_safe_loading_and_by_the_host():
    hub = MessageHub.get_instance('plain')
    hub.update_info('best_score', np.float64(0.25))
    hub.update_info('strange', object())
    hub.update_scalar('train/loss', 1.0)
    file = io.BytesIO()
    torch.save(plain_message_hub(hub.state_dict()), file)
    file.seek(0)
    other = MessageHub.get_instance('other')
    other.load_state_dict(torch.load(file, weights_only=True))
    assert dict(other.runtime_info) == {'best_score': 0.25}
