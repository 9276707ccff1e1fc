from .plain_context import PlainContext
from .sppm import SPPM

__all__ = ['SPPM', 'PlainContext']
