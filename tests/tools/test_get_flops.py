import pytest

from tests.checkpoint.builders import make_config
from tools.get_flops import main


@pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')
def test_prints_parameters_and_operations(tmp_path, capsys):
    make_config().dump(tmp_path / 'config.py')
    for shape, words in ((['64', '128'], '64x128'), (['64', '64'], '64x64')):
        main([str(tmp_path / 'config.py'), '--shape', *shape])
        output = capsys.readouterr().out
        assert words in output
        assert 'GFLOP' in output
