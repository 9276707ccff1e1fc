"""What the names of folders and files say: image or mask, and of which split."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .vocabulary import COLOUR_WORDS, FILLERS, IMAGE_WORDS, MASK_WORDS, OTHER_WORDS, SPLIT_WORDS

# Of several masks of one image, the one that says more comes first: train ids, then ids, then what a hand drew.
_PREFERRED = ('labeltrainids', 'trainids', 'labelids', 'manual', 'segmentationclass', 'groundtruth', 'gt')


@dataclass(frozen=True)
class Reading:
    """What a path says.

    Attributes:
        role: 'mask', 'image', 'other' or '' where nothing is said.
        split: 'train', 'val', 'test' or ''.
        folder: The folders that say neither, joined by '/'.
        core: The file's name without what says role or split.
        family: The words that were taken off, which name the convention.
    """

    role: str
    split: str
    folder: str
    core: str
    family: tuple[str, ...]


def read_name(path: Path) -> Reading:
    """Reads a relative path.

    Example:
        >>> read_name(Path('gtFine/train/aachen/aachen_01_gtFine_labelIds.png'))
        Reading(role='mask', split='train', folder='aachen', core='aachen_01', family=('gtfine', 'gtfine', 'labelids'))
        >>> read_name(Path('trainannot/7.png')).role, read_name(Path('trainannot/7.png')).split
        ('mask', 'train')
    """
    role, split, rest, family = '', '', [], []
    for part in path.parts[:-1]:
        part_role, part_split, words = _read_folder(part)
        role = _stronger(role, part_role)
        split = part_split or split
        family += words
        if not words and not part_split:
            rest.append(part)
    core, lead, trail, words = _read_stem(path.stem)
    if trail in ('mask', 'other'):
        role = _stronger(role, trail)
    role = role or trail or lead
    return Reading(role, split, '/'.join(rest), core, (*family, *words))


def rank(family: tuple[str, ...]) -> tuple[int, int]:
    """Order of preference among masks of the same images; lower is better."""
    preferred = next((i for i, word in enumerate(_PREFERRED) if word in family), len(_PREFERRED))
    return (int(bool(COLOUR_WORDS & set(family))), preferred)


def split_of_name(stem: str) -> str:
    """The split that a list's name names, such as train_list or val.

    Example:
        >>> split_of_name('val_list'), split_of_name('trainval'), split_of_name('labels')
        ('val', '', '')
    """
    splits = {SPLIT_WORDS[token] for token in re.split(r'[^a-z]+', stem.lower()) if token in SPLIT_WORDS}
    return splits.pop() if len(splits) == 1 else ''


def _stronger(one: str, other: str) -> str:
    """Other things stay so; a mask among images (images/a_mask.png) or an image in a folder of masks is a mask."""
    return next((role for role in ('other', 'mask', 'image') if role in (one, other)), '')


def _role(token: str) -> str:
    if token in OTHER_WORDS:
        return 'other'
    if token in MASK_WORDS:
        return 'mask'
    return 'image' if token in IMAGE_WORDS else ''


def _read_folder(part: str) -> tuple[str, str, list[str]]:
    """Role, split and the words that say the role, of one folder's name."""
    tokens = [token for token in re.split(r'[^0-9a-z]+', part.lower()) if token]
    whole = ''.join(tokens)
    if _role(whole):
        return _role(whole), '', [whole]
    role, split, words, rest = '', '', [], []
    for token in (piece for whole in tokens for piece in _compound(whole)):
        if _role(token):
            role = _stronger(role, _role(token))
            words.append(token)
        elif token in SPLIT_WORDS:
            split = split or SPLIT_WORDS[token]
        elif token in COLOUR_WORDS:
            words.append(token)
        elif not (token.isdigit() or len(token) <= 3 or token in FILLERS):
            rest.append(token)
    if rest and not role:  # 'test_drive' is a name; 'train_2017' is a split
        return '', '', []
    if not role:
        words = []
    return role, split, words


def _compound(token: str) -> list[str]:
    """Takes 'trainannot', 'labelsTr', 'images2' and 'train2017' apart."""
    bare = token.rstrip('0123456789')
    token = bare if _role(bare) or bare in SPLIT_WORDS else token
    if _role(token) or token in SPLIT_WORDS:
        return [token]
    for cut in range(2, len(token) - 1):
        head, tail = token[:cut], token[cut:]
        if head in SPLIT_WORDS and tail in FILLERS:
            return [head]
        known = (_role(head) or head in SPLIT_WORDS) and (_role(tail) or tail in SPLIT_WORDS)
        if known and not (head in SPLIT_WORDS and tail in SPLIT_WORDS):
            return [head, tail]
    return [token]


def _read_stem(stem: str) -> tuple[str, str, str, list[str]]:
    """Core, role by its beginning, role by its end, and the words taken off."""
    pieces = re.split(r'([_\-. ]+)', stem)
    words: list[str] = []
    lead, pieces = _strip_lead(pieces, words)
    trail, pieces = _strip_trail(pieces, words)
    return ''.join(pieces), lead, trail, words


def _strip_lead(pieces: list[str], words: list[str]) -> tuple[str, list[str]]:
    role = ''
    while pieces:
        match = re.fullmatch(r'([a-z]+)(\d*)', pieces[0].lower())
        if not match or not _role(match.group(1)):
            break
        role = _stronger(role, _role(match.group(1)))
        words.append(match.group(1))
        pieces = [match.group(2), *pieces[1:]] if match.group(2) else pieces[2:]
        if match.group(2):
            break
    return role, pieces


def _strip_trail(pieces: list[str], words: list[str]) -> tuple[str, list[str]]:
    """Takes '_mask', '_gtFine_labelIds', '_color_mask', '_L', '_manual1' or '_mask_1' off."""
    role, taken = '', []
    while pieces:
        last = pieces[-1]
        token = last.lower()
        bare = token.rstrip('0123456789')
        if _role(token) or _role(bare):
            role = _stronger(role, _role(token) or _role(bare))
        # CamVid's 0001TP_006690_L.png; in lower case an l is a letter of a name
        elif last == 'L' and len(pieces) > 1:
            role, token = _stronger(role, 'mask'), 'l'
        elif token.isdigit() and len(pieces) > 2 and _role(pieces[-3].lower()) == 'mask':
            pieces = pieces[:-2]
            continue
        elif not (len(pieces) > 1 and (token in SPLIT_WORDS or token in COLOUR_WORDS)):
            break
        taken.insert(0, token if _role(token) else bare or token)
        pieces = pieces[:-2]
    words += taken
    return role, pieces
