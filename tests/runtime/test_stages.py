import threading

import pytest

from mmseg_liteseg.runtime.stages import Stages


def test_order_is_kept_and_all_stages_are_counted():
    with Stages(range(50), [('add', lambda x: x + 1), ('text', str)], depth=3) as stream:
        assert list(stream) == [str(x + 1) for x in range(50)]
    assert stream.items['add'] == stream.items['text'] == 50
    lines = stream.table().splitlines()
    assert [line.split()[0] for line in lines] == ['stage', 'read', 'add', 'text']


def test_stages_overlap():
    """Each stage waits for the other to have begun: one after the other they would never end."""
    barrier = threading.Barrier(2, timeout=20)
    meet = lambda x: barrier.wait() >= 0 and x  # noqa: E731

    def source():
        yield 0
        while True:  # meets the first item while that is in the stage
            barrier.wait()
            yield 1

    with Stages(source(), [('meet', meet)]) as stream:
        assert next(iter(stream)) == 0
        barrier.abort()


def test_memory_is_bounded():
    """A slow reader holds back the source: it runs ahead by what the queues and threads hold."""
    drawn, stages = [], [('a', lambda x: x), ('b', lambda x: x)]
    release = threading.Event()

    def source():
        for index in range(1000):
            drawn.append(index)
            if index == 30:
                release.set()
            yield index

    with Stages(source(), stages, depth=2) as stream:
        first = next(iter(stream))
        assert not release.wait(0.5)
    assert first == 0
    assert len(drawn) <= 2 * 3 + 3 + 2


@pytest.mark.parametrize('where', ['source', 'stage'])
def test_an_error_comes_after_what_was_before_it(where):
    def source():
        yield from range(3)
        if where == 'source':
            raise OSError('broken')
        yield 3

    def fail(x):
        if x == 3:
            raise OSError('broken')
        return x

    with Stages(source(), [('fail', fail)]) as stream:
        items = iter(stream)
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(OSError, match='broken'):
            next(items)


def test_leaving_ends_all_threads():
    before = threading.active_count()
    endless = iter(int, 1)
    with Stages(endless, [('a', lambda x: x)] * 3) as stream:
        for _ in stream:
            break
    assert threading.active_count() == before


def test_latest_drops_what_comes_while_the_stage_is_busy():
    busy, go_on = threading.Event(), threading.Event()

    def source():
        yield 0
        busy.wait(20)
        yield from range(1, 10)
        go_on.set()

    def slow(x):
        if x == 0:
            busy.set()
            go_on.wait(20)
        return x

    with Stages(source(), [('slow', slow)], latest=True) as stream:
        assert list(stream) == [0, 9]
    assert stream.dropped == 8
    assert '8 dropped' in stream.table()


def test_several_workers_keep_the_order_and_work_at_the_same_time():
    barrier = threading.Barrier(3, timeout=20)

    def meet(x):
        if x < 3:  # none of the first three ends before all have begun
            barrier.wait()
        return x

    with Stages(range(40), [('meet', meet, 3), ('negate', lambda x: -x)], depth=1) as stream:
        assert list(stream) == [-x for x in range(40)]
    assert stream.items['meet'] == 40


def test_an_error_of_one_of_several_workers_comes_in_its_turn():
    def fail(x):
        if x == 3:
            raise OSError('broken')
        return x

    before = threading.active_count()
    with Stages(range(1000), [('fail', fail, 4)]) as stream:
        items = iter(stream)
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(OSError, match='broken'):
            next(items)
    assert threading.active_count() == before
    assert stream.items['read'] < 50


def test_several_workers_run_ahead_by_what_the_queues_hold():
    drawn, hold = [], threading.Event()

    def source():
        for index in range(1000):
            drawn.append(index)
            yield index

    with Stages(source(), [('a', lambda x: x, 4)], depth=2) as stream:
        next(iter(stream))
        assert not hold.wait(0.3)
    assert len(drawn) <= 1 + 2 + 4 + 2 + 1
