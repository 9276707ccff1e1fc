"""The whole training pipeline against PaddleSeg's Compose: same files, same seeds, same float32 values."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from PIL import Image

from mmseg_liteseg.registry import MODELS
from tests.helpers import load_data
from tests.paddle_reference import make_image, make_label

REFERENCE = load_data('parity_augment.npz')
CASES = json.loads(bytes(REFERENCE['cases']))
NAMES = [f'{case["size"][0]}x{case["size"][1]}-seed{case["seed"]}' for case in CASES]


def _geometry(fused: bool, crop: list, scales: list) -> list[dict]:
    scaling = dict(zip(('min_scale_factor', 'max_scale_factor', 'scale_step_size'), scales))
    if fused:
        return [dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=crop, **scaling)]
    return [
        dict(type='mmseg_liteseg.ResizeStepScaling', **scaling),
        dict(type='mmseg_liteseg.RandomPaddingCrop', crop_size=crop),
    ]


@pytest.mark.parametrize('fused', [True, False], ids=['fused', 'steps'])
@pytest.mark.parametrize('number', range(len(CASES)), ids=NAMES)
def test_chain(number, fused, tmp_path):
    init_default_scope('mmseg')
    case = CASES[number]
    height, width = case['size']
    Image.fromarray(make_image(height, width)).save(tmp_path / 'image.png')
    Image.fromarray(make_label(1, height, width)[0].numpy().astype(np.uint8)).save(tmp_path / 'label.png')
    pipeline = Compose(
        [
            dict(type='LoadImageFromFile', to_float32=not fused),
            dict(type='LoadAnnotations'),
            *_geometry(fused, case['crop'], case['scales']),
            dict(type='mmseg_liteseg.RandomHorizontalFlip'),
            dict(type='mmseg_liteseg.RandomDistort'),
            dict(type='PackSegInputs'),
        ]
    )
    files = dict(img_path=str(tmp_path / 'image.png'), seg_map_path=str(tmp_path / 'label.png'))
    np.random.seed(case['seed'])
    random.seed(case['seed'])
    packed = pipeline(dict(**files, reduce_zero_label=False, seg_fields=[], label_map=None))
    assert [np.random.rand(), random.random()] == case['after']  # as many numbers drawn as in PaddleSeg

    preprocessor = MODELS.build(
        dict(type='mmseg_liteseg.LiteSegDataPreProcessor', mean=[127.5] * 3, std=[127.5] * 3, bgr_to_rgb=True)
    )
    batch = preprocessor(pseudo_collate([packed]), training=True)
    assert np.array_equal(batch['inputs'][0].numpy(), REFERENCE[f'{number}/img'])
    assert np.array_equal(batch['data_samples'][0].gt_sem_seg.data[0].numpy(), REFERENCE[f'{number}/label'])
