"""Sets of measurements with a name: what docs/benchmark.md holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Callable, Sequence

from .case import Case, grid, parse_model
from .errors import BenchmarkError
from .published import PUBLISHED
from .results import Ratio

T = 'PP-LiteSeg-T@512x1024'
STDC = 'STDC1-Seg@512x1024'
SMALL = 'PP-LiteSeg-T@360x480'


@dataclass(frozen=True)
class Preset:
    """Cases, comparisons and for which tasks memory is taken."""

    cases: list[Case]
    ratios: Sequence[Ratio] = ()
    memory_of: Sequence[str] = ('train',)


def _cases(models: Sequence[str], *args: object, **kwargs: object) -> list[Case]:
    return grid([parse_model(name, (512, 1024)) for name in models], *args, **kwargs)


def cpu() -> Preset:
    """Inference on the CPU at 512x1024: the network, label maps, post-processing, and the original under Paddle."""
    runtimes = ('eager', 'optimized', 'onnxruntime', 'openvino')
    cases = _cases([T, STDC], ('network', 'labels'), runtimes, ('fp32', 'bf16', 'int8'))
    cases += _cases([T, f'{T}+stock', STDC], ('predict', 'image'))
    cases += _cases([T, f'{T}+stock'], ('postprocess',))
    cases += _cases([T], ('predict', 'image'), ('optimized',), ('fp32', 'bf16'))
    cases += _cases([STDC], ('predict',), ('optimized',))
    cases += _cases([T], ('network', 'labels'), ('paddle',))
    ratios = [
        Ratio('predict to 1024x2048 / network, T', f'{T} predict eager fp32 b1 cpu', f'{T} network eager fp32 b1 cpu',
              'at most 1.15'),
        Ratio('predict, mmseg\'s EncoderDecoder / ours', f'{T}+stock predict eager fp32 b1 cpu',
              f'{T} predict eager fp32 b1 cpu'),
    ]  # fmt: skip
    ratios.append(
        Ratio('STDC1-Seg as mmseg runs it / T optimized, network', f'{STDC} network eager fp32 b1 cpu',
              f'{T} network optimized fp32 b1 cpu', 'at least 1.6')
    )  # fmt: skip
    ratios += [
        Ratio(f'STDC1-Seg / T, predict {runtime} fp32', f'{STDC} predict {runtime} fp32 b1 cpu',
              f'{T} predict {runtime} fp32 b1 cpu', 'at least 1.6')
        for runtime in ('eager', 'optimized')
    ]  # fmt: skip
    ours, stock = f'{T} postprocess eager fp32 b1 cpu', f'{T}+stock postprocess eager fp32 b1 cpu'
    ratios.append(Ratio("post-processing to 1024x2048, ours / mmseg's", ours, stock))
    ratios.append(Ratio("its peak memory, ours / mmseg's", ours, stock, 'at most 0.25', of='memory'))
    for runtime, precision in (('eager', 'fp32'), ('optimized', 'fp32'), ('optimized', 'bf16'),
                               ('onnxruntime', 'fp32'), ('onnxruntime', 'int8'),
                               ('openvino', 'fp32'), ('openvino', 'bf16'), ('openvino', 'int8')):  # fmt: skip
        for task in ('network', 'labels'):
            ratios += _to_rivals(task, runtime, precision)
    return Preset(cases, ratios, ('postprocess',))


def labels() -> Preset:
    """Label maps at 512x1024 in the runtimes that are fastest on a CPU, and of the original under Paddle."""
    runtimes, precisions = ('onnxruntime', 'openvino'), ('fp32', 'int8')
    cases = _cases([T, STDC], ('labels',), runtimes, precisions) + _cases([T], ('labels',), ('paddle',))
    pairs = product(runtimes, precisions)
    return Preset(cases, [ratio for pair in pairs for ratio in _to_rivals('labels', *pair)], ())


def _to_rivals(task: str, runtime: str, precision: str) -> list[Ratio]:
    """T in a runtime beside STDC1-Seg in the same, and beside the original under Paddle."""
    tail = f'{task} {runtime} {precision} b1 cpu'
    # the bounds that the page shows beside what was found
    wanted = 'at least 1.3 (best fp32)' if precision == 'fp32' else 'at least 3 (best)'
    return [
        Ratio(f'STDC1-Seg / T, {tail[:-7]}', f'{STDC} {tail}', f'{T} {tail}', 'at least 1.6'),
        Ratio(f'Paddle fp32 / ours, {tail[:-7]}', f'{T} {task} paddle fp32 b1 cpu', f'{T} {tail}', wanted),
    ]


def train() -> Preset:
    """A training step on the CPU, two images of 360x480, against mmseg's segmentor and sampler."""
    ours, stock = f'{SMALL} train eager fp32 b2 cpu', f'{SMALL}+stock train eager fp32 b2 cpu'
    cases = _cases([SMALL, f'{SMALL}+stock', 'STDC1-Seg@360x480'], ('train',), batches=(2,))
    return Preset(
        cases,
        [
            Ratio('training step, ours / stock', ours, stock, 'at most 0.65'),
            Ratio('peak memory of a step, ours / stock', ours, stock, of='memory'),
        ],
    )


