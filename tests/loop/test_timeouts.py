"""What a busy program costs a peer: what is ready comes before what is overdue, and stalls do not count."""

from __future__ import annotations

import socket
import threading
from functools import partial

import pytest

from tkws.loop import Loop
from tkws.loop.dwell import SLICE
from tkws.loop.scheduler import OVERDUE
from tkws.loop.timeouts import PARTS

# Seconds of a timeout in these tests, on a clock that stands still until it is set.
TIME = 8.0
PART = TIME / PARTS


@pytest.fixture
def log() -> list[object]:
    return []


@pytest.fixture
def still(make_loop, root, clock) -> Loop:
    """A loop of each kind on `clock`."""
    return make_loop(root, clock=clock)


@pytest.fixture
def enter(still, pump_until):
    """``enter()`` lets the loop run as if something had come."""

    def enter() -> None:
        entered: list[int] = []
        still.call_soon_threadsafe(entered.append, 1)
        pump_until(lambda: entered)
        still.call_soon(entered.append, 2)
        pump_until(lambda: len(entered) == 2)

    return enter


# ---- what is ready comes before what is overdue


def test_what_is_ready_comes_before_an_overdue_timer(still, clock, pair, log, pump_until) -> None:
    near, far = pair
    still.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    still.call_later(1, log.append, "timer")
    far.send(b"x")
    still.call_soon(log.append, "soon")
    still.call_soon_threadsafe(log.append, "thread")
    clock.time += 2
    pump_until(lambda: len(log) == 4)
    assert log[-1] == "timer"


def test_an_answer_takes_back_the_timer_that_it_was_late_for(still, clock, pair, log, pump_until) -> None:
    near, far = pair
    timer = still.call_later(1, log.append, "refused")
    still.watch(near.fileno(), lambda: (near.recv(9), timer.cancel(), log.append("answered")), None)
    far.send(b"x")
    clock.time += 2
    pump_until(lambda: log)
    still.call_soon(log.append, "soon")
    pump_until(lambda: len(log) > 1)
    assert log == ["answered", "soon"]


def test_the_answer_of_a_thread_comes_before_an_overdue_timer(still, clock, log, pump_until) -> None:
    timer = still.call_later(1, log.append, "refused")
    thread = threading.Thread(target=still.call_soon_threadsafe, args=(timer.cancel,))
    thread.start()
    thread.join()
    clock.time += 2
    still.call_later(0, log.append, "next")
    pump_until(lambda: log)
    assert log == ["next"]


def test_a_timer_that_is_hardly_late_has_its_turn(still, clock, make_pair, log, pump_until) -> None:
    for _ in range(3):
        near, far = make_pair()
        far.send(b"x")
        still.watch(near.fileno(), lambda near=near: (near.recv(9), log.append("fd")), None)
    still.call_later(0, log.append, "timer")
    clock.time += OVERDUE / 2
    pump_until(lambda: len(log) == 4)
    assert log.index("timer") == 0


@pytest.mark.slow
def test_more_than_fit_in_one_answer_come_before(still, clock, log, pump_until) -> None:
    """The system tells of 256 descriptors at a time."""
    pairs = [socket.socketpair() for _ in range(300)]
    for near, far in pairs:
        far.send(b"x")
        still.watch(near.fileno(), lambda near=near: (near.recv(9), log.append("fd")), None)
    still.call_later(1, log.append, "timer")
    clock.time += 2
    pump_until(lambda: "timer" in log)
    assert log.index("timer") == 300
    for near, far in pairs:
        still.unwatch(near.fileno())
        near.close()
        far.close()


def test_a_flood_does_not_keep_an_overdue_timer_from_its_turn(still, clock, flooded, log, pump_until) -> None:
    def read() -> None:
        clock.time += SLICE / 2
        log.append("fd")

    still.watch(flooded.fileno(), read, None)
    for number in range(3):
        still.call_later(1, log.append, number)
    clock.time += 2
    pump_until(lambda: 2 in log)
    assert log.index(0) <= 2
    assert [each for each in log if each != "fd"] == [0, 1, 2]
    assert log.index(2) - log.index(0) <= 4


