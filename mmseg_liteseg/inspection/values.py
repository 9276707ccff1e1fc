"""Values of masks: which classes they become, and what kind of mistake wrong ones look like."""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from .facts import MaskFacts

IGNORED = 255
# what people spread class numbers by, to see them: 255 // n for n classes, round numbers, shifts to 16 bits
_FACTORS = (257, 256, 255, 128, 127, 100, 85, 64, 51, 50, 40, 36, 32, 30, 28, 25, 20, 17, 16, 10, 8, 5, 4, 3, 2)


def to_labels(
    counts: Mapping[int, int], reduce_zero_label: bool = False, label_map: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Pixels by label as mmseg's LoadAnnotations makes them: 8 bits, then reduce_zero_label, then the label map.

    Args:
        counts: Pixels by value.
        reduce_zero_label: 0 becomes 255, all else moves down by one, 255 stays.
        label_map: Labels by value, of a choice among a data set's classes.

    Example:
        >>> to_labels({0: 5, 1: 3, 255: 2}, reduce_zero_label=True)
        {255: 7, 0: 3}
    """
    labels: dict[int, int] = {}
    for value, count in counts.items():
        label = value & 0xFF
        if reduce_zero_label:
            label = IGNORED if label in (0, IGNORED) else label - 1
        label = (label_map or {}).get(label, label)
        labels[label] = labels.get(label, 0) + count
    return labels


def explain_values(values: Iterable[int], num_classes: int, masks: Sequence[MaskFacts] = ()) -> tuple[str, str]:
    """What kind of mistake makes these values, and what mends it.

    Args:
        values: All values of the masks, before reduce_zero_label.
        num_classes: Of the config.
        masks: The masks, whose formats may tell.

    Returns:
        Cause and cure; both name numbers that are there.

    Example:
        >>> explain_values({0, 127, 254}, 3)[0]
        'the values are class numbers times 127'
    """
    found = sorted(set(values) - {IGNORED}) or [IGNORED]
    if any(mask.format == 'JPEG' for mask in masks):
        return 'JPEG changes the values of pixels', 'write masks as PNG, from their source'
    if len(found) == 2 and found[0] == 0 and num_classes <= 2:
        return f'two values, 0 and {found[1]}, mean off and on', f'write 1 where masks hold {found[1]}'
    factor = next((n for n in _FACTORS if all(v % n == 0 for v in found) and found[-1] // n < num_classes), None)
    if factor:
        reason = _spread_reason(factor, masks)
        return f'the values are class numbers times {factor}{reason}', f'divide all values by {factor} (255 is ignored)'
    if found[-1] == num_classes and found[0] == 1:
        return 'classes are counted from 1', 'write the values less 1, or set reduce_zero_label=True'
    if found[-1] == num_classes and found[0] == 0:
        return (
            f'0 to {num_classes} are {num_classes + 1} values',
            'name the class of 0 too, or set reduce_zero_label=True if 0 means no label',
        )
    if len(found) > max(3 * num_classes, 32):
        return (
            f'{len(found)} different values look like a picture or a mask that was resized with interpolation',
            'write masks as index PNG; resize them with the nearest neighbour only',
        )
    return '', f'name all classes, or write {IGNORED} where there is no label'


def _spread_reason(factor: int, masks: Sequence[MaskFacts]) -> str:
    bits = next((mask.bits for mask in masks if mask.bits in (2, 4)), None)
    if bits and factor == 255 // (2**bits - 1):
        return f' (grey PNG of {bits} bits, which loaders spread to 0..255)'
    return ' (shifted into the upper 8 of 16 bits)' if factor in (256, 257) else ''
