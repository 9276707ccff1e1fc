"""Finds images, masks, their pairs and splits in a folder that someone made."""

from __future__ import annotations

from .lists import SplitLists
from .pairing import Found, Match, find_pairs
from .walk import Tree, walk

__all__ = ['Found', 'Match', 'SplitLists', 'Tree', 'find_pairs', 'walk']