@pytest.mark.parametrize("end", ["dialog", "raise", "close"])
def test_what_a_callback_does_before_an_overdue_timer(
    still, clock, root, pair, log, pump_until, callback_errors, end
) -> None:
    near, far = pair

    def read() -> None:
        near.recv(9)
        if end == "close":
            still.close()
        elif end == "raise":
            raise ValueError("as asked")
        else:
            still.call_later(0, root.setvar, "tkws_done", "1")
            root.tk.call("vwait", "tkws_done")
        log.append("read")

    still.watch(near.fileno(), read, None)
    still.call_later(1, log.append, "timer")
    far.send(b"x")
    clock.time += 2
    if end == "close":
        pump_until(lambda: still.closed)
        assert log == ["read"]
    else:
        pump_until(lambda: "timer" in log)
    assert [str(error) for error in callback_errors] == ["as asked"] * (end == "raise")
    callback_errors.clear()


# ---- a stall is not a silence


def test_a_timeout_comes_when_its_time_has_passed(still, clock, log, enter) -> None:
    timeout = still.call_on_timeout(TIME, log.append, "over")
    for _ in range(PARTS - 1):
        clock.time += PART
        enter()
    clock.time += PART * 0.9
    enter()
    assert timeout.active
    assert log == []
    clock.time += PART * 0.1
    enter()
    assert log == ["over"]
    assert not timeout.active
    timeout.cancel()


@pytest.mark.parametrize("stalls", [1, 3, PARTS - 1])
def test_a_stall_costs_a_part_of_the_time(still, clock, log, enter, stalls) -> None:
    still.call_on_timeout(TIME, log.append, "over")
    for _ in range(stalls):
        clock.time += TIME * 5
        enter()
        assert log == []
    for _ in range(PARTS - stalls):
        assert log == []
        clock.time += PART
        enter()
    assert log == ["over"]


def test_a_stall_at_the_end_is_excused_once(still, clock, log, enter) -> None:
    still.call_on_timeout(TIME, log.append, "over")
    for _ in range(PARTS - 1):
        clock.time += PART
        enter()
    clock.time += TIME
    enter()
    assert log == []
    clock.time += TIME
    enter()
    assert log == ["over"]


def test_a_program_that_is_always_busy_gives_up_all_the_same(still, clock, log, enter) -> None:
    still.call_on_timeout(TIME, log.append, "over")
    entries = 0
    while not log:
        clock.time += TIME
        enter()
        entries += 1
    assert entries == PARTS + 1


@pytest.mark.parametrize("parts", [0, 1, 5])
def test_a_timeout_is_cancelled_at_any_time(still, clock, log, enter, parts) -> None:
    timeout = still.call_on_timeout(TIME, log.append, "over")
    for _ in range(parts):
        clock.time += PART
        enter()
    timeout.cancel()
    timeout.cancel()
    assert not timeout.active
    clock.time += TIME * 2
    enter()
    assert log == []
    assert still.next_deadline == float("inf")


@pytest.mark.parametrize("seconds", [0, -1, 0.001])
def test_a_timeout_of_next_to_no_time(loop, log, pump_until, seconds) -> None:
    loop.call_on_timeout(seconds, log.append, "over")
    assert log == []
    pump_until(lambda: log)


def test_bad_arguments_of_a_timeout_are_refused_by_name(loop) -> None:
    with pytest.raises(TypeError, match="callback: a callable"):
        loop.call_on_timeout(1, "no")
    with pytest.raises(TypeError, match="seconds: a number"):
        loop.call_on_timeout("1", print)
    for wrong in (float("nan"), float("inf"), 10**400):
        for ask in (loop.call_on_timeout, loop.call_later):
            with pytest.raises(ValueError, match="seconds: a finite number"):
                ask(wrong, print)
    loop.close()


# ---- a machine whose monotonic clock goes on while it sleeps


@pytest.mark.parametrize(("late", "woken"), [(4, 0), (6, 1), (3600, 1)])
def test_a_timer_that_is_seconds_late_tells_of_a_sleep(still, clock, log, enter, late, woken) -> None:
    still.on_wake(partial(log.append, "woke"))
    for number in range(3):
        still.call_later(10, log.append, number)
    clock.time += 10 + late
    enter()
    assert log == ["woke"] * woken + [0, 1, 2]
    clock.time += 3600  # nothing was due
    enter()
    assert log.count("woke") == woken
