"""The loops of a thread pause together, so that ``update()`` returns however many of them are busy."""

from __future__ import annotations

import time
import tkinter
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from tkws.loop.pause import PAUSE, ThreadPause, pause_of_thread


@pytest.fixture
def turns() -> Counter[int]:
    """How often each of the `busy` loops has worked."""
    return Counter()


@pytest.fixture
def busy(make_loop, make_pair, root, turns) -> Callable[[int], list[tkinter.Tk]]:
    """``busy(count)``: interpreters whose loops have more to do than there is time."""

    def work(number: int) -> None:
        turns[number] += 1
        until = time.perf_counter() + 0.0005
        while time.perf_counter() < until:
            pass

    def make(count: int) -> list[tkinter.Tk]:
        roots = [root, *(tkinter.Tcl() for _ in range(count - 1))]
        for number, each in enumerate(roots):
            near, far = make_pair()
            far.send(b"x")  # nobody reads it
            make_loop(each).watch(near.fileno(), partial(work, number), None)
        return roots

    return make


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_update_returns_while_loops_are_busy(busy, count) -> None:
    [root, *_] = roots = busy(count)
    given_up: list[bool] = []
    watchdog = root.after(20_000, lambda: (given_up.append(True), [_stop(each) for each in roots]))
    for _ in range(3):
        root.tk.call("update")
    root.after_cancel(watchdog)
    assert not given_up


def _stop(root: tkinter.Tk) -> None:
    from tkws.loop.process import open_loops

    for loop in list(open_loops):
        if loop.master is root:
            loop.close()


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 6])
def test_tk_draws_while_loops_are_busy(busy, count, pump_until) -> None:
    [root, *_] = busy(count)
    drawn: list[float] = []

    def draw() -> None:
        drawn.append(time.monotonic())
        if len(drawn) < 10:
            root.after_idle(root.after, 1, draw)

    root.after_idle(draw)
    pump_until(lambda: len(drawn) == 10)


def test_no_busy_loop_waits_for_ever_for_the_others(busy, turns, pump_until) -> None:
    """Where the program never lets Tk be idle."""
    [root, *_] = busy(3)
    busily = [True]

    def again() -> None:
        if busily:
            root.after(0, again)

    again()
    pump_until(lambda: len(turns) == 3 and min(turns.values()) > 20)
    busily.clear()
    root.tk.call("update")


def test_a_pause_is_due_after_three_yields_and_ends_after_the_last_to_join(monkeypatch) -> None:
    now = 100.0
    monkeypatch.setattr("tkws.loop.pause.monotonic", lambda: now)
    pause = ThreadPause()
    waits: list[str] = []
    first, second = partial(waits.append, "first"), partial(waits.append, "second")
    for _ in range(2):
        pause.yields += 1
        assert not pause.is_due()
    pause.yields += 1
    assert pause.is_due()
    pause.join(first)
    assert pause.goes_on()
    now += 0.9 * PAUSE
    pause.join(second)
    assert waits == ["first", "first", "second"]
    now += 0.9 * PAUSE
    pause.join(first)  # again: it came back too early
    assert waits[3:] == ["first"]
    now += 0.2 * PAUSE
    assert not pause.goes_on()
    assert not pause.is_due()
    assert pause.until == 0


def test_each_thread_has_a_pause_of_its_own() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(pause_of_thread).result() is not pause_of_thread()
    assert pause_of_thread() is pause_of_thread()
