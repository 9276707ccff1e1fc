"""Street scenes drawn on demand: data to train and test on without a download."""

from .backend import SyntheticBackend, scene_path
from .scene import SPLITS, render_scene

__all__ = ['SPLITS', 'SyntheticBackend', 'render_scene', 'scene_path']
