from .boundary import BoundaryCrossEntropyLoss
from .dice import DiceLoss
from .lovasz import LovaszLoss

__all__ = ['BoundaryCrossEntropyLoss', 'DiceLoss', 'LovaszLoss']
