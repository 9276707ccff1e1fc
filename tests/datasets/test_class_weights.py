import numpy as np
import pytest

from mmseg_liteseg.datasets.class_weights import ClassCounts, WeightFormula, is_formula

# CamVid's train split, 360x480, counted with numpy from its files: sky building pole road sidewalk tree sign fence car
# pedestrian bicyclist
PIXELS = [10682767, 14750079, 623349, 20076880, 2845085, 6166762, 743859, 714595, 3719877, 405385, 184967]
WHERE_PRESENT = [60742419, 60576720, 60742419, 60913605, 57891851, 53145620, 58219298, 28788115, 59722763, 52666175]
WHERE_PRESENT += [33193217]
CAMVID = ClassCounts(np.array(PIXELS), np.array(WHERE_PRESENT), np.ones(11))


def counts(*pixels):
    return ClassCounts(np.array(pixels), np.full(len(pixels), sum(pixels)), np.ones(len(pixels)))


@pytest.mark.parametrize(
    ('formula', 'expected'),
    [
        ('enet', [5.6, 4.3, 33.6, 3.3, 15.5, 8.7, 31.5, 32.0, 12.8, 38.0, 43.9]),
        (dict(type='enet', c=1.1), [4.11, 3.40, 9.56, 2.80, 7.30, 5.45, 9.40, 9.44, 6.70, 9.87, 10.20]),
        ('median', [0.279, 0.202, 4.79, 0.149, 1.0, 0.422, 3.85, 1.97, 0.789, 6.38, 8.86]),
        ('sqrt', [0.34, 0.29, 1.42, 0.25, 0.66, 0.45, 1.30, 1.33, 0.58, 1.76, 2.61]),
    ],
)
def test_camvid(formula, expected):
    assert WeightFormula.parse(formula).weights(CAMVID) == pytest.approx(expected, rel=0.02)


def test_formulas_on_round_numbers():
    assert WeightFormula('enet').weights(counts(75, 25)) == pytest.approx(1 / np.log([1.77, 1.27]))
    assert WeightFormula('sqrt').weights(counts(90, 10)) == pytest.approx([0.5, 1.5])
    assert WeightFormula('median').weights(counts(50, 30, 20)) == pytest.approx([0.6, 1, 1.5])
    assert WeightFormula('enet', mean=1.0).weights(counts(90, 10)).mean() == pytest.approx(1)


def test_median_looks_at_the_images_that_hold_the_class():
    found = ClassCounts(np.array([150, 50]), np.array([200, 100]), np.array([2, 1]))
    assert WeightFormula('median').weights(found) == pytest.approx([0.625 / 0.75, 0.625 / 0.5])


@pytest.mark.parametrize('formula', ['enet', 'median', 'sqrt'])
def test_an_absent_class_weighs_as_the_heaviest(formula):
    weights = WeightFormula(formula).weights(counts(90, 10, 0))
    assert np.isfinite(weights).all()
    assert weights[2] == weights[1] > weights[0]


def test_exception_every_pixel_is_ignored():
    with pytest.raises(ValueError, match='no pixel of any class'):
        WeightFormula('enet').weights(counts(0, 0))


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        ('inverse', "'inverse' is unknown, expected one of enet, median, sqrt"),
        (dict(type='sqrt', power=2), "option 'power' is unknown"),
        (dict(type='enet', c=1), 'c must be above 1'),
        (dict(type='enet', mean=0), 'mean must be a positive number'),
        (dict(c=1.1), 'None is unknown'),
    ],
)
def test_exception_names_what_is_wrong(value, message):
    with pytest.raises(ValueError, match=message):
        WeightFormula.parse(value)


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('enet', True),
        ('misspelt', True),
        (dict(type='enet'), True),
        ('weights.npy', False),
        ('data/weights.json', False),
        (None, False),
        ([1.0, 2.0], False),
    ],
)
def test_is_formula(value, expected):
    assert is_formula(value) is expected
