"""Reads masks of any usual format and turns them into class indices."""

from __future__ import annotations

from .class_files import ClassFile, find_class_files, read_class_file
from .decode import open_image, read_mask
from .propose import propose_table
from .survey import FileSurvey, MaskSurvey, merge, survey_file
from .table import IGNORE, ClassRow, LabelTable

__all__ = [
    'IGNORE',
    'ClassFile',
    'ClassRow',
    'FileSurvey',
    'LabelTable',
    'MaskSurvey',
    'find_class_files',
    'merge',
    'open_image',
    'propose_table',
    'read_class_file',
    'read_mask',
    'survey_file',
]
