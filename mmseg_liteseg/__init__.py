"""PP-LiteSeg (https://arxiv.org/abs/2204.02681) for MMSegmentation.

Importing the package is optional: mmengine imports ``mmseg_liteseg.registry`` by itself as soon as a config
names a type such as ``mmseg_liteseg.STDCNet``. Nothing heavy comes with it: ``mmseg_liteseg.runtime`` needs no torch.
"""

from .version import __version__

__all__ = ['__version__']
