"""Compares a mask with the one that the Python runtime makes of the same picture; exit code 1 where they differ."""

from __future__ import annotations

import sys

import cv2

from mmseg_liteseg.runtime import Segmenter, read_image


def main(model: str, picture: str, mask: str) -> int:
    """Prints how many pixels differ; ties apart (a hundredth of a percent), none may."""
    expected = Segmenter(model).predict(read_image(picture))
    found = cv2.imread(mask, cv2.IMREAD_UNCHANGED)
    if found is None or found.shape != expected.shape:
        print(f'{mask}: expected a mask of {expected.shape}')
        return 1
    differing = int((found != expected).sum())
    print(f'{picture}: {differing} of {expected.size} pixels differ, labels {sorted(map(int, set(expected.flat)))}')
    return int(differing > expected.size * 1e-4)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
