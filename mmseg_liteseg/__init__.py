"""PP-LiteSeg (https://arxiv.org/abs/2204.02681) for MMSegmentation.

Importing the package is optional: mmengine imports ``mmseg_liteseg.registry`` by itself as soon as a config
names a type such as ``mmseg_liteseg.STDCNet``.
"""

from mmengine.config import utils as _config_utils

from .version import __version__

# Lets configs inherit with `_base_ = 'mmseg_liteseg::ppliteseg/NAME.py'` (and from `mmseg::`, which the maintained
# forks map to a distribution name that is not the one they install) wherever this package is imported first.
_config_utils.MODULE2PACKAGE.setdefault('mmseg_liteseg', 'mmseg_liteseg')
_config_utils.MODULE2PACKAGE['mmseg'] = 'mmseg'

__all__ = ['__version__']
