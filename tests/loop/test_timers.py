"""The heap of deadlines by itself."""

from __future__ import annotations

import math

import pytest

from tkws.loop.timers import CANCELLED_KEPT, TimerHeap


@pytest.fixture
def heap() -> TimerHeap:
    return TimerHeap(lambda: None)


def test_timers_come_off_by_deadline_then_by_age(heap) -> None:
    called: list[int] = []
    for number, when in enumerate([3.0, 1.0, 2.0, 1.0]):
        heap.add(when, called.append, (number,))
    assert heap.earliest == 1.0
    while len(heap):
        heap.pop().run()
    assert called == [1, 3, 2, 0]
    assert heap.earliest == math.inf


def test_a_timer_runs_once_and_forgets_its_callback(heap) -> None:
    called: list[int] = []
    timer = heap.add(1.0, called.append, (1,))
    assert heap.pop() is timer
    timer.run()
    assert not timer.active
    timer.run()
    timer.cancel()
    assert called == [1]


def test_a_cancelled_timer_is_never_the_earliest(heap) -> None:
    first, second, third = (heap.add(when, print, ()) for when in (1.0, 2.0, 3.0))
    second.cancel()
    assert heap.earliest == 1.0
    first.cancel()
    assert heap.earliest == 3.0
    assert heap.pop() is third


def test_what_is_cancelled_does_not_pile_up(heap) -> None:
    kept = heap.add(0.0, print, ())
    for number in range(10_000):
        heap.add(1.0 + number, print, ()).cancel()
        assert len(heap) <= CANCELLED_KEPT + 2
    assert heap.pop() is kept


def test_order_survives_the_clearing_of_cancelled_timers(heap) -> None:
    timers = [heap.add(float(number % 17), print, ()) for number in range(500)]
    for number, timer in enumerate(timers):
        if number % 3:
            timer.cancel()
    order = [heap.pop().when for _ in range(len(timers[::3]))]
    assert order == sorted(order)
    assert len(heap) == 0


def test_clear_cancels_all(heap) -> None:
    timers = [heap.add(1.0, print, ()) for _ in range(3)]
    heap.clear()
    assert not any(timer.active for timer in timers)
    assert (len(heap), heap.earliest) == (0, math.inf)
    heap.add(2.0, print, ())
    assert heap.earliest == 2.0
