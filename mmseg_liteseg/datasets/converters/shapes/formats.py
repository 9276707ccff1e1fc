"""The annotation formats that are read: one table, from what a file holds to the reader that knows it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Sequence
from xml.etree import ElementTree

from mmseg_liteseg.images.files import reason_of

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.walk import Tree
from ..masks.decode import open_image
from .coco import is_coco, read_coco
from .cvat import is_cvat, read_cvat
from .drawing import Annotation
from .label_studio import is_label_studio, read_label_studio
from .labelme import is_labelme, read_labelme
from .panoptic import is_panoptic, read_panoptic
from .supervisely import is_supervisely, read_supervisely
from .via import is_via, is_via_table, read_via, read_via_table
from .yolo import is_yolo, read_yolo


@dataclass
class Source:
    """What readers need to know of the folder.

    Attributes:
        tree: Its files.
        names: Of the classes, by number, for files that hold numbers alone.
        notes: Get remarks for the user.
        index: Finds images by what files call them.
    """

    tree: Tree
    names: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        self.index = Index(self.tree.images)

    def size_of(self, image: Path) -> tuple[int, int]:
        """Height and width of an image."""
        return open_image(self.tree.root / image).size[::-1]


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        name: As its users know it.
        suffix: Of its files.
        fits: Whether the parsed content of a file is of this format.
        read: Gives the annotations of a file (its path, its content, the folder).
        holds_all: Whether one file describes all images, so that a broken one is an error, and not left out.
    """

    name: str
    suffix: str
    fits: Callable[[Any], bool]
    read: Callable[[Path, Any, Source], list[Annotation]]
    holds_all: bool = True

    def annotations_of(self, path: Path, content: Any, source: Source) -> list[Annotation]:
        """The annotations of a file.

        Raises:
            ConversionError: As the reader does, and of entries that lack a field or hold something else in it.
        """
        try:
            return self.read(path, content, source)
        except ConversionError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # readers check what tools are known to vary: whatever else a hand has changed ends here, by its file's name
            reason = f'an entry lacks {error}' if isinstance(error, KeyError) else reason_of(error)
            raise ConversionError(f'{path}: not as {self.name} writes it ({reason}); export it anew') from error


def _outlines(path: Path, lines: list[str], source: Source) -> list[Annotation]:
    found = read_yolo(path, lines, source.names, source.index, source.size_of)
    if found is None:
        raise ConversionError(f'{path}: its objects have boxes only, no outlines')
    return [found]


FORMATS = (
    # before COCO: its JSON has all that COCO's has, and more
    Format('COCO panoptic', '.json', is_panoptic, lambda p, c, s: read_panoptic(p, c, s.tree.root, s.index, s.notes)),
    Format('COCO', '.json', is_coco, lambda p, c, s: read_coco(p, c, s.index, s.notes)),
    Format('labelme', '.json', is_labelme, lambda p, c, s: [read_labelme(p, c, s.index)], holds_all=False),
    Format('Supervisely', '.json', is_supervisely, lambda p, c, s: [read_supervisely(p, c, s.index)], holds_all=False),
    Format('VIA', '.json', is_via, lambda p, c, s: read_via(p, c, s.index, s.notes)),
    Format('VIA', '.csv', is_via_table, lambda p, c, s: read_via_table(p, c, s.index, s.notes)),
    Format('Label Studio', '.json', is_label_studio, lambda p, c, s: read_label_studio(p, c, s.index, s.notes)),
    Format('CVAT', '.xml', is_cvat, lambda p, c, s: read_cvat(p, c, s.index, s.notes)),
    Format('Ultralytics', '.txt', is_yolo, _outlines, holds_all=False),
)
"""The first that fits is taken."""


def parse(path: Path) -> Any:
    """What a file holds, for ``Format.fits``: parsed JSON or XML, rows of CSV, lines of text; None if it is broken.

    Raises:
        ConversionError: If it cannot be read at all.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == '.xml':
            return ElementTree.parse(path).getroot()
        text = path.read_text(encoding='utf-8-sig', errors='replace')
        if suffix == '.csv':
            return list(csv.reader(text.splitlines(), skipinitialspace=True))
        return json.loads(text) if suffix == '.json' else [line for line in text.splitlines() if line.strip()]
    except OSError as error:
        raise ConversionError(f'{path}: cannot be read ({error.strerror})') from error
    except (ValueError, RecursionError, ElementTree.ParseError, csv.Error):
        return None
