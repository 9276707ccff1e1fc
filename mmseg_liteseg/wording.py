"""Numbers in sentences."""

from __future__ import annotations


def count(number: float, noun: str, digits: int = 0) -> str:
    """A number with its noun.

    Args:
        number: As many.
        noun: Of one of them; its plural ends in -s or -es, or is irregular in none of our messages.
        digits: Behind the point.

    Example:
        >>> count(1, 'minute'), count(2, 'class'), count(0, 'image'), count(1.0, 'hour', 1)
        ('1 minute', '2 classes', '0 images', '1.0 hours')
    """
    written = f'{number:.{digits}f}'
    if written == '1':
        return f'1 {noun}'
    return f'{written} {noun}{"es" if noun.endswith(("s", "x", "ch", "sh")) else "s"}'


def are(number: int, one: str = 'is', several: str = 'are') -> str:
    """The verb after a number: ``1 image is``, ``2 images are``.

    Example:
        >>> are(1), are(2), are(1, 'has', 'have')
        ('is', 'are', 'has')
    """
    return one if number == 1 else several
