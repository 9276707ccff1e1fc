from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from mmseg.apis import init_model
from PIL import Image

from tests.tools.conftest import assert_quiet, run_alone
from tools.test import main


def metrics(work_dir):
    """What a test run wrote: {'mIoU': ..., ...}."""
    return json.loads(next(path for path in work_dir.glob('*/*.json')).read_text())


@pytest.fixture
def checkpoint(trained):
    return trained[1] / 'iter_2.pth'


@pytest.fixture
def half_right(trained, tmp_path):
    """Weights whose prediction is class 0 everywhere: exactly the left half of every label is right."""
    content = torch.load(trained[1] / 'iter_2.pth', weights_only=False)
    state = content['state_dict']
    state['decode_head.conv_seg.weight'] = torch.zeros_like(state['decode_head.conv_seg.weight'])
    path = tmp_path / 'half.pth'
    torch.save({'state_dict': state, 'meta': content['meta']}, path)
    return path


def test_figures_pictures_and_predictions(trained, half_right, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, show = tmp_path / 'masks', tmp_path / 'pictures'
    run_alone(main, [trained[0], half_right, '--work-dir', tmp_path / 'work', '--out', out, '--show-dir', show])
    result = metrics(tmp_path / 'work')
    assert (result['aAcc'], result['mIoU']) == (50.0, 25.0)
    assert sorted(path.name for path in out.iterdir()) == ['0.png', '1.png', '2.png', '3.png']
    mask = np.asarray(Image.open(out / '0.png'))
    assert mask.shape == (64, 64)
    assert not mask.any()
    assert sorted(str(path.relative_to(show)) for path in show.rglob('*.png')) == [f'town/{i}.png' for i in range(4)]
    assert {path.name for path in tmp_path.iterdir()} == {'half.pth', 'masks', 'pictures', 'work'}


def test_pictures_show_image_labels_and_prediction(trained, half_right, tmp_path, capsys):
    run_alone(main, [trained[0], half_right, '--work-dir', tmp_path / 'work', '--show-dir', tmp_path / 'pictures'])
    assert_quiet(capsys.readouterr(), 'per class results', 'Pictures of labels and predictions are in')
    picture = np.asarray(Image.open(tmp_path / 'pictures/town/0.png')).astype(int)
    image = np.asarray(Image.open(trained[0].parent / 'images/town/0.png'))
    np.testing.assert_array_equal(picture[:, :64], image)
    redness = (picture[..., 0] - picture[..., 2]).reshape(64, 6, 32).mean((0, 2))  # grey; label 0 | 1; prediction 0 | 0
    assert np.sign(np.round(redness, -2)).tolist() == [0, 0, 1, -1, 1, 1]


def divide_evenly(model, image):
    """Sets the classifier such that the two classes share the image: its weights are normal to the mean feature."""
    classifier, features = model.decode_head.conv_seg, []
    hook = classifier.register_forward_pre_hook(lambda module, inputs: features.append(inputs[0].mean((0, 2, 3))))
    probabilities(model, image)
    hook.remove()
    direction, mean = torch.arange(8.0), features[0]
    direction -= mean * (direction @ mean) / (mean @ mean)
    classifier.weight.data.copy_(torch.stack([direction, -direction])[..., None, None])


@torch.no_grad()
def probabilities(model, image):
    return model.encode_decode(image, [{'img_shape': (64, 64)}]).softmax(1)


def test_augmentation_averages_the_probabilities_of_both_flips(trained, tmp_path):
    model = init_model(str(trained[0]), str(trained[1] / 'iter_2.pth'), device='cpu')
    image = torch.from_numpy(np.asarray(Image.open(trained[0].parent / 'images/town/0.png')).copy())
    image = (image.permute(2, 0, 1)[None].float() - 127.5) / 127.5
    divide_evenly(model, image)
    checkpoint = tmp_path / 'even.pth'
    torch.save({'state_dict': model.state_dict()}, checkpoint)
    run_alone(main, [trained[0], checkpoint, '--work-dir', tmp_path / 'work', '--tta', '--out', tmp_path / 'masks'])
    plain, flipped = probabilities(model, image), probabilities(model, image.flip(3)).flip(3)
    expected = (plain + flipped).argmax(1)[0].numpy()
    assert 0.1 < expected.mean() < 0.9
    assert (plain.argmax(1)[0].numpy() != expected).any()
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / 'masks/0.png')), expected)


def test_a_prefix_of_parallel_training_is_dropped(trained, half_right, tmp_path):
    content = torch.load(half_right, weights_only=False)
    content['state_dict'] = {f'module.{key}': value for key, value in content['state_dict'].items()}
    torch.save(content, half_right)
    run_alone(main, [trained[0], half_right, '--work-dir', tmp_path / 'work'])
    assert metrics(tmp_path / 'work')['aAcc'] == 50.0


def refusal(capsys, arguments):
    with pytest.raises(SystemExit):
        run_alone(main, arguments)
    return capsys.readouterr().err


def test_missing_files_are_named(trained, checkpoint, tmp_path, capsys):
    assert 'checkpoint no.pth: no such file' in refusal(capsys, [trained[0], 'no.pth', '--work-dir', tmp_path])
    assert 'config no.py: no such file' in refusal(capsys, ['no.py', checkpoint, '--work-dir', tmp_path])


def test_tta_needs_a_pipeline(trained, checkpoint, tmp_path, capsys):
    options = ['--work-dir', tmp_path, '--tta', '--cfg-options', 'tta_pipeline=None']
    assert '--tta: the config has no tta_pipeline' in refusal(capsys, [trained[0], checkpoint, *options])


