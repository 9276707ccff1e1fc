"""Published accuracies, each with its source. Cityscapes val, mIoU in percent, single scale without flip."""

from __future__ import annotations

from dataclasses import dataclass

SOURCES = {
    'paper': 'PP-LiteSeg paper, table 2 (https://arxiv.org/abs/2204.02681)',
    'released': 'PaddleSeg, configs/pp_liteseg/README.md: the released checkpoints',
    'mmseg': "MMSegmentation's model zoo, tested at 1024x2048",
}


@dataclass(frozen=True)
class Published:
    """An accuracy, the test size it was reached at, and where it was published."""

    label: str
    size: tuple[int, int]
    miou: float
    source: str


PUBLISHED = (
    Published('PP-LiteSeg-T', (512, 1024), 73.10, 'paper'),
    Published('PP-LiteSeg-T', (768, 1536), 76.03, 'paper'),
    Published('PP-LiteSeg-T', (1024, 2048), 77.04, 'released'),
    Published('PP-LiteSeg-B', (512, 1024), 75.25, 'paper'),
    Published('PP-LiteSeg-B', (768, 1536), 78.21, 'paper'),
    Published('PP-LiteSeg-B', (1024, 2048), 79.04, 'released'),
    Published('STDC1-Seg', (512, 1024), 72.2, 'paper'),
    Published('STDC1-Seg', (768, 1536), 74.5, 'paper'),
    Published('STDC2-Seg', (512, 1024), 74.2, 'paper'),
    Published('STDC2-Seg', (768, 1536), 77.0, 'paper'),
    Published('BiSeNetV1', (768, 1536), 69.0, 'paper'),
    Published('BiSeNetV2', (512, 1024), 73.4, 'paper'),
    Published('BiSeNetV1', (1024, 2048), 74.37, 'mmseg'),
    Published('STDC1-Seg', (1024, 2048), 74.94, 'mmseg'),
    Published('STDC2-Seg', (1024, 2048), 76.67, 'mmseg'),
    Published('BiSeNetV2', (1024, 2048), 73.21, 'mmseg'),
    Published('Fast-SCNN', (1024, 2048), 70.96, 'mmseg'),
    Published('ICNet', (1024, 2048), 74.43, 'mmseg'),
    Published('PIDNet-S', (1024, 2048), 78.74, 'mmseg'),
    Published('DDRNet23-slim', (1024, 2048), 77.84, 'mmseg'),
)


def published(label: str, size: tuple[int, int]) -> Published | None:
    """The accuracy of a model at a test size, if one was published."""
    return next((entry for entry in PUBLISHED if (entry.label, entry.size) == (label, size)), None)
