"""Export to other runtimes. Nothing is imported unless asked: the libraries of the targets are optional.

Two storeys. What an artefact is (`metadata`, `steps`, `fields`, `instructions`, `errors`, `runners`) lies below
`mmseg_liteseg.runtime`, which needs no torch. What makes and judges one (`export`, `whole_way`, `score`, `quantize`)
lies above it, because agreement and INT8's mIoU are measured through the very runtime that users run. No import goes
from the lower storey up.
"""