# mmseg's models, as it ships them and with our parts
_HOSTS = ('STDC1-Seg', 'BiSeNetV2', 'DDRNet23-slim', 'SegFormer-B0')


def mmseg() -> Preset:
    """Mmseg's models as it ships them and with our segmentor: a step of two 360x480 images, predict to 1024x2048."""
    cases, ratios = [], []
    for name in (*_HOSTS, 'Fast-SCNN', 'PIDNet-S'):
        tasks = [('predict', '512x1024', 1)] + [('train', '360x480', 2)] * (name in _HOSTS)
        for task, size, batch in tasks:
            pair = [f'{name}@{size}+fast', f'{name}@{size}']
            cases += _cases(pair, (task,), batches=(batch,))
            fast, plain = (f'{model} {task} eager fp32 b{batch} cpu' for model in pair)
            wanted = 'at most 0.7' if task == 'train' else ''
            ratios.append(Ratio(f'{task}, {name} with our parts / as it is', fast, plain, wanted))
            if task == 'train':
                ratios.append(Ratio(f'its peak memory, {name}', fast, plain, of='memory'))
    return Preset(cases, ratios)


def accuracy() -> Preset:
    """Every model with a published accuracy, at the size it was published for: the picture."""
    names = [f'{entry.label}@{entry.size[0]}x{entry.size[1]}' for entry in PUBLISHED]
    return Preset(_cases(names, ('labels',), ('eager',)))


def h200() -> Preset:
    """On a CUDA GPU: latency and throughput in fp16, a training step at batch 16 with AMP, and the rivals."""
    cuda = dict(device='cuda')
    cases = _cases([T, STDC], ('network', 'labels'), ('eager', 'optimized'), ('fp16',), (1, 32), **cuda)
    cases += _cases([T], ('labels',), ('optimized',), ('bf16', 'fp32'), (1, 32), **cuda)
    cases += _cases([T, f'{T}+stock'], ('predict', 'image'), ('eager',), ('fp16',), **cuda)
    cases += _cases([T, f'{T}+stock', STDC], ('train',), ('eager',), ('fp16',), (16,), **cuda)
    step, stock = f'{T} train eager fp16 b16 cuda', f'{T}+stock train eager fp16 b16 cuda'
    ratios = [
        Ratio('training step, stock / ours', stock, step, 'at least 1.5'),
        Ratio('peak memory of a step, ours / stock', step, stock, 'at most 0.6', of='memory'),
    ]
    ratios += [
        Ratio(f'STDC1-Seg / T, labels optimized fp16 b{batch}', f'{STDC} labels optimized fp16 b{batch} cuda',
              f'{T} labels optimized fp16 b{batch} cuda', 'at least 1.6')
        for batch in (1, 32)
    ]  # fmt: skip
    return Preset(cases, ratios)


PRESETS: dict[str, Callable[[], Preset]] = dict(
    cpu=cpu, labels=labels, train=train, mmseg=mmseg, accuracy=accuracy, h200=h200
)


def get_preset(name: str, paddle: bool) -> Preset:
    """A preset by name, without the cases under Paddle where there is none.

    Raises:
        BenchmarkError: There is no such preset.
    """
    if name not in PRESETS:
        raise BenchmarkError(f'preset {name}: expected one of {", ".join(PRESETS)}')
    preset = PRESETS[name]()
    cases = list(dict.fromkeys(case for case in preset.cases if paddle or case.runtime != 'paddle'))
    return replace(preset, cases=cases)
