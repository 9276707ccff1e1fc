"""What will be written for a folder, and the words in which the user is told."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.masks.naming import say_some
from mmseg_liteseg.images import shown
from mmseg_liteseg.inspection import UnreadableFileError, read_image
from mmseg_liteseg.wording import count

from .parallel import each
from .pixel_values import PixelValues, is_of_form, measure, usual_form
from .recipe import Recipe, make_recipe
from .samples import LabelledFolder, Sample, how_to_fit
from .splits import divide

SPLITS = ('train', 'val', 'test')
_SHOW_LEFT_OUT = 5
_BREAKS = re.compile('[\n\r\t]')


@dataclass
class Plan:
    """Classes, splits and settings for a folder.

    Attributes:
        name: Of the data set.
        folder: What was read.
        splits: Samples by split; with a single image, it is in train and val.
        recipe: Settings of the training.
        values: How images are loaded.
        notes: Remarks for the user.
    """

    name: str
    folder: LabelledFolder
    splits: dict[str, list[Sample]]
    recipe: Recipe
    values: PixelValues
    notes: list[str] = field(default_factory=list)

    def writes(self, sample: Sample) -> bool:
        """Whether a mask is written for a sample, rather than the stored one used."""
        return not self.folder.ready or how_to_fit(sample.label_size, sample.facts) != 'as it is'

    @property
    def written(self) -> int:
        """Number of masks to be written."""
        return sum(self.writes(sample) for sample in self.folder.samples)

    def as_json(self) -> dict[str, Any]:
        """For the file kept beside the masks: how labels came about, and what was left out."""
        return dict(
            source=str(self.folder.root.resolve()),
            layout=self.folder.layout,
            labels=self.folder.table,
            images={split: len(samples) for split, samples in self.splits.items()},
            notes=[*self.folder.notes, *self.notes],
            left_out=self.folder.left_out,
        )

    def __str__(self) -> str:
        """What the command prints."""
        lines = [f'{self.folder.root}: {self.folder.layout}', *self._classes(), *self._settings()]
        lines += [f'note: {note}' for note in (*self.folder.notes, *self.notes)]
        left = self.folder.left_out
        if left:
            lines.append(f'left out: {count(len(left), "file")}')
            lines += [f'  {line}' for line in left[:_SHOW_LEFT_OUT]]
            if len(left) > _SHOW_LEFT_OUT:
                lines.append(f'  and {len(left) - _SHOW_LEFT_OUT} more')
        return '\n'.join(lines)

    def _classes(self) -> list[str]:
        """A table: classes by rows, share of pixels and number of images by split."""
        splits = list(self.splits)
        names = [row.name for row in self.folder.classes]
        width = max(*map(len, names), len('ignored (255)')) + 2
        counts = {split: sum((s.counts for s in self.splits[split]), np.zeros(256, np.int64)) for split in splits}
        held = {
            split: sum(((s.counts > 0).astype(int) for s in self.splits[split]), np.zeros(256, int)) for split in splits
        }
        pixels = {split: self._pixels(split, counts[split]) for split in splits}
        head = f'{"label class":{width + 6}}' + ''.join(
            f'{count(len(self.splits[s]), s + " image"):>22}' for s in splits
        )
        lines = [head]
        for label, name in [*enumerate(names), (255, 'ignored (255)')]:
            if label == 255 and not any(counts[split][255] for split in splits):
                continue
            cells = (f'{counts[s][label] / pixels[s]:13.2%} in {held[s][label]:5d}' for s in splits)
            lines.append(f'{label:5d} {name:{width}}' + ''.join(f'{cell:>22}' for cell in cells))
        return lines

    def _pixels(self, split: str, counts: np.ndarray) -> int:
        """All pixels; with several classes at one, their labels are more."""
        several = self.folder.multi_label
        return max(sum(s.label_size[0] * s.label_size[1] for s in self.splits[split]) if several else counts.sum(), 1)

    def _settings(self) -> list[str]:
        recipe = self.recipe
        return [
            f'masks: {self.written} to be written, {len(self.folder.samples) - self.written} used as they are',
            f'training: crops of {recipe.crop_size[0]} x {recipe.crop_size[1]}, batch {recipe.batch_size}, '
            f'{count(recipe.max_iters, "iteration")}',
        ]


def make_plan(folder: LabelledFolder, name: str, val_share: float = 0.2, seed: int = 0) -> Plan:
    """Looks at all images, divides them and derives the settings.

    Args:
        folder: What was read.
        name: Of the data set.
        val_share: Of the images, where the folder has no val split.
        seed: Of what is drawn.

    Raises:
        ConversionError: If no image fits its label.
    """
    _look_at_images(folder)
    notes = divide(folder.samples, val_share, seed)
    splits = {split: [s for s in folder.samples if s.split == split] for split in SPLITS}
    # of a single image; divide() has said what results are worth then
    splits['val'] = splits['val'] or splits['train']
    if not splits['test']:
        del splits['test']
    recipe = make_recipe(splits['train'], len(folder.classes))
    values = measure(folder.root, splits['train'])
    return Plan(name, folder, splits, recipe, values, [*notes, *_absent(folder, splits)])


def _look_at_images(folder: LabelledFolder) -> None:
    """Fills in the facts; drops samples whose image is broken or cannot belong to its label."""

    def look(sample: Sample) -> str:
        if _BREAKS.search(f'{sample.image}{sample.mask or ""}'):
            return f'{shown(sample.image)}: a list cannot hold names with line breaks or tabs; rename it'
        try:
            sample.facts = read_image(str(folder.root / sample.image))
        except UnreadableFileError as error:
            return f'{sample.image}: {error}'
        if not how_to_fit(sample.label_size, sample.facts):
            size, stored = sample.label_size, sample.facts.upright_size
            return f'{sample.image}: {stored[0]} x {stored[1]} pixels, but its mask has {size[0]} x {size[1]}'
        return ''

    problems = list(each(look, folder.samples, 'images'))
    kept = [sample for sample, problem in zip(folder.samples, problems) if not problem]
    left_out = [problem for problem in problems if problem]
    if not kept:
        raise ConversionError(f'{folder.root}: no image can be used; the first: {left_out[0]}')
    # one form for all, as a network has one number of channels and one mean
    form = usual_form(kept)
    folder.samples = [sample for sample in kept if is_of_form(sample, form)]
    left_out += [
        f'{sample.image}: {count(sample.facts.channels, "channel")} of {sample.facts.bits} bits, '
        f'others {form[1]} of {form[2]}'
        for sample in kept
        if not is_of_form(sample, form)
    ]
    folder.left_out = [*left_out, *folder.left_out]
    folder.notes += _about_images(folder.samples)


def _about_images(samples: list[Sample]) -> list[str]:
    ways = Counter(how_to_fit(sample.label_size, sample.facts) for sample in samples)
    notes = []
    if ways['turn']:
        notes.append(
            f"{count(ways['turn'], 'mask')} as stored with EXIF's turn still to come: turned as EXIF turns the images"
        )
    if ways['resize']:
        notes.append(f'{count(ways["resize"], "mask")} of another size than the image: resized (nearest pixel)')
    hidden = [s for s in samples if s.facts.orientation in (2, 3, 4) or (s.facts.orientation > 4 and _square(s))]
    if hidden:
        notes.append(
            f'EXIF turns {count(len(hidden), "image")} and sizes do not tell whether the masks are turned: check'
        )
    beyond, channels, bits = usual_form(samples)
    if beyond:
        notes.append(
            f'images of {count(channels, "channel")} of {bits} bits: loaded as they are, mean and std measured'
        )
    elif any(sample.facts.channels in (2, 4) for sample in samples):
        notes.append('the alpha channel of the images is not used')
    return notes


def _square(sample: Sample) -> bool:
    return sample.facts.height == sample.facts.width


def _absent(folder: LabelledFolder, splits: dict[str, list[Sample]]) -> list[str]:
    """Classes that occur, but not in every split."""
    notes = []
    total = sum(sample.counts for sample in folder.samples)
    for split, samples in splits.items():
        counts = sum(sample.counts for sample in samples)
        missing = [r.name for label, r in enumerate(folder.classes) if total[label] and not counts[label]]
        if missing:
            notes.append(f'{split} has no pixel of: {say_some(missing)}')
    return notes
