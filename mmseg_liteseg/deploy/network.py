"""A segmentor's network as one function from image to logits, and its replay as a CUDA graph."""

from __future__ import annotations

import torch
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn


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
        """As the network, which it runs directly on a CPU."""
        if not images.is_cuda:
            return self.network(images)
        key = (images.shape, images.dtype, images.device)
        if key not in self._graphs:
            if len(self._graphs) >= self.max_graphs:
                return self.network(images)
            self._graphs[key] = self._record(images)
        graph, recorded_images, logits = self._graphs[key]
        recorded_images.copy_(images)
        graph.replay()
        return logits.clone()  # the next replay overwrites it

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
