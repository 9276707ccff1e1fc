import cv2
import numpy as np
import pytest
import torch

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.evaluation import MultiLabelMetric


def evaluate(predicted, label, **kwargs):
    metric = MultiLabelMetric(**kwargs)
    metric.dataset_meta = dict(classes=('wet', 'road', 'snow'))
    for i, (p, y) in enumerate(zip(predicted, label)):
        sample = dict(pred_sem_seg=dict(data=p), gt_sem_seg=dict(data=y), img_path=f'street/{i}.jpg')
        metric.process({}, [sample])
    return metric.evaluate(size=len(predicted))


def test_follows_the_formulas():
    rng = torch.Generator().manual_seed(0)
    predicted = torch.randint(0, 2, (4, 3, 6, 7), generator=rng, dtype=torch.uint8)
    label = torch.randint(0, 2, (4, 3, 6, 7), generator=rng)
    label[torch.rand(label.shape, generator=rng) < 0.2] = 255
    predicted[:, 2] = 0
    label[:, 2] = 0  # a class that is nowhere
    found = evaluate(predicted, label)
    scores = {'IoU': [], 'F1': []}
    for c, name in enumerate(('wet', 'road')):
        pairs = [(int(p), int(y)) for p, y in zip(predicted[:, c].flatten(), label[:, c].flatten()) if y != 255]
        hits, wrong = sum(p and y for p, y in pairs), sum(p != y for p, y in pairs)
        scores['IoU'].append(100 * hits / (hits + wrong))
        scores['F1'].append(100 * 2 * hits / (2 * hits + wrong))
        assert found[f'IoU.{name}'] == pytest.approx(scores['IoU'][-1], abs=0.01)
        assert found[f'F1.{name}'] == pytest.approx(scores['F1'][-1], abs=0.01)
    assert np.isnan(found['IoU.snow'])
    assert found['mIoU'] == pytest.approx(np.mean(scores['IoU']), abs=0.01)
    assert found['mF1'] == pytest.approx(np.mean(scores['F1']), abs=0.01)


def test_masks_are_written(tmp_path):
    predicted = torch.randint(0, 2, (1, 3, 6, 7), dtype=torch.uint8)
    assert evaluate(predicted, predicted, output_dir=str(tmp_path), format_only=True) == {}
    for i, name in enumerate(('wet', 'road', 'snow')):
        written = cv2.imread(str(tmp_path / name / '0.png'), cv2.IMREAD_UNCHANGED)
        assert (written == predicted[0, i].numpy() * 255).all()


def test_exception_nowhere_to_write():
    with pytest.raises(SettingError, match='output_dir'):
        MultiLabelMetric(format_only=True)
