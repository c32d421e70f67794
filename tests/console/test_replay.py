"""A replay keeps the pace of the original, and waits no longer than a timer can."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tkws.console.client.session import Session
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.log import Direction, Log
from tkws.console.send.replay import Replay
from tkws.testing import FakeClock


@pytest.mark.parametrize(
    ("speed", "gap", "seconds"),
    [(1.0, 4.0, 4.0), (2.0, 4.0, 2.0), (1.0, 3600.0, 10.0), (1.0, -5.0, 0.0), (1e-300, 4.0, 1e9 - 1)],
)
def test_the_time_between_two_messages(
    root: tkinter.Tk, pump_until: Callable[..., None], speed: float, gap: float, seconds: float
) -> None:
    clock = FakeClock(root)
    received: list[Any] = []
    server = tkws.serve(master=root, handler=lambda ws, type, message: received.append(message), keepalive=0)
    session = Session(Log(), root)
    session.connect(Target(url=server.url, proxy=NO_PROXY, ping_interval=0))
    pump_until(lambda: session.is_open)
    log = Log()
    log.add(Direction.OUT, "text", "one", when=100.0)
    log.add(Direction.OUT, "text", "two", when=100.0 + gap)
    ended: list[str] = []
    replay = Replay(session, log.rows, speed, ended.append)
    pump_until(lambda: "one" in received)
    if seconds > 1:
        clock.advance(seconds - 0.9)
        assert replay.sent == 1
        if speed < 1e-9:
            replay.stop()
            assert ended == ["The replay was stopped"]
        else:
            clock.advance(0.9)
    if not replay.done:
        pump_until(lambda: "two" in received and replay.done)
        assert ended == [""]
    session.disconnect()
    server.close()
    pump_until(lambda: session.state is tkws.State.CLOSED and not server.connections)
