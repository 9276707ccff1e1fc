"""Child registries of MMSegmentation's, under the scope ``mmseg_liteseg``.

Configs keep ``default_scope = 'mmseg'`` and name our types with the prefix: ``mmseg_liteseg.STDCNet``. On that prefix
mmengine imports this module by itself, so no ``custom_imports`` is needed in any tool of mmseg, mmpretrain or mmdeploy.
"""

from __future__ import annotations

import mmengine.registry
import mmseg.registry
from mmengine.config import Config as _Config
from mmengine.registry import Registry

from .checkpoint import loader as _loader  # noqa: F401 (lets mmengine read .pdparams)
from .checkpoint import schemes as _schemes  # noqa: F401 (and .pth without running what they hold)
from .inheritance import SCOPE
from .inheritance import install as _inherit
from .noise import import_quietly as _import_quietly

_inherit(_Config)  # again, for a clone that is used without being installed (see startup.py)

# Where the modules of each registry are defined; mmengine imports them at the first look-up.
_LOCATIONS = {
    'MODELS': ['mmseg_liteseg.models'],
    'TASK_UTILS': ['mmseg_liteseg.models'],
    'DATASETS': ['mmseg_liteseg.datasets'],
    'TRANSFORMS': ['mmseg_liteseg.datasets'],
    'DATA_SAMPLERS': ['mmseg_liteseg.datasets'],
    'HOOKS': ['mmseg_liteseg.engine'],
    'LOOPS': ['mmseg_liteseg.engine'],
    'OPTIM_WRAPPERS': ['mmseg_liteseg.engine'],
    'RUNNERS': ['mmseg_liteseg.engine'],
    'METRICS': ['mmseg_liteseg.evaluation'],
    'VISUALIZERS': ['mmseg_liteseg.visualization.visualizer'],
}


def _make_child(name: str) -> Registry:
    """Makes our child of ``mmseg.registry.NAME``, visible from mmengine's root as well.

    The parent's locations come along: a look-up falls back to the parent's table without importing what fills it.
    Only children of the root itself are found from sibling scopes (mmpretrain, mmdeploy), hence the second link.
    """
    parent = getattr(mmseg.registry, name)
    locations = [*parent._locations, *_LOCATIONS.get(name, [])]
    child = Registry(parent.name, parent=parent, scope=SCOPE, locations=locations)
    root = getattr(mmengine.registry, name, None)
    if root is not None:
        root.children.setdefault(SCOPE, child)
    return child


__all__ = list(mmseg.registry.__all__)
globals().update({name: _make_child(name) for name in __all__})

_import_quietly('mmcv.cnn.bricks.transformer', 'mmseg.datasets')
# Last, as it registers with the names above: MMSegInferencer builds LoadImageFromFile before it needs anything of ours.
from .datasets.transforms import loading as _image_loading  # noqa: E402, F401
