"""Runs the original PP-LiteSeg (PaddleSeg, https://github.com/PaddlePaddle/PaddleSeg) under Paddle Inference.

A program of its own, for an environment that has Paddle and nothing of ours::

    PADDLE_PYTHON paddle_worker.py '{"code": "PaddleSeg", "arch": "stdc1", "task": "labels", "size": [512, 1024], ...}'

It sets the predictor up as PaddleSeg's deploy/python/infer.py does on a CPU with --enable_mkldnn, writes one line of
JSON when ready (or {"error": ...}), and then answers each number on stdin with as many durations. PaddleSeg's code
stays where the user put it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
import tempfile
import time
import types
from typing import Any, Callable
from unittest import mock

DECODERS = {
    'stdc1': dict(arm_out_chs=[32, 64, 128], seg_head_inter_chs=[32, 64, 64]),
    'stdc2': dict(arm_out_chs=[64, 96, 128], seg_head_inter_chs=[64, 64, 64]),
}
# What PaddleSeg imports for training, downloads and pictures; the network uses none of it.
OPTIONAL = ('cv2', 'filelock', 'matplotlib', 'requests', 'scipy', 'sklearn', 'skimage', 'tqdm', 'visualdl', 'yaml')


class _Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports an empty stand-in for an optional package that is not installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.split('.')[0] in OPTIONAL:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return mock.MagicMock(__path__=[], __spec__=spec, __name__=spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def import_model(code: str) -> tuple[Any, Any]:
    """The module of PPLiteSeg and that of STDC, without running PaddleSeg's package files (they import every model)."""
    folder = os.path.join(code, 'paddleseg')
    if not os.path.isfile(os.path.join(folder, 'models', 'pp_liteseg.py')):
        raise SystemExit(f'{code}: expected a checkout of PaddleSeg (there is no paddleseg/models/pp_liteseg.py)')
    sys.meta_path.append(_Stubs())
    for name in ('', 'models', 'models.backbones', 'cvlibs'):
        package = types.ModuleType('.'.join(['paddleseg', name]).rstrip('.'))
        package.__path__ = [os.path.join(folder, *name.split('.'))]
        sys.modules[package.__name__] = package
    from paddleseg.models import pp_liteseg
    from paddleseg.models.backbones import stdcnet

    return pp_liteseg, stdcnet


def build_network(spec: dict) -> Any:
    """PPLiteSeg with random weights of the scale that trained ones have, as models.settle gives them to ours.

    Weights are Kaiming's and the running statistics come from one batch.
    """
    import numpy as np
    import paddle

    pp_liteseg, stdcnet = import_model(spec['code'])
    backbone = {'stdc1': stdcnet.STDC1, 'stdc2': stdcnet.STDC2}[spec['arch']]()
    network = pp_liteseg.PPLiteSeg(spec['num_classes'], backbone, **DECODERS[spec['arch']])
    for layer in network.sublayers():
        if isinstance(layer, paddle.nn.Conv2D):
            std = (2.0 / np.prod(layer.weight.shape[1:])) ** 0.5
            layer.weight.set_value(np.random.RandomState(0).normal(0, std, layer.weight.shape).astype('float32'))
        if hasattr(layer, '_momentum'):
            # one batch is all: with momentum its statistics would hardly show
            layer._momentum = 0.0
    network.train()
    with paddle.no_grad():
        network(paddle.to_tensor(np.random.RandomState(1).uniform(-1, 1, [2, 3, 256, 512]).astype('float32')))
    network.eval()
    return network


def export(network: Any, spec: dict, folder: str) -> str:
    """Saves the inference graph of a task: ``logits`` at 1/8, or ``labels`` of the input size. Returns its prefix."""
    import paddle

    class Graph(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            # Paddle rewrites forward's source and loses the names around it
            self.network, self.labels, self.argmax = network, spec['task'] == 'labels', paddle.argmax

        def forward(self, x: Any) -> Any:
            if self.labels:
                return self.argmax(self.network(x)[0], axis=1, dtype='int32')
            features = self.network.backbone(x)
            selected = [features[i] for i in self.network.backbone_indices]
            return self.network.seg_heads[0](self.network.ppseg_head(selected)[0])

    graph = Graph()
    graph.eval()
    shape = [spec['batch'], 3, *spec['size']]
    graph = paddle.jit.to_static(graph, input_spec=[paddle.static.InputSpec(shape=shape, dtype='float32')])
    prefix = os.path.join(folder, 'model')
    paddle.jit.save(graph, prefix)
    return prefix


def make_predictor(prefix: str, spec: dict) -> Any:
    """A predictor with the settings of PaddleSeg's own deploy script."""
    from paddle import inference

    config = inference.Config(prefix + '.pdmodel', prefix + '.pdiparams')
    config.disable_glog_info()
    config.enable_memory_optim()
    config.switch_ir_optim(True)
    config.disable_gpu()
    if spec['onednn']:
        config.set_mkldnn_cache_capacity(10)
        config.enable_mkldnn()
        if spec['precision'] == 'bf16':
            config.enable_mkldnn_bfloat16()
    config.set_cpu_math_library_num_threads(spec['threads'])
    return inference.create_predictor(config)


def make_run(predictor: Any, spec: dict) -> Callable[[], Any]:
    """One inference, from an array to an array."""
    import numpy as np

    image = np.random.RandomState(2).uniform(-1, 1, [spec['batch'], 3, *spec['size']]).astype('float32')
    source = predictor.get_input_handle(predictor.get_input_names()[0])
    target = predictor.get_output_handle(predictor.get_output_names()[0])

    def run() -> Any:
        source.copy_from_cpu(image)
        predictor.run()
        return target.copy_to_cpu()

    return run


def serve(run: Callable[[], Any], requests: Any, answer: Callable[[Any], None]) -> None:
    """Answers every line, a number of runs, with that many durations in seconds."""
    for line in requests:
        durations = []
        for _ in range(int(line)):
            start = time.perf_counter()
            run()
            durations.append(time.perf_counter() - start)
        answer(durations)


def main() -> None:
    """Prepares as the argument says, then serves until stdin ends."""
    channel = os.fdopen(os.dup(1), 'w', encoding='utf-8')
    os.dup2(2, 1)  # Paddle prints to stdout
    sys.path = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]  # our own modules
    spec = json.loads(sys.argv[1])

    def answer(message: Any) -> None:
        channel.write(json.dumps(message) + '\n')
        channel.flush()

    try:
        run, about = prepare(spec)
    except Exception as error:
        answer({'error': f'{type(error).__name__}: {error}'.strip().splitlines()[0]})
        raise
    answer(about)
    serve(run, sys.stdin, answer)


def prepare(spec: dict) -> tuple[Callable[[], Any], dict]:
    """A function that runs the network once, and what it is."""
    import paddle

    with tempfile.TemporaryDirectory() as folder:
        predictor = make_predictor(export(build_network(spec), spec, folder), spec)
    run = make_run(predictor, spec)
    return run, {'paddle': paddle.__version__, 'output': list(run().shape)}


if __name__ == '__main__':
    main()
