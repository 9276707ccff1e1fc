import io
import re

from mmseg_liteseg.runtime.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_text():
    progress = Progress(4, 'pictures', io.StringIO())
    progress.done = 2
    assert re.fullmatch(r'\[############ {12}\] 2/4 pictures, [\d.]+/s, 0:00 left', progress.text())
    progress.total = None
    assert re.fullmatch(r'2 pictures, [\d.]+/s', progress.text())


def test_a_terminal_sees_one_line_which_goes_away(monkeypatch):
    stream = Terminal()
    progress = Progress(3, 'frames', stream)
    for _ in range(3):
        progress._last = 0  # long ago
        progress.step()
    assert '\n' not in stream.getvalue()
    assert stream.getvalue().count('\r[') == 3
    progress.close()
    assert stream.getvalue().endswith('\r')
    assert progress.done == 3


def test_a_file_sees_few_lines():
    stream = io.StringIO()
    progress = Progress(1000, 'frames', stream)
    for _ in range(1000):
        progress.step()
    assert stream.getvalue() == ''
    progress._last -= 11
    progress.step()
    progress.close()
    assert stream.getvalue().count('\n') == 1
    assert '\r' not in stream.getvalue()
