"""What the polled loop does by itself: how often it looks."""

from __future__ import annotations

import pytest

from tkws.loop import PolledLoop
from tkws.loop.polled import BUSY_INTERVAL, IDLE_INTERVAL


@pytest.fixture
def loop(root):
    loop = PolledLoop(root)
    yield loop
    loop.close()


def test_it_looks_less_and_less_often_while_nothing_goes_on(loop, pump_until) -> None:
    assert loop._interval == BUSY_INTERVAL
    pump_until(lambda: loop._interval == IDLE_INTERVAL)


def test_it_looks_quickly_when_something_goes_on(loop, pair, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: near.recv(9), None)
    pump_until(lambda: loop._interval == IDLE_INTERVAL)
    far.send(b"x")
    pump_until(lambda: loop._interval < IDLE_INTERVAL / 5)
    pump_until(lambda: loop._interval == IDLE_INTERVAL)
    loop.watch(near.fileno(), None, None)
    assert loop._interval == BUSY_INTERVAL


def test_each_look_goes_on_until_nothing_is_ready(root, clock, pair, pump_until, monkeypatch) -> None:
    """The next is a millisecond away, and within a slice as much as at its beginning."""
    near, far = pair
    read: list[bytes] = []
    seen: set[int] = set()

    class Noting(PolledLoop):
        def _dispatch(self, *event: object) -> None:
            seen.add(len(read))
            super()._dispatch(*event)

    loop = Noting(root, clock=clock)
    pump_until(lambda: seen)
    loop.watch(near.fileno(), lambda: read.append(near.recv(1)), None)
    far.send(b"abc")
    pump_until(lambda: 3 in seen)
    assert seen == {0, 3}
    loop.close()


def test_no_file_handler_is_made(loop, root, pair, monkeypatch) -> None:
    class NoHandlers:
        def __getattr__(self, name: str):
            assert "filehandler" not in name
            return getattr(root.tk, name)

    other = PolledLoop(root)
    other._tkapp = NoHandlers()  # type: ignore[assignment] # all that it asks for
    other.watch(pair[0].fileno(), print, None)
    other._resume()
    other.close()
