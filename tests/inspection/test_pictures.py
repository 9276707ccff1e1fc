from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.inspection.doctor import Inspection
from mmseg_liteseg.inspection.pictures import _choose, _labels, draw_page


def test_the_page_shows_the_palette(project, tmp_path):
    draw_page(project.inspect(), tmp_path / 'page.png', 2)
    page = np.asarray(Image.open(tmp_path / 'page.png').convert('RGB')).reshape(-1, 3)
    colours = {tuple(colour) for colour in np.unique(page, axis=0).tolist()}
    assert {(255, 0, 0), (0, 0, 255)} <= colours


def test_every_kind_of_faulty_sample_can_be_drawn(project, tmp_path):
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(project.mask('train', 0))
    project.write_mask('train', 1, np.zeros((64, 48)))
    project.mask('train', 2).write_bytes(b'no picture')
    project.mask('train', 3).unlink()
    project.image('val', 0).write_bytes(b'no picture')
    project.write_image('val', 1, np.full((48, 64), 4000, np.uint16))
    draw_page(project.inspect(), tmp_path / 'page.png')
    assert Image.open(tmp_path / 'page.png').size[0] > 1000


def test_what_findings_name_comes_first(project):
    project.write_mask('train', 3, np.full((48, 64), 9))
    chosen = _choose(project.inspect(), 'train', 2)
    assert [facts.sample.mask for _, facts in chosen] == [str(project.mask('train', 3)), str(project.mask('train', 0))]


def test_masks_are_shown_as_the_network_sees_them(project):
    for split in ('train', 'val'):
        project.data(split)['reduce_zero_label'] = True
    scan = project.inspect().of('train')[0]
    assert sorted(np.unique(_labels(scan, scan.facts[0])).tolist()) == [0, 255]


def test_nothing_to_draw(project, tmp_path):
    with pytest.raises(LiteSegError, match='no sample could be read'):
        draw_page(Inspection(project.inspect().setup), tmp_path / 'page.png')
    assert not (tmp_path / 'page.png').exists()
