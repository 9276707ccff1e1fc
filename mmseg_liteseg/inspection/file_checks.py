"""Images and masks as files: broken ones, sizes that differ, rotation, depth, channels."""

from __future__ import annotations

import os
from typing import Iterator, Sequence

from mmseg_liteseg.wording import are, count

from .facts import ImageFacts, MaskFacts
from .finding import Finding
from .listing import is_local
from .loader_checks import channels_of
from .pair_checks import MOST_CHECKED
from .scan import PartScan
from .setup import Part, Setup

_WHERE = 10
_TOO_DARK = 4096  # 16 bits below this are not loaded as 8: less than 16 levels would be left


def check_files(setup: Setup, scan: PartScan) -> list[Finding]:
    """What is wrong with the files of one data set."""
    return [
        *_check_broken(scan),
        *_check_sizes(scan),
        *_check_rotation(scan),
        *_check_depth(scan),
        *_check_channels(setup, scan),
        *_check_frames(scan),
    ]


def loaded_size(part: Part, image: ImageFacts) -> tuple[int, int]:
    """Height and width as the pipeline sees them: turned as EXIF says, unless it is told not to."""
    kinds = [step.get('color_type', 'color') for step in part.steps('LoadImageFromFile')]
    return image.size if any(str(kind).endswith('_ignore_orientation') for kind in kinds) else image.upright_size


def labelled_size(part: Part, mask: MaskFacts) -> tuple[int, int]:
    """Height and width of a mask as the pipeline sees it: our LoadAnnotations follows EXIF, mmseg's does not."""
    ours = any(str(step['type']).startswith('mmseg_liteseg.') for step in part.steps('LoadAnnotations'))
    return mask.upright_size if ours else mask.size


def _finding(scan: PartScan, severity: str, kind: str, what: str, files: Sequence[str], why: str, cure: str) -> Finding:
    split = scan.part.split
    return Finding(severity, kind, f'{split}: {what}', tuple(files[:_WHERE]), why, cure, len(files), split)


def _check_broken(scan: PartScan) -> Iterator[Finding]:
    faults = [fault for facts in scan.facts for fault in facts.faults]
    if len(scan.part.samples) <= MOST_CHECKED:  # those that are missing have been told already
        faults = [(path, reason) for path, reason in faults if not is_local(path) or os.path.isfile(path)]
    if faults:
        files = [f'{path} ({reason})' for path, reason in faults]
        what = f'files that cannot be read: {len(faults)}'
        why = 'training or validation would stop there, or go on with half a picture'
        yield _finding(scan, 'error', 'unreadable', what, files, why, 'replace the files or take them out')


def _check_sizes(scan: PartScan) -> Iterator[Finding]:
    differing, turned, transposed = [], 0, 0
    for facts in scan.facts:
        if facts.image is None or facts.mask is None:
            continue
        size, other = loaded_size(scan.part, facts.image), labelled_size(scan.part, facts.mask)
        if size != other:
            differing.append(f'{facts.sample.image} {_text(size)}, mask {_text(other)}')
            # all of one cause, or the cause is not known: mixed ones get no cure that fits half of them
            turned += size != facts.image.size and facts.image.size == other
            transposed += size == other[::-1]
    if not differing:
        return
    cause, cure = 'in training the mask would be stretched to the image; validation stops', 'make masks of their images'
    if turned == len(differing):
        cause = 'EXIF turns the images when they are loaded, and the masks are of the unturned ones'
        cure = "turn the masks, or set color_type='color_ignore_orientation' in LoadImageFromFile"
    elif transposed == len(differing):
        cause, cure = 'height and width are swapped', 'transpose the masks (arrays are (height, width))'
    what = f'{len(differing)} of {len(scan.facts)} masks differ in size from their images'
    yield _finding(scan, 'error', 'size-differs', what, differing, cause, cure)


