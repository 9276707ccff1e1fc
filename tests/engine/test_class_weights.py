import json
import os

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg_liteseg.datasets import class_counts
from mmseg_liteseg.engine.class_weights import RECORD, fill_class_weights

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]


@pytest.fixture
def folder(tmp_path):
    """Two images of three classes: 6 pixels of class 0, 3 of class 1, 1 of class 2, 2 ignored."""
    for kind, suffix in (('img', 'jpg'), ('ann', 'png')):
        (tmp_path / kind).mkdir()
        for name, values in (('a', [[0, 0, 0], [1, 255, 2]]), ('b', [[0, 0, 0], [1, 1, 255]])):
            array = np.array(values, np.uint8)
            Image.fromarray(array).save(tmp_path / kind / f'{name}.{suffix}')
    return tmp_path


def make_config(folder, class_weight='enet', pipeline=LOAD, wrap=None, **dataset):
    data = dict(
        type='BaseSegDataset',
        data_root=str(folder),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
        pipeline=[*pipeline, dict(type='Resize', scale=(64, 64)), dict(type='PackSegInputs')],
        **dataset,
    )
    head = dict(
        num_classes=3,
        loss_decode=[dict(type='CrossEntropyLoss', class_weight=class_weight), dict(type='mmseg_liteseg.DiceLoss')],
    )
    return Config(
        dict(
            work_dir=str(folder / 'work'),
            model=dict(decode_head=head),
            train_dataloader=dict(dataset=wrap(data) if wrap else data),
        )
    )


def weight_of(cfg):
    return cfg.model.decode_head.loss_decode[0]['class_weight']


def test_numbers_replace_the_formula(folder):
    cfg = make_config(folder)
    lines = fill_class_weights(cfg)
    assert weight_of(cfg) == pytest.approx((1 / np.log(1.02 + np.array([0.6, 0.3, 0.1]))).tolist(), rel=1e-5)
    assert 'shares of the training pixels in percent [60.00, 30.00, 10.00]' in lines[0]
    record = json.loads((folder / 'work' / RECORD).read_text())
    assert record['pixels'] == [6, 3, 1]
    assert record['where_present'] == [10, 10, 5]
    assert record['images'] == [2, 2, 1]
    assert record['shares'] == [0.6, 0.3, 0.1]
    assert record['computed'][0]['weights'] == weight_of(cfg)


@pytest.mark.parametrize(
    'wrap',
    [
        lambda data: dict(type='RepeatDataset', times=1000, dataset=data),
        lambda data: dict(type='ConcatDataset', datasets=[data, data]),
        lambda data: dict(type='MultiImageMixDataset', dataset=data, pipeline=[]),
    ],
)
def test_wrapped_sets(folder, wrap):
    cfg = make_config(folder, 'sqrt', wrap=wrap)
    fill_class_weights(cfg)
    assert weight_of(cfg)[0] < weight_of(cfg)[1] < weight_of(cfg)[2]


def test_labels_are_read_as_training_reads_them(folder):
    """Behind a cache, and with the set's own reduce_zero_label: 0 is ignored, 1 and 2 become 0 and 1."""
    cached = [dict(type='mmseg_liteseg.CachedLoading', transforms=LOAD)]
    cfg = make_config(folder, 'sqrt', cached, reduce_zero_label=True)
    cfg.train_dataloader.dataset.pipeline[0].transforms[1]['reduce_zero_label'] = True
    lines = fill_class_weights(cfg)
    assert json.loads((folder / 'work' / RECORD).read_text())['pixels'] == [3, 1, 0]
    assert 'classes [2] have no pixel' in lines[1]


def test_counted_once_as_long_as_the_files_stay(folder, monkeypatch):
    fill_class_weights(make_config(folder))
    reads = []
    count = class_counts.LabelCounter.count
    monkeypatch.setattr(class_counts.LabelCounter, 'count', lambda self: reads.append(1) or count(self))
    cfg = make_config(folder, 'median')
    fill_class_weights(cfg)
    assert not reads
    Image.fromarray(np.full((2, 3), 2, np.uint8)).save(folder / 'ann' / 'b.png')
    os.utime(folder / 'ann' / 'b.png', (1, 1))
    changed = make_config(folder, 'median')
    fill_class_weights(changed)
    assert reads == [1]
    assert weight_of(changed) != weight_of(cfg)


def test_without_a_formula_nothing_is_read(folder):
    cfg = make_config(folder / 'missing', [1.0, 2.0, 3.0])
    assert fill_class_weights(cfg) == []
    assert weight_of(cfg) == [1.0, 2.0, 3.0]
    assert not (folder / 'missing').exists()


def test_every_loss_with_a_formula(folder):
    cfg = make_config(folder, 'sqrt')
    cfg.model.auxiliary_head = [dict(num_classes=3, loss_decode=dict(type='CrossEntropyLoss', class_weight='sqrt'))]
    cfg.model.decode_head.loss_decode[1]['class_weight'] = dict(type='enet', mean=1.0)
    fill_class_weights(cfg)
    assert cfg.model.auxiliary_head[0].loss_decode.class_weight == weight_of(cfg)
    assert np.mean(cfg.model.decode_head.loss_decode[1].class_weight) == pytest.approx(1, rel=1e-5)


def test_exception_names_file_and_label(folder):
    Image.fromarray(np.full((2, 3), 7, np.uint8)).save(folder / 'ann' / 'b.png')
    with pytest.raises(ValueError, match=r'label 7 in .*b\.png: expected 0\.\.2 \(num_classes=3\)'):
        fill_class_weights(make_config(folder))


def test_exception_no_loader(folder):
    with pytest.raises(ValueError, match='has no LoadAnnotations'):
        fill_class_weights(make_config(folder, pipeline=[dict(type='LoadImageFromFile')]))
