from .label_map import upsample_argmax
from .ohem_loss import ohem_cross_entropy
from .targets import Targets

__all__ = ['Targets', 'ohem_cross_entropy', 'upsample_argmax']
