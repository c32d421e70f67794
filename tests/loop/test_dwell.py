"""How long the loop keeps Tk waiting, from the commands that Tcl has run: here a counter in its place."""

from __future__ import annotations

import tkinter
from typing import Any

import pytest

from tkws.loop.dwell import _UNKNOWN, FLOOD, MAX_WAIT, MIN_WAIT, SLICE, WAIT_FRACTION, Dwell

TRIP = 0.0001


class Counter:
    """Stands for the interpreter: counts commands, of which two are its answer."""

    def __init__(self) -> None:
        self.commands = 100
        self.asked = 0
        self.cancelled = False

    def call(self, *words: str) -> Any:
        assert words == ("info", "cmdcount")
        self.commands += 2
        self.asked += 1
        if self.cancelled:
            raise tkinter.TclError("ended")
        return str(self.commands)  # as an interpreter answers that has no objects


class Tk:
    """An entry for each trip of a conversation, and Tk between them.

    Args:
        period: Seconds between two things that Tk does.
    """

    def __init__(self, period: float) -> None:
        self.counter = Counter()
        self.dwell = Dwell(self.counter)
        self.now = 1000.0
        self.period = period
        self.due = self.now + period
        self.late: list[float] = []

    def run(self, seconds: float) -> Tk:
        """Serve a conversation whose trips take `TRIP`, as the loop does."""
        dwell, end = self.dwell, self.now + seconds
        while self.now < end:
            dwell.enter(self.now)
            self.serve()
            while dwell.waits and self.now < dwell.until:
                self.serve()
            dwell.leave(self.now)
            if self.now >= self.due:
                self.late.append(self.now - self.due)
                self.counter.commands += 3
                self.due = self.now + self.period
            self.now += TRIP / 2
        return self

    def serve(self) -> None:
        self.now += TRIP
        self.dwell.note_served(self.now)


@pytest.mark.parametrize("period", [0.0, 0.0002, 0.001, 0.003, 0.01, 0.016, 0.1])
def test_tk_loses_little_by_the_waits(period) -> None:
    late = Tk(period).run(0.3).run(30 * max(period, 0.001)).late[-20:]
    assert max(late) <= min(WAIT_FRACTION * (1 + WAIT_FRACTION) * period, SLICE) + 2 * TRIP


@pytest.mark.parametrize("period", [0.0, 0.0002, 0.001])
def test_the_loop_does_not_wait_while_tk_is_busy_and_seldom_asks(period) -> None:
    tk = Tk(period).run(0.3)
    asked = tk.counter.asked
    tk.run(0.1)
    assert not tk.dwell.waits
    assert tk.dwell.seconds < MIN_WAIT
    if period < TRIP:
        assert tk.counter.asked - asked <= 2 * 0.1 / MAX_WAIT


def test_the_loop_waits_while_tk_is_at_rest() -> None:
    tk = Tk(1.0).run(0.1)
    assert tk.dwell.waits
    assert tk.dwell.seconds == MAX_WAIT
    assert tk.counter.asked <= 2 * (0.1 / SLICE + 2)


def test_the_loop_waits_again_when_tk_is_busy_no_more() -> None:
    tk = Tk(0.0).run(0.1)
    tk.period, tk.due = 1.0, tk.now + 1.0
    assert tk.run(0.03).dwell.waits


def test_a_chain_that_begins_is_soon_noticed() -> None:
    tk = Tk(1.0).run(0.1)
    tk.period = 0.0
    tk.due = tk.now
    tk.run(0.05)
    assert not tk.dwell.waits


def test_events_far_apart_are_no_conversation() -> None:
    dwell = Tk(1.0).dwell
    for number in range(5):
        now = 1000.0 + number * 1.1 * MAX_WAIT
        dwell.enter(now)
        assert not dwell.waits
        dwell.note_served(now)
        dwell.leave(now)


def test_an_entry_that_is_over_looks_once_more_and_a_flood_goes_on() -> None:
    dwell = Tk(1.0).dwell
    dwell.enter(1000.0)
    assert dwell.serves_more(FLOOD / 2)
    assert not dwell.serves_more(FLOOD / 2)
    assert dwell.serves_more(FLOOD)
    busy = Tk(0.0).run(0.3).dwell
    busy.enter(2000.0)
    assert busy.serves_more(FLOOD)
    assert not busy.serves_more(FLOOD)


def test_an_interpreter_that_does_not_answer_is_taken_to_be_at_work() -> None:
    tk = Tk(1.0).run(0.1)
    tk.counter.cancelled = True
    tk.run(0.1)
    assert tk.dwell._count == _UNKNOWN
    tk.counter.cancelled = False
    assert tk.run(0.1).dwell.waits


def test_what_tk_did_unseen_counts_as_work() -> None:
    """After a yield nobody has looked: the time before proves no rest."""
    dwell = Tk(1.0).run(0.1).dwell
    dwell._interval = MAX_WAIT
    dwell._count = _UNKNOWN
    dwell.enter(2000.0)
    assert dwell.until == 2000.0 + MAX_WAIT * WAIT_FRACTION
