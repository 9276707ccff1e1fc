"""What the clock is put on."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.benchmark.scenes import batch_of, samples_of, scene
from mmseg_liteseg.benchmark.torch_tasks import array_pipeline, make_run, optim_config

from .conftest import SIZE

IMAGE = (48, 80)


def test_network(case, network):
    logits = make_run(case('network', batch=2), network, IMAGE)()
    assert logits.shape == (2, 11, 4, 8)


def test_labels_are_upsampled_argmax(case, network, stock_network):
    logits = make_run(case('network'), network, IMAGE)()
    wanted = F.interpolate(logits, SIZE, mode='bilinear').argmax(1)
    ours = make_run(case('labels'), network, IMAGE)()[0].pred_sem_seg.data
    stock = make_run(case('labels'), stock_network, IMAGE)()
    assert (ours == wanted).float().mean() > 0.999
    torch.testing.assert_close(stock, wanted)


def test_postprocess_is_predict_without_the_network(case, network, stock_network):
    for model in (network, stock_network):
        predicted = make_run(case('predict'), model, IMAGE)()[0].pred_sem_seg.data
        calls = []
        hook = model.backbone.register_forward_hook(lambda *args, calls=calls: calls.append(1))
        run = make_run(case('postprocess'), model, IMAGE)
        calls.clear()
        torch.testing.assert_close(run()[0].pred_sem_seg.data, predicted)
        assert not calls
        hook.remove()
        assert predicted.shape == (1, *IMAGE)
        make_run(case('network'), model, IMAGE)()  # the model itself is as it was


def test_image_is_what_the_pipeline_and_the_network_give(case, network):
    assert [step['type'] for step in array_pipeline(network.cfg, SIZE)] == [
        'LoadImageFromNDArray',
        'Resize',
        'PackSegInputs',
    ]
    labels = make_run(case('image', batch=2), network, IMAGE)()
    assert [label.shape for label in labels] == [(1, *IMAGE)] * 2
    again = make_run(case('image', batch=2), network, IMAGE)()
    torch.testing.assert_close(labels, again)


def test_train_step_changes_weights(case, network):
    model = copy.deepcopy(network)
    run = make_run(case('train', batch=2), model, IMAGE)
    run()
    assert model.training
    for name, parameter in model.named_parameters():
        assert not torch.equal(parameter, network.get_parameter(name)), name


def test_lower_precision_runs_under_autocast(case, network):
    assert make_run(case('network', precision='bf16'), network, IMAGE)().dtype == torch.bfloat16
    assert make_run(case('network'), network, IMAGE)().dtype == torch.float32


def test_optimiser_of_the_config(case, network):
    assert optim_config(network.cfg, case('train'))['type'] == 'OptimWrapper'
    amp = optim_config(network.cfg, case('train', device='cuda', precision='fp16'))
    assert (amp['type'], amp['loss_scale']) == ('AmpOptimWrapper', 'dynamic')
    assert amp['optimizer']['lr'] == 0.01


def test_scenes():
    images = batch_of(3, SIZE)
    assert images.shape == (3, 3, *SIZE)
    assert -1 <= images.min() < -0.5 < 0.5 < images.max() <= 1
    assert torch.equal(images[0], images[2])
    sample = samples_of(1, SIZE, IMAGE)[0]
    assert (sample.img_shape, sample.ori_shape) == (SIZE, IMAGE)
    assert sample.gt_sem_seg.data.shape == (1, *SIZE)
    with pytest.raises(ValueError, match='read-only'):
        scene(*SIZE)[0][:] = 0
