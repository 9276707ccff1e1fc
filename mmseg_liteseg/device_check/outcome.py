"""What a check finds."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Callable, Iterable, Mapping

from mmseg_liteseg.ops.self_check import reason_of


class NotHere(Exception):
    """A check that cannot be made on this machine; the text says why."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Result of one check.

    Attributes:
        name: What was checked.
        status: 'passed', 'failed' or 'skipped'.
        found: Largest difference, or None where nothing was measured.
        bound: Of it.
        note: Reason of a failure or a skip, or what else is worth knowing.
        seconds: What it took.
    """

    name: str
    status: str
    found: float | None = None
    bound: float | None = None
    note: str = ''
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """For JSON, which has no number for NaN and infinity."""
        values = dataclasses.asdict(self)
        if self.found is not None and not abs(self.found) < float('inf'):
            values['found'] = str(self.found)
        return values

    def __str__(self) -> str:
        numbers = '' if self.found is None else f'{self.found:.1e} of {self.bound:.0e}'
        return f'{self.status:8}{self.name:60} {numbers:18} {self.seconds:6.1f} s  {self.note}'.rstrip()


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a check returns: a difference and how large it may be."""

    found: float
    bound: float
    note: str = ''


def run_checks(checks: Mapping[str, Callable[[], Measured]], tell: Callable[[str], None]) -> Iterable[Outcome]:
    """Makes the checks in turn; one that raises has failed, and the others still run."""
    for name, check in checks.items():
        start = time.monotonic()
        try:
            measured = check()
            passed = measured.found <= measured.bound  # not where it is a NaN
            values = dict(dataclasses.asdict(measured), status='passed' if passed else 'failed')
        except NotHere as error:
            values = dict(status='skipped', note=str(error))
        except Exception as error:  # whatever a driver, a compiler or a kernel finds to raise is a finding
            values = dict(status='failed', note=reason_of(error))
        outcome = Outcome(name, seconds=round(time.monotonic() - start, 2), **values)
        tell(str(outcome))
        yield outcome
