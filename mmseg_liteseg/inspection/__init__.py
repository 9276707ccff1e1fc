"""What a data set holds and what is wrong with it: readers of files, findings, report.

Used by tools/check_dataset.py, by the writer of configs for own data and, in short, by the start of every training.
"""

from .facts import Header, ImageFacts, MaskFacts, UnreadableFileError
from .files import read_image, read_mask
from .finding import Finding, InspectionError, by_severity, errors_of, raise_errors

__all__ = [
    'Finding',
    'Header',
    'ImageFacts',
    'InspectionError',
    'MaskFacts',
    'UnreadableFileError',
    'by_severity',
    'errors_of',
    'raise_errors',
    'read_image',
    'read_mask',
]
