"""What is said about a data set: one form for all checks and all who read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Iterable, Sequence

from mmseg_liteseg.errors import LiteSegError

SEVERITIES = ('error', 'warning', 'note')
_SHOWN = 3


class InspectionError(LiteSegError):
    """The data or the config cannot train as they are; one line for each thing that is wrong."""


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing about a config or its data.

    Args:
        severity: 'error' (a training would fail or learn something else than meant), 'warning' (probably not meant) or
            'note' (good to know).
        kind: Short stable name, such as 'size-differs'; JSON readers and tests go by it.
        what: What was found, with numbers.
        where: The first files or config fields, each with what it holds where that differs.
        why: What follows from it.
        cure: What to change.
        count: How many files it is about; 0 if it is about the config.
        split: 'train', 'val' or 'test', if it is about one of them.

    Raises:
        ValueError: Unknown severity.

    Example:
        >>> print(Finding('error', 'empty', 'train: no images', ('data/train',), cure="set img_suffix='.png'"))
        error: train: no images (data/train): set img_suffix='.png'
    """

    severity: str
    kind: str
    what: str
    where: Sequence[str] = ()
    why: str = ''
    cure: str = ''
    count: int = 0
    split: str = ''

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f'severity: expected one of {", ".join(SEVERITIES)}, got {self.severity!r}')

    def __str__(self) -> str:
        """The finding as one line."""
        shown = ', '.join(self.where[:_SHOWN]) + (', ...' if max(self.count, len(self.where)) > _SHOWN else '')
        reason = f'; {self.why}' if self.why else ''
        cure = f': {self.cure}' if self.cure else ''
        return f'{self.severity}: {self.what}' + (f' ({shown})' if self.where else '') + reason + cure

    def to_dict(self) -> dict:
        """The finding as plain values, for JSON."""
        return {**asdict(self), 'where': list(self.where)}


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, each severity in the order given."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those that stop a training."""
    return [finding for finding in findings if finding.severity == 'error']


def raise_errors(findings: Iterable[Finding]) -> None:
    """Ends what cannot work.

    Raises:
        InspectionError: There is an error among the findings; a line for each.
    """
    errors = errors_of(findings)
    if errors:
        raise InspectionError('\n'.join(str(finding) for finding in errors))
