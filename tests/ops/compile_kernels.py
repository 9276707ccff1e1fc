"""Compiles the Triton kernels for GPUs that need not be there, from the arguments that they are really called with.

Run without TRITON_INTERPRET; prints one line of JSON per kernel, variant and architecture.
"""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import torch
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile

from mmseg_liteseg.ops import Targets, label_map_kernels, ohem_kernels
from mmseg_liteseg.ops.bilinear import Axis

POINTERS = {torch.float32: '*fp32', torch.int64: '*i64', torch.int32: '*i32', torch.uint8: '*u8'}


class Recorder:
    """Stands in for a kernel and keeps what it is called with."""

    def __init__(self, kernel: Any) -> None:
        self.kernel, self.calls = kernel, []

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        return lambda *args, **options: self.calls.append({**dict(zip(self.kernel.arg_names, args)), **options})


def record(module: ModuleType, *names: str) -> list[Recorder]:
    recorders = [Recorder(getattr(module, name)) for name in names]
    for name, recorder in zip(names, recorders):
        setattr(module, name, recorder)
    return recorders


def call_label_map(size: tuple[int, int], middle: tuple[int, int], out: tuple[int, int], classes: int) -> None:
    rows, columns = (Axis(i, m, 0, m, False, o, False) for i, m, o in zip(size, middle, out))
    label_map_kernels.upsample_argmax(torch.zeros(2, classes, *size), rows, columns)


def call_ohem(size: tuple[int, int], classes: int, weight: torch.Tensor | None, gradient: bool) -> None:
    targets = Targets(torch.zeros(2, size[0] * 8, size[1] * 8, dtype=torch.long), 255)
    sums = ohem_kernels.TritonSums(torch.zeros(2, classes, *size), targets, False, weight, gradient)
    sums.run(below=0.7)
    sums.run(below=0.9, start=0.7)


def specialise(call: dict[str, Any], options: set[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Types of the arguments as Triton sees them: it takes integers of 1 for constants."""
    signature, constants = {}, {}
    for name, value in call.items():
        if name in options or (isinstance(value, int) and value == 1):
            signature[name], constants[name] = 'constexpr', value
        elif isinstance(value, torch.Tensor):
            signature[name] = POINTERS[value.dtype]
        else:
            signature[name] = {int: 'i32', float: 'fp32'}[type(value)]
    return signature, constants


def main() -> None:
    recorders = record(label_map_kernels, '_widen', '_argmax_rows') + record(ohem_kernels, '_ohem')
    call_label_map((64, 128), (512, 1024), (1024, 2048), 19)
    call_label_map((1, 1), (1, 1), (1, 1), 2)
    call_ohem((8, 16), 19, None, gradient=True)
    call_ohem((8, 16), 19, torch.ones(19), gradient=False)
    call_ohem((1, 1), 2, None, gradient=True)
    for recorder in recorders:
        options = {p.name for p in recorder.kernel.params if p.is_constexpr}
        for variant, call in enumerate(recorder.calls):
            signature, constants = specialise(call, options)
            for architecture in map(int, sys.argv[1:]):
                target = GPUTarget('cuda', architecture, 32)
                binary = compile(ASTSource(recorder.kernel, signature, constants), target=target).asm['cubin']
                name = recorder.kernel.__name__
                print(json.dumps(dict(kernel=name, variant=variant, sm=architecture, elf=binary[:4].hex())))


if __name__ == '__main__':
    main()
