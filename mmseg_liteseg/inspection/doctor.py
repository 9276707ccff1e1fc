"""The whole inspection of a config and its data, in one place.

::

    config -> against itself -> lists of samples -> files -> labels -> across splits
              setting_checks    listing             file_      label_     duplicates
              type_checks       pair_checks         checks     checks     crops, size_checks
              metric_checks
              class_checks
              loader_checks
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

from mmengine.config import Config

from .class_checks import check_classes
from .crops import check_crops
from .duplicates import check_duplicates
from .file_checks import check_files
from .finding import Finding, by_severity, errors_of
from .head_checks import check_heads
from .label_checks import check_masks
from .labels import Labels, count_labels
from .learning_checks import check_learning
from .listing import list_samples
from .loader_checks import check_last_batch, check_loaders
from .metric_checks import check_metrics
from .pair_checks import check_pairs
from .scan import PartScan, Track, scan
from .setting_checks import NOT_A_NUMBER, check_settings
from .setup import SPLITS, Part, Setup, read_setup, scope_of
from .size_checks import check_sizes, sizes_of
from .turned_checks import check_turned
from .type_checks import check_types


@dataclass
class Inspection:
    """What a config's data holds and what is wrong with it.

    Args:
        setup: The config as it was understood.
        findings: Errors first.
        scans: What was read.
    """

    setup: Setup
    findings: list[Finding] = field(default_factory=list)
    scans: list[PartScan] = field(default_factory=list)

    @property
    def splits(self) -> list[str]:
        """Those that have data."""
        return [split for split in SPLITS if any(scan.part.split == split for scan in self.scans)]

    def of(self, split: str) -> list[PartScan]:
        """What was read of a split."""
        return [scan for scan in self.scans if scan.part.split == split]

    def classes(self) -> Sequence[str]:
        """Names of the first data set that has some."""
        return next((scan.part.classes for scan in self.scans if scan.part.classes), ())

    def labels(self, split: str) -> Labels:
        """Pixels and images by class."""
        return count_labels(self.of(split), self.classes())

    def sizes(self, split: str) -> dict[tuple[int, int], int]:
        """Images by size."""
        return dict(sizes_of(self.of(split)).most_common())

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return bool(errors_of(self.findings))


def inspect_config(
    cfg: Config,
    splits: Sequence[str] = SPLITS,
    seconds: float | None = None,
    workers: int | None = None,
    track: Track | None = None,
) -> Inspection:
    """Checks a config against itself, and its data against it.

    Files are not read where the config's own words about classes are wrong in a way that no data set can be built from.

    Args:
        cfg: The config, as mmengine reads it.
        splits: Those whose files are looked at.
        seconds: Time for reading files; None reads all of them.
        workers: Threads that read; one per core by default.
        track: Shows the progress.

    Example:
        >>> scenes = dict(type='mmseg_liteseg.SyntheticStreetDataset', length=4, size=(32, 48))
        >>> cfg = Config(dict(train_dataloader=dict(batch_size=2, dataset=scenes), train_cfg={}, optim_wrapper={}))
        >>> inspection = inspect_config(cfg)
        >>> inspection.sizes('train'), inspection.failed
        ({(32, 48): 4}, False)
    """
    with scope_of(cfg):
        setup = read_setup(cfg)
        result = Inspection(setup, _check_config(setup))
        parts = [] if any(finding.kind == NOT_A_NUMBER for finding in result.findings) else _wanted(setup, splits)
        broken = {finding.split for finding in errors_of(result.findings) if finding.kind in _UNBUILDABLE}
        for part in parts:
            # each data set by itself: a wrong one does not hide what is wrong with the others
            if part.split not in broken:
                result.findings += list_samples(part)
                if part.samples:
                    result.findings += check_pairs(part)
        result.scans = scan([part for part in parts if part.samples], seconds, workers, track)
        result.findings += _check_scans(setup, result)
        if seconds is None:  # files are read a second time
            result.findings += check_crops(result.scans, track=track)
            result.findings += [finding for part in result.scans for finding in check_turned(part)]
    # without repetitions: val and test often say the same
    result.findings = by_severity(dict.fromkeys(result.findings))
    return result


def _check_config(setup: Setup) -> list[Finding]:
    """The config against itself; what is no number would trip the rest over, and a head of no type cannot be built."""
    findings = check_settings(setup)
    if findings:
        return findings
    findings = [*check_types(setup), *check_metrics(setup)]
    heads = [] if findings else check_heads(setup)
    return [*findings, *check_classes(setup), *heads, *check_loaders(setup)]


# what mmseg cannot build a data set from
_UNBUILDABLE = ('unknown-classes', 'classes-not-a-list', 'palette-length')


def _wanted(setup: Setup, splits: Sequence[str]) -> list[Part]:
    """The splits' data sets; often test is val, which needs no second look."""
    data = {split: (setup.cfg.get(f'{split}_dataloader') or {}).get('dataset') for split in SPLITS}
    return [
        part
        for part in setup.parts
        if part.split in splits and not (part.split == 'test' and 'val' in splits and data['test'] == data['val'])
    ]


def _check_scans(setup: Setup, result: Inspection) -> list[Finding]:
    findings = []
    for part in result.scans:
        findings += check_files(setup, part)
        findings += check_masks(setup, part)
    for split in result.splits:
        scans = result.of(split)
        findings += check_learning(setup, split, scans)
        findings += check_sizes(setup, split, scans)
    findings += check_last_batch(setup, {scan.part.where: len(scan.part.samples) for scan in result.scans})
    # of a sample, most copies would go unseen, and the rest would look like all
    if len(result.splits) > 1 and all(scan.is_whole for scan in result.scans):
        findings += check_duplicates(result.scans)
    return findings
