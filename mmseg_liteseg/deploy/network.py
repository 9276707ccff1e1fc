"""A segmentor's network as one function from image to logits, and its replay as a CUDA graph."""

from __future__ import annotations

import torch
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn

from mmseg_liteseg.ops.self_check import SelfCheck, SelfCheckError

# Each graph is compared with the network, when it is recorded, on the images that it is recorded for.
GRAPHS = SelfCheck('CUDA graph')
# cuDNN may choose other algorithms for a recording, in the same precision: as a share of the largest logit.
GRAPH_BOUNDS = {torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 1e-1}


class Network(nn.Module):
    """Backbone, neck and head in one type and memory format: images (N, C, H, W) -> logits (N, K, h, w), float32.

    Args:
        model: Its parts are taken over, not copied.
        dtype: Of weights and features. An autocast around the network changes nothing.
    """

    def __init__(self, model: EncoderDecoder, dtype: torch.dtype) -> None:
        super().__init__()
        self.backbone = model.backbone
        self.neck = model.neck if model.with_neck else nn.Identity()
        self.head = model.decode_head
        self.dtype = dtype
        self.to(dtype=dtype, memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        # the type was chosen and checked: autocast would mix in another
        with torch.autocast(images.device.type, enabled=False):
            x = images.to(self.dtype).contiguous(memory_format=torch.channels_last)
            return self.head(self.neck(self.backbone(x))).float()


class GraphedNetwork(nn.Module):
    """Records a network as a CUDA graph per shape of its input and replays it: one launch instead of hundreds.

    Args:
        network: Of one tensor, without host synchronisation.
        max_graphs: Shapes to record; further ones run as they are. Each keeps its activations' memory.
    """

    def __init__(self, network: nn.Module, max_graphs: int = 4) -> None:
        super().__init__()
        self.network = network
        self.max_graphs = max_graphs
        self._graphs: dict[tuple, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def forward(self, images: Tensor) -> Tensor:
        """As the network, which it runs directly on a CPU, and where a graph cannot be recorded or differs."""
        if not self._can_record(images):
            return self.network(images)
        dtype = getattr(self.network, 'dtype', images.dtype)
        return GRAPHS.run(images, lambda: self._replay(images, dtype), lambda: self.network(images), dtype)

    def _can_record(self, images: Tensor) -> bool:
        return images.is_cuda and (self._key(images) in self._graphs or len(self._graphs) < self.max_graphs)

    @staticmethod
    def _key(images: Tensor) -> tuple:
        return images.shape, images.dtype, images.device

    def _replay(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        key = self._key(images)
        if key in self._graphs:
            return _replayed(self._graphs[key], images)
        recorded = self._record(images)
        logits = _replayed(recorded, images)
        # before it is kept: a graph that differs is never replayed
        _compare(logits, self.network(images), dtype)
        self._graphs[key] = recorded
        return logits

    def _record(self, images: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        # outside inference mode, else its tensors could not be written to outside it later
        with torch.inference_mode(False), torch.no_grad(), torch.cuda.device(images.device):
            images = images.clone()
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):  # lazy initialisations must not be recorded
                    self.network(images)
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                logits = self.network(images)
        return graph, images, logits


def _replayed(recorded: tuple[torch.cuda.CUDAGraph, Tensor, Tensor], images: Tensor) -> Tensor:
    graph, recorded_images, logits = recorded
    recorded_images.copy_(images)
    graph.replay()
    return logits.clone()  # the next replay overwrites it


def _compare(logits: Tensor, expected: Tensor, dtype: torch.dtype) -> None:
    """Refuses a graph whose logits are not the network's.

    Raises:
        SelfCheckError: They differ by more than the type of the network explains.
    """
    tf32 = dtype == torch.float32 and logits.is_cuda and torch.backends.cudnn.allow_tf32
    bound = 1e-2 if tf32 else GRAPH_BOUNDS.get(dtype, 1e-3)
    difference = float((logits - expected).abs().max() / expected.abs().max().clamp(min=1e-30))
    if not difference <= bound:
        raise SelfCheckError(
            f'differs by {difference:.2g} of the largest logit from the network, more than {bound:.2g}'
        )
