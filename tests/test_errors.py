import importlib
import pickle

import pytest
from torch.utils.data import DataLoader, Dataset

from mmseg_liteseg.errors import DataError, LiteSegError, own_words
from tests.helpers import REPO


class Broken(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        try:
            raise KeyError('cause')
        except KeyError as error:
            raise DataError(f'image {index}.png: broken') from error


def test_smoke():
    assert issubclass(LiteSegError, ValueError)
    assert str(pickle.loads(pickle.dumps(DataError('a.png: broken')))) == 'a.png: broken'


@pytest.mark.parametrize('workers', [0, 1])
def test_an_error_of_a_worker_says_what_it_says_without_one(workers):
    with pytest.raises(DataError) as caught:
        list(DataLoader(Broken(), num_workers=workers))
    assert str(caught.value) == 'image 0.png: broken'


def test_own_words_of_a_message_of_several_lines():
    text = 'Caught OSError in DataLoader worker process 3.\nOriginal Traceback (most recent call last):\n  File "x"\n'
    assert own_words(f'{text}OSError: first\nsecond\n') == 'first\nsecond'
    assert own_words('Caught nothing') == 'Caught nothing'


def test_all_errors_have_one_base():
    """Those of the modules called errors."""
    found, package = set(), REPO / 'mmseg_liteseg'
    for path in package.rglob('errors.py'):
        name = '.'.join(path.relative_to(REPO).with_suffix('').parts)
        kinds = vars(importlib.import_module(name)).values()
        found |= {kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception)}
    assert {'DeployError', 'LaunchError', 'CheckpointFileError', 'StudyError', 'ConversionError'} <= {
        kind.__name__ for kind in found
    }
    assert all(issubclass(kind, LiteSegError) for kind in found)
