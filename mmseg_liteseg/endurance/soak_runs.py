"""What is run for long: predictions by torch or an exported model, and trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from mmseg_liteseg import registry  # noqa: F401 (lets configs inherit by package)

from .soak import SIZES, Sample, SoakError, predict_many, small_sizes, watch_training


def run(
    what: str, files: Sequence[str], count: int, every: int, work_dir: str, different: int | None = None
) -> list[Sample]:
    """Runs one of them, and tells how far it is.

    Args:
        what: 'torch', 'runtime' or 'train'.
        files: Config and checkpoint, exported model, or config.
        count: Predictions or iterations.
        every: From one sample to the next.
        work_dir: Of a training.
        different: How many sizes pictures have, small ones; eight of a camera by default.

    Raises:
        SoakError: A file is missing in ``files``.
    """
    sizes = SIZES if different is None else small_sizes(different)
    wanted = dict(torch=2, runtime=1, train=1)[what]
    if len(files) != wanted:
        raise SoakError(f'soak test of {what}: expected {wanted} files, got {len(files)}')
    if what == 'train':
        return _train(files[0], count, every, work_dir)
    if what == 'torch':
        from mmseg.apis import inference_model, init_model

        model = init_model(*files, device='cpu')
        return list(predict_many(lambda picture: inference_model(model, picture), count, every, sizes))
    from mmseg_liteseg.runtime import Segmenter

    return list(predict_many(Segmenter(files[0]).predict, count, every, sizes))


def _train(config: str, count: int, every: int, work_dir: str) -> list[Sample]:
    from mmengine.config import Config

    from mmseg_liteseg.engine import launch

    cfg = Config.fromfile(config)
    cfg.train_cfg.update(max_iters=count, val_interval=max(1, count // 4))
    cfg.update(work_dir=work_dir, launcher='none')
    runner = launch.build_runner(cfg)
    samples = watch_training(runner, every)
    launch.train(runner)
    return samples


def name_of(what: str, files: Sequence[str]) -> str:
    """Name of a run in the plot."""
    if what == 'runtime':
        return 'OpenVINO' if Path(files[0]).suffix == '.xml' else 'onnxruntime'
    return dict(torch='torch', train='training')[what]