@pytest.mark.parametrize('option', ['--out', '--show-dir'])
def test_output_folder_must_not_be_a_file(trained, checkpoint, tmp_path, capsys, option):
    (tmp_path / 'taken').write_text('')
    arguments = [trained[0], checkpoint, '--work-dir', tmp_path, option, tmp_path / 'taken']
    assert f'{option} {tmp_path / "taken"}: expected a folder' in refusal(capsys, arguments)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'the file is empty'),
        (b'\n <!DOCTYPE html><html>404</html>', 'this is a web page'),
        (b'PK\x03\x04 no archive', 'cannot be read, truncated or no checkpoint'),
        (b'plain words', 'cannot be read, truncated or no checkpoint'),
    ],
)
def test_files_that_are_no_checkpoint_are_named(trained, tmp_path, capsys, content, message):
    path = tmp_path / 'bad.pth'
    path.write_bytes(content)
    text = refusal(capsys, [trained[0], path, '--work-dir', tmp_path / 'work'])
    assert f'checkpoint {path}: {message}' in text


def test_truncated_checkpoint_is_named(trained, checkpoint, tmp_path, capsys):
    path = tmp_path / 'cut.pth'
    path.write_bytes(checkpoint.read_bytes()[:-5000])
    text = refusal(capsys, [trained[0], path, '--work-dir', tmp_path / 'work'])
    assert f'checkpoint {path}: cannot be read, truncated or no checkpoint' in text


def test_weights_of_another_model_are_refused(trained, checkpoint, tmp_path, capsys):
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': {'stem.weight': torch.zeros(3)}}, path)
    text = refusal(capsys, [trained[0], path, '--work-dir', tmp_path / 'work'])
    assert 'none of its 1 keys (such as stem.weight) is in the model (such as backbone.' in text

    options = ['--work-dir', tmp_path / 'work', '--cfg-options', 'model.decode_head.num_classes=5']
    text = refusal(capsys, [trained[0], checkpoint, *options])
    assert 'decode_head.conv_seg.weight has shape (2, 8, 1, 1), the model of this config needs (5, 8, 1, 1)' in text


@pytest.fixture
def broken(tiny_config, trained):
    """The project with two images that cannot be read."""
    folder = tiny_config.parent
    (folder / 'images/town/1.png').write_bytes(b'')
    (folder / 'images/town/2.png').write_bytes((folder / 'images/town/0.png').read_bytes()[:200])
    return tiny_config


def test_goes_on_after_bad_files_and_lists_them(broken, trained, half_right, tmp_path, capsys):
    out = tmp_path / 'masks'
    with pytest.raises(SystemExit) as caught:
        run_alone(
            main, [broken, half_right, '--work-dir', tmp_path / 'work', '--out', out, '--show-dir', tmp_path / 's']
        )
    assert caught.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()[-3:]
    assert lines[0] == 'error: 2 pictures failed and are in no figure:'
    assert ['1.png: the file is empty' in lines[1], '2.png: cannot be read' in lines[2]] == [True, True]
    assert sorted(path.name for path in out.iterdir()) == ['0.png', '3.png']
    assert metrics(tmp_path / 'work')['mIoU'] == 25.0


def test_strict_stops_at_the_first(broken, half_right, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        run_alone(main, [broken, half_right, '--work-dir', tmp_path / 'work', '--strict'])
    assert caught.value.code == 2
    assert '1.png: the file is empty' in capsys.readouterr().err.strip().splitlines()[-1]


def test_goes_on_with_test_time_augmentation_and_batches(broken, half_right, tmp_path, capsys):
    options = ['--cfg-options', 'test_dataloader.batch_size=2', 'test_dataloader.num_workers=1']
    with pytest.raises(SystemExit) as caught:
        run_alone(main, [broken, half_right, '--work-dir', tmp_path / 'work', '--tta', *options])
    assert caught.value.code == 1
    assert 'error: 2 pictures failed' in capsys.readouterr().err


def test_labels_beyond_the_classes_are_named(tiny_config, half_right, tmp_path, capsys):
    mask = np.asarray(Image.open(tiny_config.parent / 'labels/town/3.png')).copy()
    mask[0, 0] = 37
    Image.fromarray(mask).save(tiny_config.parent / 'labels/town/3.png')
    with pytest.raises(SystemExit) as caught:
        run_alone(main, [tiny_config, half_right, '--work-dir', tmp_path / 'work'])
    assert caught.value.code == 1
    assert 'labels [37] in' in capsys.readouterr().err.strip().splitlines()[-1]


def test_equal_names_in_two_sets_give_two_files(tiny_config, half_right, tmp_path):
    text = tiny_config.read_text().replace('test_dataloader = val_dataloader', '')
    root = tiny_config.parent
    shutil.copytree(root / 'images/town', root / 'images/city')
    shutil.copytree(root / 'labels/town', root / 'labels/city')
    parts = [
        f"dict(type='BaseSegDataset', data_root=r'{root}', data_prefix=dict(img_path='images/{part}', "
        f"seg_map_path='labels/{part}'), img_suffix='.png', metainfo=dataset['metainfo'], pipeline=load)"
        for part in ('town', 'city')
    ]
    tiny_config.write_text(
        f"{text}\ntest_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', "
        f"shuffle=False), dataset=dict(type='ConcatDataset', datasets=[{', '.join(parts)}]))\n"
    )
    out, show = tmp_path / 'masks', tmp_path / 'pictures'
    run_alone(main, [tiny_config, half_right, '--work-dir', tmp_path / 'work', '--out', out, '--show-dir', show])
    for folder in (out, show):
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*.png'))
        assert names == [f'{part}/{i}.png' for part in ('city', 'town') for i in range(4)]
