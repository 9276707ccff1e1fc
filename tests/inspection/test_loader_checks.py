from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ('missing', 'words'),
    [
        (['test_dataloader'], 'test_dataloader left out, but test_cfg and test_evaluator set'),
        (['val_evaluator'], 'val_evaluator left out, but val_dataloader and val_cfg set'),
        (['train_cfg', 'optim_wrapper'], 'train_cfg and optim_wrapper left out, but train_dataloader set'),
    ],
)
def test_loaders_without_loops(project, missing, words):
    project.test_is_val = False
    project.cfg['test_dataloader'] = project.cfg['val_dataloader']
    for name in missing:
        project.cfg[name] = None
    assert words in project.only(f'no-{missing[0].replace("_", "-")}')


def test_a_left_out_test_dataloader_has_a_cure(project):
    project.test_is_val = False
    del project.cfg['test_dataloader']
    assert 'test_dataloader = val_dataloader tests on the val data' in project.only('no-test-dataloader')


def test_no_validation_at_all_is_fine(project):
    project.test_is_val = False
    for name in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg', 'test_evaluator'):
        project.cfg[name] = None
    assert project.inspect().findings == []


def test_test_data_of_the_base_config(project):
    """What a config for own data inherits: the test data of the one it is based on."""
    project.test_is_val = False
    project.cfg['test_dataloader']['dataset'] = dict(
        type='mmseg_liteseg.CamVidDataset', data_root='data/camvid', data_prefix=dict(img_path='a', seg_map_path='b')
    )
    findings = project.inspect(splits=('train', 'val')).findings
    assert [(finding.kind, finding.split) for finding in findings] == [('num-classes', 'test')]
    assert 'test_dataloader = val_dataloader tests on the val data' in str(findings[0])


class TestBatchOfOne:
    def test_named(self, project):
        project.cfg['train_dataloader']['batch_size'] = 1
        line = project.only('batch-of-one')
        assert 'train_dataloader.batch_size is 1' in line
        assert 'batch normalisation needs at least two images' in line

    @pytest.mark.parametrize('norm', ['GN', 'LN'])
    def test_fine_with_other_normalisation(self, project, norm):
        project.cfg['train_dataloader']['batch_size'] = 1
        project.cfg['model']['neck']['norm_cfg'] = dict(type=norm)
        assert project.inspect().findings == []

    def test_fine_without_global_pooling(self, project):
        project.cfg['train_dataloader']['batch_size'] = 1
        project.cfg['model']['neck']['pool_scales'] = (2, 4)
        assert project.inspect().findings == []

    def test_fine_with_several_processes(self, project, monkeypatch):
        monkeypatch.setenv('WORLD_SIZE', '2')
        monkeypatch.setattr('mmseg_liteseg.inspection.loader_checks.get_device', lambda: 'cuda')
        project.cfg['train_dataloader']['batch_size'] = 1
        assert project.only('batch-of-one')  # BN counts per process
        project.cfg['model']['neck']['norm_cfg'] = dict(type='SyncBN')
        assert project.inspect().findings == []

    def test_last_batch_of_an_epoch(self, project):
        project.cfg['train_dataloader'].update(batch_size=3, sampler=dict(type='DefaultSampler', shuffle=True))
        line = project.only('batch-of-one')
        assert '4 training images in batches of 3 leave a last batch of one' in line
        project.cfg['train_dataloader']['drop_last'] = True
        assert project.inspect().findings == []

    @pytest.mark.parametrize(
        ('processes', 'drop_last', 'words'),
        [
            ('2', False, None),  # two images each
            ('4', False, '4 training images in 4 processes in batches of 3 leave a last batch of one'),
            ('2', True, '4 training images in 2 processes make no batch of 3'),
        ],
    )
    def test_last_batch_of_each_process(self, project, monkeypatch, processes, drop_last, words):
        monkeypatch.setenv('WORLD_SIZE', processes)
        loader = dict(batch_size=3, sampler=dict(type='DefaultSampler'), drop_last=drop_last)
        project.cfg['train_dataloader'].update(loader)
        if words is None:
            assert project.inspect().findings == []
        else:
            assert words in project.only('no-batch' if drop_last else 'batch-of-one')

    def test_last_batch_with_statistics_of_all_processes(self, project, monkeypatch):
        monkeypatch.setenv('WORLD_SIZE', '4')
        monkeypatch.setattr('mmseg_liteseg.inspection.loader_checks.get_device', lambda: 'cuda')
        project.cfg['train_dataloader'].update(batch_size=3, sampler=dict(type='DefaultSampler'))
        project.cfg['model']['neck']['norm_cfg'] = dict(type='SyncBN')
        assert project.inspect().findings == []

    @pytest.mark.parametrize(('times', 'wrong'), [(1, True), (2, False), (3, False), (4, True)])
    def test_last_batch_of_repeated_data(self, project, times, wrong):
        loader = project.cfg['train_dataloader']
        loader.update(batch_size=3, sampler=dict(type='DefaultSampler'))
        loader['dataset'] = dict(type='RepeatDataset', times=times, dataset=loader['dataset'])
        found = [str(finding) for finding in project.inspect().findings]
        assert [f'{4 * times} training images in batches of 3' in line for line in found] == [True] * wrong


def test_pipelines_without_labels(project):
    del project.data('val')['pipeline'][1]
    assert 'val: the pipeline has no LoadAnnotations' in project.only('no-labels-loaded')


class TestChannels:
    def test_mean_against_loader(self, project):
        project.cfg['model']['data_preprocessor'].update(mean=[0.0], std=[1.0])
        findings = [str(finding) for finding in project.inspect().findings if finding.severity == 'error']
        assert any('mean has 1 number, but the backbone takes 3' in line for line in findings)
        assert any('LoadImageFromFile gives 3 channels, but mean has 1' in line for line in findings)
        assert any("set color_type='grayscale' there" in line for line in findings)

    def test_grey_by_config(self, project):
        project.cfg['model']['data_preprocessor'].update(mean=[0.0], std=[1.0])
        project.cfg['model']['backbone']['in_channels'] = 1
        for split in ('train', 'val'):
            project.data(split)['pipeline'][0]['color_type'] = 'grayscale'
        assert project.inspect().findings == []

    @pytest.mark.parametrize('std', [[1, 1], [1, 0, 1]])
    def test_std(self, project, std):
        project.cfg['model']['data_preprocessor']['std'] = std
        assert 'std' in project.only('channels')


@pytest.mark.parametrize('name', ['test_pipeline', 'tta_pipeline'])
def test_pipelines_of_a_base_that_read_otherwise(project, name):
    project.cfg[name] = [dict(type='LoadImageFromFile', color_type='grayscale')]
    line = project.only('other-reading', 'warning')
    assert f"{name} reads images with color_type='grayscale'" in line
    project.cfg[name][0]['color_type'] = 'color'
    assert project.inspect().findings == []


def test_fewer_images_than_a_batch_that_may_not_be_smaller(project):
    project.cfg['train_dataloader'].update(batch_size=8, sampler=dict(type='DefaultSampler'), drop_last=True)
    assert '4 training images make no batch of 8' in project.only('no-batch')
