"""Interleaving, medians and ratios, with a clock of our own."""

from __future__ import annotations

import pytest

from mmseg_liteseg.benchmark.clock import Plan, Spread, local_timer, measure, ratio


class Clock:
    """Time that passes only when something runs."""

    def __init__(self):
        self.time = 0.0
        self.log = []

    def now(self):
        return self.time

    def work(self, name, seconds):
        def run():
            self.log.append(name)
            self.time += seconds

        return run


def test_durations_are_of_the_work_alone():
    clock = Clock()
    timer = local_timer(clock.work('a', 2.0), now=clock.now)
    assert timer(3) == [2.0, 2.0, 2.0]


def test_sync_counts_only_what_the_work_left_behind():
    clock, pending = Clock(), []

    def sync():
        clock.time += sum(pending)
        pending.clear()

    pending.append(100.0)  # left by somebody before
    timer = local_timer(lambda: pending.append(0.5), sync, clock.now, queue=4)
    assert timer(2) == [0.5, 0.5]


def test_every_subject_once_per_round_in_changing_order():
    clock = Clock()
    timers = {name: local_timer(clock.work(name, 1.0), now=clock.now) for name in 'abc'}
    rests = []
    measure(timers, Plan(rounds=6, runs=2, warmup=1, pause=0.5), sleep=rests.append)
    assert clock.log[:3] == ['a', 'b', 'c']
    visits = [clock.log[3 + i : 6 + i] for i in range(0, 6 * 9, 3)]
    assert all(len(set(visit)) == 1 for visit in visits)  # 1 untimed + 2 timed, undisturbed
    orders = [''.join(visit[0] for visit in visits[i : i + 3]) for i in range(0, 18, 3)]
    assert all(sorted(order) == ['a', 'b', 'c'] for order in orders)
    assert len(set(orders)) > 1
    assert rests == [0.5] * 18


def test_first_run_of_a_visit_is_not_counted():
    durations = iter([9.0] * 3 + [7.0, 1.0, 2.0, 3.0] * 2)

    def timer(repeats):
        return [next(durations) for _ in range(repeats)]

    assert measure({'a': timer}, Plan(rounds=2, runs=3, warmup=3), sleep=lambda _: None) == {'a': [2.0, 2.0]}


def test_spread():
    assert Spread.of([4, 1, 2, 3, 5]) == Spread(3, 2, 4)
    assert Spread.of([1, 2]) == Spread(1.5, 1.25, 1.75)
    assert Spread.of([7]) == Spread(7, 7, 7)


def test_ratio_is_taken_within_rounds():
    # a load that doubles both in the second round leaves the ratio alone
    assert ratio([2.0, 4.0, 2.0], [1.0, 2.0, 1.0]) == Spread(2.0, 2.0, 2.0)


def test_progress_is_told():
    told = []
    measure({'a': lambda n: [1.0] * n}, Plan(rounds=1), told.append, lambda _: None)
    assert told == ['warming up a', 'round 1 of 1: a']


def test_an_interrupt_keeps_complete_rounds():
    calls = []

    def timer(repeats):
        calls.append(1)
        if len(calls) == 12:  # warm-up 2, then 2 x 2 per round: in the third round
            raise KeyboardInterrupt
        return [1.0] * repeats

    assert measure({'a': timer, 'b': timer}, Plan(rounds=9), sleep=lambda _: None) == {'a': [1.0] * 2, 'b': [1.0] * 2}
    calls[:] = [1] * 8
    with pytest.raises(KeyboardInterrupt):
        measure({'a': timer, 'b': timer}, Plan(rounds=9), sleep=lambda _: None)


def test_errors_of_a_subject_come_out():
    def broken(repeats):
        raise RuntimeError('out of memory')

    with pytest.raises(RuntimeError, match='out of memory'):
        measure({'a': broken}, Plan(rounds=1))


def test_time_that_is_up_keeps_complete_rounds():
    clock = Clock()
    timers = {'a': local_timer(clock.work('a', 2.0), now=clock.now)}
    plan = Plan(rounds=9, runs=1, warmup=1, pause=0)  # a round takes 4
    told = []
    assert measure(timers, plan, told.append, lambda _: None, until=13.0, now=clock.now) == {'a': [2.0] * 2}
    assert told[-1] == 'no time for round 3'
    assert measure(timers, plan, sleep=lambda _: None, until=0.0, now=clock.now) == {'a': [2.0]}
