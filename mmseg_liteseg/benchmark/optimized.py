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
        # late: an installation may lack what it imports, and the other runtimes go on
        from mmseg_liteseg.deploy.optimize import optimize
    except ImportError as error:
        raise BenchmarkError(f'mmseg_liteseg.deploy.optimize cannot be imported ({error})') from error
    # random weights differ more in bf16 than trained ones, for which the usual bound is meant
    return optimize(model, precision=case.precision, bound=None if case.precision == 'fp32' else 1.0)
