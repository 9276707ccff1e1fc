"""Builds what a config describes in an interpreter that has imported nothing of ours, and prints a line of JSON for it.

Run by tests/test_configs.py: a type that is only found because some test imported its module before would pass there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import OPTIMIZERS, init_default_scope
from mmseg.registry import DATASETS, HOOKS, METRICS, MODELS


def probe(path: str) -> dict:
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    pipelines = [cfg[f'{split}_dataloader'].dataset.pipeline for split in ('train', 'val', 'test')]
    # a wrapper looks for the files even where it is told to be lazy
    sources = [
        dataset.get('dataset', dataset)
        for dataset in (cfg[f'{split}_dataloader'].dataset for split in ('train', 'val'))
    ]
    datasets = [DATASETS.build(dict(source, lazy_init=True)) for source in sources]
    return dict(
        name=Path(path).stem,
        classes=[len(dataset.metainfo['classes']) for dataset in datasets],
        outputs=model.decode_head.num_classes,
        params=sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        transforms=[len(Compose(pipeline).transforms) for pipeline in [*pipelines, cfg.tta_pipeline]],
        metrics=[type(METRICS.build(cfg[f'{split}_evaluator'])).__name__ for split in ('val', 'test')],
        hooks=[HOOKS.get(hook['type']).__name__ for hook in cfg.default_hooks.values()],
        optimizer=OPTIMIZERS.get(cfg.optim_wrapper.optimizer.type).__name__,
    )


if __name__ == '__main__':
    # the line that Python reads at its start, where the package is installed, brings others, but no types
    assert 'mmseg_liteseg.registry' not in sys.modules
    for config in sys.argv[1:]:
        print(json.dumps(probe(config)), flush=True)
