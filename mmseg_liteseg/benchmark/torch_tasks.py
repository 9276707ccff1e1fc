"""The tasks in torch, as functions of no argument to put under the clock."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import Any, Callable, ContextManager

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn

from .case import Case
from .models import main_logits
from .scenes import batch_of, samples_of, scene

Run = Callable[[], Any]
DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}


def make_run(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    """What to measure for a case.

    Args:
        case: Task, precision, batch and device; a lower precision runs under autocast.
        model: Segmentor on the device.
        image_size: Of the original image, for the tasks predict and image.
    """
    return _MAKERS[case.task](case, model, image_size)


def autocast(case: Case) -> ContextManager:
    """Mixed precision as the case says."""
    return nullcontext() if case.precision == 'fp32' else torch.autocast(case.device, DTYPES[case.precision])


def _network(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    images = batch_of(case.batch, case.model.size).to(case.device)

    @torch.inference_mode()
    def run() -> Tensor:
        with autocast(case):
            return main_logits(model(images, mode='tensor'))

    return run


def _labels(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    """Our segmentor by its own way, predict to the input's size; others by upsampling and argmax."""
    if predicts_labels(model):
        return _predict(case, model, case.model.size)
    network = _network(case, model, image_size)

    @torch.inference_mode()
    def run() -> Tensor:
        return F.interpolate(network(), case.model.size, mode='bilinear', align_corners=model.align_corners).argmax(1)

    return run


def predicts_labels(model: nn.Module) -> bool:
    """Whether ``predict`` of this segmentor makes the label map in one step; mmseg's resizes twice."""
    from mmseg_liteseg.models.segmentors import FastEncoderDecoder

    return isinstance(model, FastEncoderDecoder)


def _predict(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    images = batch_of(case.batch, case.model.size).to(case.device)
    samples = samples_of(case.batch, case.model.size, image_size)

    @torch.inference_mode()
    def run() -> Any:
        with autocast(case):
            return model(images, samples, mode='predict')

    return run


def _postprocess(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    logits = _network(case, model, image_size)().clone()
    # the same model, whose layers do nothing
    model = copy.copy(model)
    model._modules = dict(model._modules, decode_head=copy.copy(model.decode_head))
    model.decode_head.forward = lambda inputs: logits
    model.extract_feat = lambda inputs: inputs
    return _predict(case, model, image_size)


def _image(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    pipeline = Compose(array_pipeline(model.cfg, case.model.size))
    images = [scene(*image_size, index=i % 2)[0] for i in range(case.batch)]

    @torch.inference_mode()
    def run() -> Any:
        packed = [pipeline(dict(img=image)) for image in images]
        data = {key: [sample[key] for sample in packed] for key in ('inputs', 'data_samples')}
        with autocast(case):
            return [sample.pred_sem_seg.data.cpu() for sample in model.test_step(data)]

    return run


def array_pipeline(cfg: Config, size: tuple[int, int]) -> list[dict]:
    """The config's test pipeline for an image array, with a resize to ``size`` in the place of its own.

    Other models' pipelines resize to the size they were published at; here every one gets the same.
    """
    resize = dict(type='Resize', scale=size[::-1], keep_ratio=False)
    pipeline = [dict(cfg.test_pipeline[0], type='LoadImageFromNDArray'), resize]
    dropped = ('LoadAnnotations', 'Resize', 'RandomResize')
    return pipeline + [step for step in cfg.test_pipeline[1:] if step['type'].split('.')[-1] not in dropped]


def _train(case: Case, model: nn.Module, image_size: tuple[int, int]) -> Run:
    """A training step with the config's optimiser; weights move, hence the model must be the case's own."""
    images = batch_of(case.batch, case.model.size).to(case.device)
    samples = samples_of(case.batch, case.model.size, device=case.device)
    model.train()
    wrapper = build_optim_wrapper(model, optim_config(model.cfg, case))

    def run() -> None:
        with autocast(case):
            losses = model(images, samples, mode='loss')
        loss, _ = model.parse_losses(losses)
        wrapper.update_params(loss)

    return run


def optim_config(cfg: Config, case: Case) -> dict:
    """The config's optimiser; with the loss scaling that fp16 needs, where there is a GPU."""
    wrapper = dict(cfg.get('optim_wrapper') or dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)))
    wrapper['type'] = 'OptimWrapper'
    if case.device == 'cuda' and case.precision == 'fp16':
        wrapper.update(type='AmpOptimWrapper', dtype='float16', loss_scale='dynamic')
    return wrapper


_MAKERS = {
    'network': _network,
    'labels': _labels,
    'postprocess': _postprocess,
    'predict': _predict,
    'image': _image,
    'train': _train,
}
