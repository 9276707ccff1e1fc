from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from mmseg_liteseg.deploy.data import Example, calibration_examples, scoring_examples
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.score import score


@pytest.fixture
def example():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, (20, 30))
    label[0, :5] = 255
    return Example(rng.integers(0, 256, (20, 30, 3), np.uint8), label, 'a.png')


def test_scores_of_the_truth_and_of_one_class(example):
    truth = np.where(example.label == 255, 0, example.label).astype(np.uint8)
    zeros = np.zeros((20, 30), np.uint8)
    found = score(
        {name: SimpleNamespace(predict=lambda x, y=y: y) for name, y in (('truth', truth), ('zeros', zeros))},
        [example, example],
        num_classes=4,
    )
    assert found['truth'].mean_iou == 100
    assert np.isnan(found['truth'].ious[3])  # occurs nowhere: left out of the mean
    valid = example.label[example.label != 255]
    assert found['zeros'].ious[0] == pytest.approx(100 * (valid == 0).mean())
    assert found['zeros'].mean_iou == pytest.approx(found['zeros'].ious[0] / 3)
    assert len(found['truth'].milliseconds) == 2


def test_without_labels_the_first_is_right(example):
    first = np.zeros((20, 30), np.uint8)
    second = first.copy()
    second[:5] = 1
    segmenters = {name: SimpleNamespace(predict=lambda x, y=y: y) for name, y in (('a', first), ('b', second))}
    found = score(segmenters, [Example(example.image, None, 'a.png')], num_classes=3)
    assert found['a'].mean_iou == 100
    assert (found['a'].differing, found['b'].differing) == (0, 0.25)
    assert found['b'].ious[:2].tolist() == [75, 0]


def test_examples_come_from_the_config(tiny):
    cfg = Config.fromfile(tiny[0])
    cfg.test_dataloader.dataset.length = 9
    names = [example.name for example in scoring_examples(cfg, 3)]
    assert [name[-9:] for name in names] == ['00000.png', '00004.png', '00008.png']  # evenly spread
    assert len(list(scoring_examples(cfg, None))) == 9
    (first, *_) = calibration_examples(cfg, 5)
    assert '/train_' in first.name
    assert first.image.shape == (48, 64, 3)  # as it is in the file: no crop
    assert first.image.dtype == np.uint8


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(train_dataloader=None), 'train_dataloader: the config has none'),
        (dict(train_dataloader=dict(dataset=dict(type='BaseSegDataset', ann_file='gone.txt'))), 'cannot be read'),
    ],
)
def test_data_that_is_not_there(tiny, change, message):
    cfg = Config({**Config.fromfile(tiny[0]).to_dict(), **change})
    with pytest.raises(DeployError, match=message):
        list(calibration_examples(cfg, 5))
