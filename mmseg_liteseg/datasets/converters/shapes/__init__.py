"""Turns the shapes of annotation tools into label images."""

from __future__ import annotations

from .drawing import Annotation, Shape, draw
from .find import Shapes, find_shapes

__all__ = ['Annotation', 'Shape', 'Shapes', 'draw', 'find_shapes']
