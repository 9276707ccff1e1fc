"""What all runtimes have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Sequence

import numpy as np

from ..metadata import Metadata


class Runner(ABC):
    """An artefact in its runtime.

    Attributes:
        runtime: Name and version of the runtime, with the precision where it is not float32.
        metadata: What the artefact says of itself; None if it was made elsewhere.
        input_shape: Its sides, None where any number goes; None altogether where the runtime does not know.
        input_dtype: 'float32' or 'uint8'; None where the runtime does not know.
    """

    runtime: str
    metadata: Metadata | None = None
    input_shape: Sequence[int | None] | None = None
    input_dtype: str | None = None

    @abstractmethod
    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The artefact's input -> its (first) output."""
