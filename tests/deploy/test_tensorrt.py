"""What needs no TensorRT: options, messages, and the order of calls on a stand-in. The real thing was never run."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mmseg_liteseg.deploy import tensorrt
from mmseg_liteseg.deploy.agreement import Bound
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.runners import open_artefact
from mmseg_liteseg.deploy.tensorrt import EngineOptions, check_options, parse_shape
from tools.build_tensorrt import main

BOUND = Bound(1e-3, 1e-3)


@pytest.fixture(scope='module')
def onnx_file(source, tmp_path_factory):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    folder = tmp_path_factory.mktemp('onnx')
    return export(source, ExportOptions(output='scores'), folder, 'tiny', sizes=[(64, 64)], say=str)[0]


class FakeConfig:
    def __init__(self):
        self.flags, self.profiles, self.pools = {'TF32'}, [], {}
        self.set_flag, self.clear_flag = self.flags.add, self.flags.discard
        self.set_memory_pool_limit = self.pools.__setitem__
        self.add_optimization_profile = self.profiles.append


class FakeTensorRT(SimpleNamespace):
    """As much of the module as a build touches."""

    def __init__(self, plan=b'plan', parses=True):
        self.config, self.network_flags = FakeConfig(), []
        profile = SimpleNamespace(shapes={})
        profile.set_shape = lambda name, *shapes: profile.shapes.update({name: shapes})
        builder = SimpleNamespace(
            create_network=lambda flags: (
                self.network_flags.append(flags) or SimpleNamespace(get_input=lambda _: SimpleNamespace(name='image'))
            ),
            create_builder_config=lambda: self.config,
            create_optimization_profile=lambda: profile,
            build_serialized_network=lambda network, config: plan,
        )
        parser = SimpleNamespace(parse=lambda data: parses, num_errors=1, get_error=lambda index: 'no such operator')
        super().__init__(
            Logger=type('Logger', (), {'WARNING': 1, '__init__': lambda self, level: None}),
            Builder=lambda logger: builder,
            OnnxParser=lambda network, logger: parser,
            NetworkDefinitionCreationFlag=SimpleNamespace(EXPLICIT_BATCH=0),
            MemoryPoolType=SimpleNamespace(WORKSPACE='workspace'),
            BuilderFlag=SimpleNamespace(FP16='FP16', INT8='INT8', TF32='TF32'),
            __version__='10.0',
        )


@pytest.fixture
def build(onnx_file, tmp_path, monkeypatch):
    def run(fake, answer=lambda x: x, **options):
        monkeypatch.setitem(sys.modules, 'tensorrt', fake)
        reference = open_artefact(onnx_file)

        def opened(path):
            if path.suffix == '.onnx':
                return reference
            engine = lambda x: answer(reference(x))  # noqa: E731
            return type('Engine', (), {'runtime': 'fake', '__call__': lambda self, x: engine(x)})()

        monkeypatch.setattr(tensorrt, 'open_artefact', opened)
        shapes = tuple(map(parse_shape, ('1x3x40x40', '1x3x48x64', '2x3x64x64')))
        tensorrt.build(onnx_file, tmp_path / 'x.engine', EngineOptions(shapes=shapes, **options), BOUND, say=str)
        return tmp_path / 'x.engine'

    return run


def test_precision_and_profile(build):
    fake = FakeTensorRT()
    file = build(fake, fp16=True, workspace_mib=3)
    assert file.read_bytes() == b'plan'
    assert fake.config.flags == {'FP16'}  # and not TF32, which is on unless cleared
    assert fake.config.pools == {'workspace': 3 << 20}
    assert fake.config.profiles[0].shapes == {'image': ((1, 3, 40, 40), (1, 3, 48, 64), (2, 3, 64, 64))}
    assert fake.network_flags == [1]
    assert 'classes' in file.with_name('x.engine.json').read_text()


@pytest.mark.parametrize(
    ('fake', 'answer', 'message'),
    [
        (FakeTensorRT(parses=False), None, 'no such operator'),
        (FakeTensorRT(plan=None), None, 'built no engine'),
        (FakeTensorRT(), np.zeros_like, 'does not agree'),
    ],
)
def test_failures_leave_nothing(build, fake, answer, message, tmp_path):
    with pytest.raises(DeployError, match=message):
        build(fake, answer)
    assert list(tmp_path.iterdir()) == []


def test_half_precision_needs_its_flag(build):
    fake = FakeTensorRT()
    del fake.BuilderFlag.FP16
    with pytest.raises(DeployError, match=r'^fp16: TensorRT 10\.0'):
        build(fake, fp16=True)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(), 'expected one shape'),
        (dict(shapes=((1, 3, 64, 64), (1, 3, 32, 64), (1, 3, 64, 64))), 'grow'),
        (dict(shapes=((1, 4, 64, 64),)), 'does not fit'),
        (dict(shapes=((1, 3, 64, 64),), int8=True), 'not quantised'),
    ],
)
def test_options_that_do_not_fit(onnx_file, options, message):
    with pytest.raises(DeployError, match=message):
        check_options(open_artefact(onnx_file), onnx_file, EngineOptions(**options))


@pytest.mark.parametrize('text', ['3x64x64', '1x3x0x64', '1x3x64x-1', 'a'])
def test_shapes_are_read_strictly(text):
    with pytest.raises(DeployError, match=r'^shapes'):
        parse_shape(text)


def test_bounds_are_usual_ones_unless_given_and_may_be_zero(onnx_file, tmp_path, monkeypatch):
    bounds = []
    monkeypatch.setattr(tensorrt, 'build', lambda path, out, options, bound: (out.touch(), bounds.append(bound)))
    for options in ((), ('--fp16', '--max-pixels', '0'), ('--int8', '--max-relative', '0')):
        main([str(onnx_file), '--out', str(tmp_path / 'x.engine'), *options])
    assert bounds == [Bound(1e-3, 1e-3), Bound(0.1, 0), Bound(0, 0.02)]


def test_without_tensorrt_it_says_so_in_one_line(onnx_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(SystemExit) as error:
        main([str(onnx_file), '--out', str(tmp_path / 'x.engine'), '--shapes', '1x3x64x64'])
    assert str(error.value) == 'error: building an engine needs tensorrt, which is not installed: pip install tensorrt'
    (tmp_path / 'x.engine').touch()
    with pytest.raises(DeployError, match='needs tensorrt'):
        open_artefact(tmp_path / 'x.engine')
