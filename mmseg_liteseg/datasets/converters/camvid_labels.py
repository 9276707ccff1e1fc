"""From CamVid's two label formats to class indices 0..10 and 255 for void."""

from __future__ import annotations

import numpy as np

from ..classes import VOID
from .errors import ConversionError

# The 32 classes of the release (label_colors.txt), grouped into 11: MathWorks' camvidPixelLabelIDs.m ("Group them into
# 11 classes following the original SegNet training methodology"), used likewise by https://github.com/lih627/CamVid.
# The labels that the SegNet tutorial ships leave some of these void, bridges and road shoulders among them.
# Index: position in CAMVID_METAINFO['classes']. The first name of each index is the class itself, the rest are minor.
COLOURS = {
    'Sky': ((128, 128, 128), 0),
    'Building': ((128, 0, 0), 1),
    'Bridge': ((0, 128, 64), 1),
    'Wall': ((64, 192, 0), 1),
    'Tunnel': ((64, 0, 64), 1),
    'Archway': ((192, 0, 128), 1),
    'Column_Pole': ((192, 192, 128), 2),
    'TrafficCone': ((0, 0, 64), 2),
    'Road': ((128, 64, 128), 3),
    'LaneMkgsDriv': ((128, 0, 192), 3),
    'LaneMkgsNonDriv': ((192, 0, 64), 3),
    'Sidewalk': ((0, 0, 192), 4),
    'ParkingBlock': ((64, 192, 128), 4),
    'RoadShoulder': ((128, 128, 192), 4),
    'Tree': ((128, 128, 0), 5),
    'VegetationMisc': ((192, 192, 0), 5),
    'SignSymbol': ((192, 128, 128), 6),
    'Misc_Text': ((128, 128, 64), 6),
    'TrafficLight': ((0, 64, 64), 6),
    'Fence': ((64, 64, 128), 7),
    'Car': ((64, 0, 128), 8),
    'SUVPickupTruck': ((64, 128, 192), 8),
    'Truck_Bus': ((192, 128, 192), 8),
    'Train': ((192, 64, 128), 8),
    'OtherMoving': ((128, 64, 64), 8),
    'Pedestrian': ((64, 64, 0), 9),
    'Child': ((192, 128, 64), 9),
    'CartLuggagePram': ((64, 0, 192), 9),
    'Animal': ((64, 128, 64), 9),
    'Bicyclist': ((0, 128, 192), 10),
    'MotorcycleScooter': ((192, 0, 192), 10),
    'Void': ((0, 0, 0), VOID),
}

# Labels of the release that hold anti-aliased pixels in colours of no class; they become void. Frame -> most pixels.
KNOWN_DEFECTS = {'Seq05VD_f02610': 400}

SEGNET_VOID = 11
"""The SegNet tutorial's label of unlabelled pixels."""


def _code(rgb: np.ndarray) -> np.ndarray:
    """Packs (..., 3) colours into one integer each."""
    rgb = rgb.astype(np.uint32)
    return (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]


_CODES = _code(np.array([colour for colour, _ in COLOURS.values()]))
_ORDER = np.argsort(_CODES)
_SORTED_CODES = _CODES[_ORDER]
_MERGED = [index for _, index in COLOURS.values()]
_STRICT = [index if index not in _MERGED[:i] else VOID for i, index in enumerate(_MERGED)]
_SORTED_CLASSES = {
    'merge': np.array(_MERGED, dtype=np.uint8)[_ORDER],
    'void': np.array(_STRICT, dtype=np.uint8)[_ORDER],
}
MINOR_CLASSES = tuple(_SORTED_CLASSES)
"""What becomes of the 20 minor classes: into the 11 (SegNet's way), or void (the way of BiSeNet and its successors)."""


def classes_from_colours(rgb: np.ndarray, frame: str, minor: str = 'merge') -> tuple[np.ndarray, int]:
    """Maps the release's colours to class indices.

    Args:
        rgb: Label image (H, W, 3), uint8, RGB.
        frame: Its name, for messages and the list of known defects.
        minor: One of MINOR_CLASSES.

    Returns:
        Labels (H, W) uint8 in 0..10 and 255, and the number of pixels whose colour is a known defect of the release.

    Raises:
        ConversionError: If a colour is not one of the 32.
    """
    codes = _code(rgb)
    # a table of all 2**24 colours would be larger than a label
    position = np.searchsorted(_SORTED_CODES, codes).clip(max=len(_SORTED_CODES) - 1)
    labels = _SORTED_CLASSES[minor][position]
    unknown = _SORTED_CODES[position] != codes
    count = int(unknown.sum())
    if count > KNOWN_DEFECTS.get(frame, 0):
        colours = np.unique(rgb[unknown], axis=0)
        y, x = np.argwhere(unknown)[0]
        raise ConversionError(
            f'{frame}: {count} pixels have colours that are none of the 32 of CamVid, such as RGB '
            f'{[tuple(int(v) for v in colour) for colour in colours[:5]]}, the first at row {y}, column {x}'
        )
    labels[unknown] = VOID
    return labels, count


def classes_from_indices(labels: np.ndarray, frame: str) -> np.ndarray:
    """Maps the SegNet tutorial's indices 0..11 to 0..10 and 255.

    Raises:
        ConversionError: If another value occurs.
    """
    wrong = np.unique(labels[labels > SEGNET_VOID])
    if wrong.size:
        raise ConversionError(f'{frame}: label values {wrong[:8].tolist()}; expected 0..10 for classes and 11 for void')
    return np.where(labels == SEGNET_VOID, np.uint8(VOID), labels.astype(np.uint8))
