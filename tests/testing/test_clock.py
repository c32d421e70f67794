"""A clock that jumps: what is due on the way happens at its time."""

from __future__ import annotations

import pytest

import tkws
from tkws.loop import loop_for
from tkws.testing import FakeClock, Recorder, connected_pair, run_until


def test_what_is_due_on_the_way_happens_in_order_and_at_its_time(root) -> None:
    clock = FakeClock(root)
    loop = loop_for(root)
    begin = clock.now()
    happened: list[tuple[str, int]] = []

    def note(name: str) -> None:
        happened.append((name, int(clock.now() - begin)))

    def again() -> None:
        note("again")
        loop.call_later(100, note, "chained")

    loop.call_later(300, note, "late")
    loop.call_later(50, again)
    clock.advance(200)
    assert happened == [("again", 50), ("chained", 150)]
    clock.advance(100)
    assert happened[-1][0] == "late"
    assert int(clock.now() - begin) == 300


def test_a_keepalive_passes_without_waiting_for_it(root) -> None:
    clock = FakeClock(root)
    ours, theirs = Recorder(), Recorder()
    client, server = connected_pair(ours, theirs, master=root, keepalive=30, pong_timeout=10)
    run_until(lambda: "connect" in ours and "connect" in theirs, master=root)
    server.pause()  # and so answers no ping
    clock.advance(30)
    assert client.statistics.pings_sent == 1
    clock.advance(10)
    run_until(lambda: "disconnect" in ours, master=root)
    assert ours.all("close") == [(1006, "No pong within 10 seconds")]
    server.resume()
    run_until(lambda: "disconnect" in theirs, master=root)


def test_a_sleep_of_the_machine_is_noticed(root) -> None:
    clock = FakeClock(root)
    woken: list[bool] = []
    loop_for(root).on_wake(lambda: woken.append(True))
    clock.advance(3600)
    assert not woken
    begin = clock.now()
    clock.sleep(3600)
    run_until(lambda: woken, master=root)
    assert clock.now() - begin < 3600


def test_a_loop_that_runs_already_keeps_its_clock(root) -> None:
    loop_for(root)
    with pytest.raises(tkws.StateError, match="has a loop already"):
        FakeClock(root)


def test_time_goes_forward_only(root) -> None:
    with pytest.raises(ValueError, match="seconds: 0 or more, not -1"):
        FakeClock(root).advance(-1)


def test_what_a_callback_raises_is_raised_by_the_jump(root) -> None:
    clock = FakeClock(root)

    def fail() -> None:
        raise ValueError("as asked")

    loop_for(root).call_later(5, fail)
    with pytest.raises(ValueError, match="as asked"):
        clock.advance(10)
