from mmseg_liteseg.benchmark.families import check_families, format_row, lightest
from mmseg_liteseg.benchmark.names import config_folders


def test_a_family_that_is_fast_and_one_that_is_not():
    lines = []
    ddrnet, pidnet = check_families(['ddrnet', 'pidnet'], lines.append)
    assert ddrnet['predict'] == 'fast'
    assert ddrnet['losses'] == 'decode_head'
    assert ddrnet['differing'] <= ddrnet['pixels'] * 1e-5 + 2  # ties
    assert 0 <= ddrnet['loss_gap'] < 1e-5
    assert pidnet['losses'] == 'none'
    assert pidnet['loss_gap'] is None
    assert lines == [format_row(ddrnet), format_row(pidnet)]


def test_what_is_no_encoder_decoder_is_named():
    (row,) = check_families(['san'], lambda line: None)
    assert row['predict'] == f'left as it is: {row["segmentor"]} is no EncoderDecoder'
    assert row['differing'] is None


def test_the_lightest_config():
    assert 'b0' in lightest(config_folders()['mmseg'] / 'segformer').stem
