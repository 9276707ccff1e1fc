"""Files of pictures and masks: reading, refusing, showing and naming them, the same wherever the package does so.

Without torch and the host, so that training, testing, export and the runtime share one reader.
"""

from .decode import COLOR_TYPES, decode_bands, decode_image
from .display import to_picture
from .errors import ImageFileError
from .files import read_file, shown
from .masks import decode_mask, read_mask
from .naming import output_names
from .ranges import check_range
from .reading import read_image, read_picture

__all__ = [
    'COLOR_TYPES',
    'ImageFileError',
    'check_range',
    'decode_bands',
    'decode_image',
    'decode_mask',
    'output_names',
    'read_file',
    'read_image',
    'read_mask',
    'read_picture',
    'shown',
    'to_picture',
]