def _text(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'


def _check_rotation(scan: PartScan) -> Iterator[Finding]:
    """EXIF rotation that sizes do not give away: by 180 degrees, mirrored, or of square images."""
    hidden = [
        f'{facts.sample.image} (EXIF orientation {facts.image.orientation})'
        for facts in scan.facts
        if facts.image is not None
        and facts.mask is not None
        and facts.image.orientation != facts.mask.orientation
        # the others, turned by 90 degrees, differ in size and are told above
        and (facts.image.orientation < 5 or facts.image.height == facts.image.width)
        and loaded_size(scan.part, facts.image) == facts.mask.size
    ]
    if hidden:
        what = f'{count(len(hidden), "image")} {are(len(hidden))} turned or mirrored by EXIF in loading, masks are not'
        why = 'masks drawn on the unturned pixels lie wrong'
        cure = 'look at the pictures; rewrite these images upright and without EXIF'
        yield _finding(scan, 'warning', 'exif', what, hidden, why, cure)


def _check_depth(scan: PartScan) -> Iterator[Finding]:
    """More than 8 bits, and what the loader makes of them."""
    deep = [(path, image) for path, image in scan.images if image.bits > 8]
    if not deep:
        return
    part = scan.part
    kinds = {step.get('color_type', 'color') for step in part.steps('LoadImageFromFile')}
    highest = max((image.limits or (0, 0))[1] for _, image in deep)
    files = [f'{path} ({image.bits} bits, {_limits(image)})' for path, image in deep]
    depth = 'floating-point numbers' if all(image.is_float for _, image in deep) else 'more than 8 bits'
    what = f'{len(deep)} of {len(scan.images)} images hold {depth}'
    if kinds - {'unchanged'}:
        refused = any(image.is_float or 0 < (image.limits or (0, 0))[1] < _TOO_DARK for _, image in deep)
        kept = f'0..{highest:g} becomes 0..{int(highest) >> 8}' if not deep[0][1].is_float else 'nothing is left'
        cure = "set color_type='unchanged' in LoadImageFromFile, and mean and std to the range of the data"
        why = f'loading them as 8 bits keeps the upper half: {kept}' + (', which is refused' if refused else '')
        yield _finding(scan, 'error' if refused else 'warning', 'depth', what, files, why, cure)
    elif part.steps('RandomDistort', 'PhotoMetricDistortion'):
        why = 'its arithmetic is that of 8-bit images and wraps around'
        what += ', which the colour distortion in the pipeline cannot take'
        yield _finding(scan, 'error', 'depth', what, files, why, 'take RandomDistort or PhotoMetricDistortion out')
    else:
        yield _finding(scan, 'note', 'depth', what, files, '', 'mean and std have to be of the same range')


def _limits(image: ImageFacts) -> str:
    return 'values unknown' if image.limits is None else f'{image.limits[0]:g}..{image.limits[1]:g}'


def _check_channels(setup: Setup, scan: PartScan) -> Iterator[Finding]:
    mean = setup.preprocessor.get('mean')
    if channels_of(scan.part) is None and scan.part.steps('LoadImageFromFile') and mean is not None:
        wrong = [f'{path} ({image.channels})' for path, image in scan.images if image.channels != len(mean)]
        if wrong:
            what = f'{len(wrong)} of {len(scan.images)} images have other than the {len(mean)} channels of mean'
            cure = 'give mean, std and the backbone as many channels as the images have'
            yield _finding(scan, 'error', 'channels', what, wrong, 'the first batch stops at them', cure)
        return
    kinds = {step.get('color_type', 'color') for step in scan.part.steps('LoadImageFromFile')}
    bands = [f'{path} ({image.channels})' for path, image in scan.images if image.channels > 4]
    if bands and kinds - {'unchanged'}:
        what = f'{len(bands)} of {len(scan.images)} images have more bands than colours'
        cure = "set color_type='unchanged', and as many numbers in mean, std and channels in the backbone"
        yield _finding(scan, 'error', 'channels', what, bands, 'they cannot be loaded as colours', cure)
    alpha = [path for path, image in scan.images if image.mode in ('RGBA', 'LA', 'PA')]
    if alpha and scan.part.steps('LoadImageFromFile'):
        what = f'{len(alpha)} of {len(scan.images)} images have a fourth or transparent channel, which is dropped'
        cure = "for four channels set color_type='unchanged', mean and std of four numbers, backbone.in_channels=4"
        yield _finding(scan, 'note', 'channels', what, alpha, '', cure)


def _check_frames(scan: PartScan) -> Iterator[Finding]:
    for name, items in (('images', scan.images), ('masks', scan.masks)):
        moving = [f'{path} ({facts.frames})' for path, facts in items if facts.frames > 1 and facts.format != 'MPO']
        if moving:
            what = f'{len(moving)} {name} hold several pictures in one file, of which the first is read'
            yield _finding(scan, 'warning', 'frames', what, moving, '', 'save the wanted one alone')
