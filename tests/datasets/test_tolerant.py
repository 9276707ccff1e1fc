from __future__ import annotations

import pytest
import torch
from mmseg.structures import SegDataSample

from mmseg_liteseg.datasets import TolerantDataset
from mmseg_liteseg.datasets.tolerant import Unreadable, collate_readable
from mmseg_liteseg.images import ImageFileError
from mmseg_liteseg.registry import DATASETS


@pytest.fixture
def dataset():
    @DATASETS.register_module(name='Breaking', force=True)
    class Breaking:
        metainfo = dict(classes=('a',))

        def __len__(self):
            return 3

        def __getitem__(self, index):
            if index == 1:
                raise ImageFileError('image b.png: the file is empty')
            if index == 2:
                raise KeyError('seg_map_path')
            return dict(inputs=torch.ones(3, 2, 2), data_samples=SegDataSample())

        def get_data_info(self, index):
            return dict(img_path=f'{"abc"[index]}.png')

    yield TolerantDataset(dict(type='mmseg_liteseg.Breaking'))
    DATASETS._module_dict.pop('Breaking')


def test_reasons_in_the_place_of_samples(dataset):
    assert (len(dataset), dataset.metainfo) == (3, dict(classes=('a',)))
    assert dataset[0]['inputs'].shape == (3, 2, 2)
    assert dataset[1] == 'image b.png: the file is empty'
    assert 'c.png' in dataset[2]
    assert 'KeyError' in dataset[2]


def test_batches_hold_what_is_there(dataset):
    batch = collate_readable([dataset[0], dataset[1], dataset[0]])
    assert len(batch['inputs']) == len(batch['data_samples']) == 2
    assert batch['failed'] == ['image b.png: the file is empty']
    assert collate_readable([Unreadable('x')]) == {'failed': ['x']}
    assert 'failed' not in collate_readable([dataset[0]])
