"""Random transforms in two steps, so that a caller can replay given draws."""

from __future__ import annotations

from typing import Any

from mmcv.transforms import BaseTransform


class RandomTransform(BaseTransform):
    """A transform that first draws its parameters and then applies them.

    ``draw`` uses Python's and numpy's global generators in the order PaddleSeg does: with the same seeds, a pipeline of
    these transforms sees the same numbers. ``apply`` uses none.
    """

    def draw(self, results: dict) -> Any:
        """Draws the parameters for one image. Not abstract in Python's sense: mmcv's cache_randomness fails on that."""
        raise NotImplementedError

    def apply(self, results: dict, params: Any) -> dict:
        """Applies parameters as ``draw`` gives them."""
        raise NotImplementedError

    def transform(self, results: dict) -> dict:
        """Draws and applies."""
        return self.apply(results, self.draw(results))
