"""The evaluation protocols of PaddleSeg, from image file to labels: no pixel may differ, but for ties in float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image

from mmseg_liteseg.models import LiteSegTTAModel
from mmseg_liteseg.registry import MODELS
from tests.helpers import REPO, load_data
from tests.paddle_reference import load_reference_weights, make_image

REFERENCE = load_data('parity_evalproto.npz')
BASE = 'ppliteseg_stdc1_4xb4-160k_cityscapes-512x1024'
FULL = f'{BASE}_test-1024x2048'
SINGLE_SCALE = {'tta_pipeline.1.scale_factors': [1.0]}
SINCE_2023 = {'tta_pipeline.1.cascade': False, 'tta_model.merge': 'logits'}

# reference -> config, whether with test-time augmentation, --cfg-options
PROTOCOLS = {
    '90x121/plain': (FULL, False, {}),
    '90x121/r25_flip': (FULL, True, SINGLE_SCALE),
    '90x121/r25_ms_flip': (FULL, True, {}),
    '90x121/head_ms_flip': (FULL, True, SINCE_2023),
    '90x121/head_flip_0.5': (BASE, True, {'tta_model.merge': 'logits'}),
    '256x512/plain': (FULL, False, {}),
    '256x512/scale_0.5': (BASE, False, {}),
    '256x512/r25_flip': (FULL, True, SINGLE_SCALE),
}


@pytest.fixture(scope='module')
def model():
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / f'configs/ppliteseg/{FULL}.py')
    built = MODELS.build(cfg.model)
    load_reference_weights(built)
    # in float64, where processors agree, from the first convolution on
    built.backbone.register_forward_pre_hook(lambda _, inputs: tuple(x.double() for x in inputs))
    return built.double().eval()


def _pipeline(steps: list) -> Compose:
    """Without labels."""
    steps = [dict(step) for step in steps if step['type'] != 'LoadAnnotations']
    for step in steps:
        if 'transforms' in step:
            step['transforms'] = [dict(type='PackSegInputs')]
    return Compose(steps)


def _predict(model, protocol, tmp_path):
    name, tta, options = PROTOCOLS[protocol]
    cfg = Config.fromfile(REPO / f'configs/ppliteseg/{name}.py')
    cfg.merge_from_dict(options)
    height, width = (int(side) for side in protocol.split('/')[0].split('x'))
    path = tmp_path / 'image.png'
    Image.fromarray(make_image(height, width)).save(path)
    data = _pipeline(cfg.tta_pipeline if tta else cfg.test_pipeline)(dict(img_path=str(path), seg_fields=[]))
    if tta:
        model = MODELS.build({**cfg.tta_model, 'module': model})
    with torch.no_grad():
        return model.test_step(pseudo_collate([data]))[0]


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_parity(model, protocol, tmp_path):
    sample = _predict(model, protocol, tmp_path)
    scores = sample.seg_logits.data
    best, second = scores.topk(2, dim=0).values
    tie = best - second < 2e-6 * scores.abs().max()  # the original's rounding: see tests/models/test_parity.py
    wrong = sample.pred_sem_seg.data[0] != torch.from_numpy(REFERENCE[protocol])
    assert (wrong & ~tie).sum() == 0
    assert wrong.sum() <= 3


def test_parity_logits(model, tmp_path):
    logits = _predict(model, '256x512/scale_0.5', tmp_path).seg_logits.data.numpy()
    expected = REFERENCE['256x512/scale_0.5_logits']
    assert np.abs(logits[:, 8::32, 8::32] - expected).max() < 5e-6 * np.abs(logits).max()


def test_the_two_ways_differ():
    assert (REFERENCE['90x121/r25_ms_flip'] != REFERENCE['90x121/head_ms_flip']).sum() > 100


class _Module(torch.nn.Module):
    """All that mmengine asks of a model."""

    def test_step(self, data):
        raise NotImplementedError


def _merge(merge: str, logits: list[torch.Tensor]) -> SegDataSample:
    model = LiteSegTTAModel(_Module(), merge=merge)
    samples = tuple(SegDataSample(seg_logits=PixelData(data=scores)) for scores in logits)
    (merged,) = model.merge_preds([samples])
    return merged


def test_merge():
    """A confident copy outvotes in the sum of logits, not in that of probabilities."""
    copies = [torch.tensor(scores).reshape(2, 1, 1) for scores in ([30.0, 0.0], [0.0, 9.0], [0.0, 9.0])]
    assert _merge('softmax', copies).pred_sem_seg.data.item() == 1
    merged = _merge('logits', copies)
    assert merged.pred_sem_seg.data.item() == 0
    assert merged.seg_logits.data.flatten().tolist() == [10.0, 6.0]


def test_exception():
    with pytest.raises(ValueError, match="merge 'mean'"):
        LiteSegTTAModel(_Module(), merge='mean')
    with pytest.raises(ValueError, match='two or more classes'):
        _merge('softmax', [torch.zeros(1, 2, 2)])
