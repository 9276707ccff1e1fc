"""Images without masks, masks without images, and what a suffix leaves out."""

from __future__ import annotations

import os
from typing import Iterator

from mmseg_liteseg.wording import are, count

from .finding import Finding
from .listing import count_endings, folder_of, is_local, is_picture, walk_files
from .setup import Part

_WHERE = 10
MOST_CHECKED = 20000  # looking for more takes seconds on a network's disk; the rest is found when it is read


def check_pairs(part: Part) -> list[Finding]:
    """Looks for the files that a part names, and for files beside them that it does not."""
    findings = list(_check_missing(part))
    folder = folder_of(part, 'img_path')
    # with a list, what it leaves out is left out on purpose
    if folder and not getattr(part.dataset, 'ann_file', '') and not getattr(part.dataset, '_indices', None):
        findings += _check_left_out(part, folder)
        findings += _check_orphans(part, folder)
    return findings


def _check_missing(part: Part) -> Iterator[Finding]:
    # evenly spread, so that a folder which is missing as a whole is met
    step = max(len(part.samples) // MOST_CHECKED, 1)
    looked_at = [sample for sample in part.samples[::step] if not part.backend_args]
    for name, field in (('image', 'image'), ('mask', 'mask')):
        paths = [getattr(sample, field) for sample in looked_at]
        missing = [path for path in paths if is_local(path) and not os.path.isfile(path)]
        if missing:
            links = ', a link to nothing' if os.path.islink(missing[0]) else ''
            yield Finding(
                'error',
                f'no-{name}',
                f'{part.split}: {len(missing)} of {len(looked_at)} samples have no {name} file{links}',
                tuple(missing[:_WHERE]),
                'training or validation would stop at the first of them',
                _missing_cure(part, name),
                len(missing),
                part.split,
            )


def _missing_cure(part: Part, name: str) -> str:
    key = 'seg_map_suffix' if name == 'mask' else 'img_suffix'
    folder = folder_of(part, 'seg_map_path' if name == 'mask' else 'img_path')
    endings = count_endings(file for file in walk_files(folder) if is_picture(file)) if folder else []
    suffix = getattr(part.dataset, key, None)
    if endings and suffix and not any(ending and suffix.endswith(ending) for ending, _ in endings):
        return f'{folder} holds {endings[0][1]} {endings[0][0]}: set {key}={endings[0][0]!r}'
    if name == 'mask':
        return f'add the masks, take the images away, or correct {key}={suffix!r} and data_prefix.seg_map_path'
    return 'add the files, or take their names out of the list'


def _check_left_out(part: Part, folder: str) -> Iterator[Finding]:
    """Pictures in the folder of images that no sample uses."""
    used = {os.path.normpath(path) for sample in part.samples for path in (sample.image, sample.mask) if path}
    mask_suffix = getattr(part.dataset, 'seg_map_suffix', None) or '\0'
    in_one_folder = _same(folder, folder_of(part, 'seg_map_path'))
    left, broken = [], []
    for name in walk_files(folder):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            broken.append(path)
        elif not is_picture(name) or (in_one_folder and name.endswith(mask_suffix)):
            continue
        elif os.path.normpath(path) not in used:
            left.append(path)
    if left:
        suffix = part.dataset.img_suffix
        found = ', '.join(f'{count} {ending}' for ending, count in count_endings(iter(left))[:3])
        yield Finding(
            'warning',
            'left-out',
            f'{part.split}: {count(len(left), "picture")} beside the {len(part.samples)} used '
            f'{are(len(left), "does", "do")} not end in '
            f'{suffix!r}: {found}',
            tuple(left[:_WHERE]),
            'they are left out of the data without a word',
            'give all images one suffix, or put each suffix into a data set of its own (ConcatDataset)',
            len(left),
            part.split,
        )
    if broken:
        yield Finding(
            'error',
            'no-image',
            f'{part.split}: {count(len(broken), "link")} in {folder} {are(len(broken), "leads", "lead")} to nothing',
            tuple(broken[:_WHERE]),
            'these images are left out of the data without a word',
            'mend or remove the links',
            len(broken),
            part.split,
        )


def _check_orphans(part: Part, folder: str) -> Iterator[Finding]:
    """Masks that belong to no image."""
    masks, suffix = folder_of(part, 'seg_map_path'), getattr(part.dataset, 'seg_map_suffix', None)
    if not masks or not suffix or _same(folder, masks) or any(sample.masks for sample in part.samples):
        return
    used = {os.path.normpath(sample.mask) for sample in part.samples if sample.mask}
    names = [os.path.join(masks, name) for name in walk_files(masks) if name.endswith(suffix)]
    orphans = [path for path in names if os.path.normpath(path) not in used]
    if orphans:
        yield Finding(
            'warning',
            'no-image',
            f'{part.split}: {len(orphans)} of {len(names)} masks have no image',
            tuple(orphans[:_WHERE]),
            'these samples are left out of the data without a word',
            f'add the images (ending in {part.dataset.img_suffix!r}) or remove the masks',
            len(orphans),
            part.split,
        )


def _same(one: str, other: str | None) -> bool:
    return other is not None and os.path.realpath(one) == os.path.realpath(other)
