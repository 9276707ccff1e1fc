"""The runtime ``optimized``: mmseg_liteseg.deploy.optimize."""

from __future__ import annotations

from torch import nn

from .case import Case
from .errors import BenchmarkError


def optimize_for(case: Case, model: nn.Module) -> nn.Module:
    """The model as deploy.optimize makes it for a case's precision.

    Raises:
        BenchmarkError: This installation has no such function.
    """
    try:
        from mmseg_liteseg.deploy.optimize import optimize
    except ImportError as error:
        raise BenchmarkError(f'mmseg_liteseg.deploy.optimize cannot be imported ({error})') from error
    return optimize(model, precision=case.precision)
