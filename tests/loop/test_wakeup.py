"""The queue that any thread fills, by itself."""

from __future__ import annotations

import select
from contextlib import suppress

import pytest

from tkws.errors import StateError
from tkws.loop.wakeup import Wakeup


@pytest.fixture
def wakeup():
    wakeup = Wakeup()
    yield wakeup
    wakeup.close()


def signalled(wakeup: Wakeup) -> bool:
    return bool(select.select([wakeup], [], [], 0)[0])


def test_calls_come_out_in_order_and_only_once(wakeup) -> None:
    for number in range(3):
        wakeup.post((print, (number,)))
    assert list(wakeup.take()) == [(print, (0,)), (print, (1,)), (print, (2,))]
    assert not wakeup.take()


def test_one_byte_stands_for_any_number_of_calls(wakeup) -> None:
    assert not signalled(wakeup)
    for _ in range(100_000):
        wakeup.post((print, ()))
    assert signalled(wakeup)
    assert len(wakeup.take()) == 100_000
    assert not signalled(wakeup)
    wakeup.post((print, ()))
    assert signalled(wakeup)


@pytest.mark.parametrize("count", [1, 4096, 4097, 100_000])
def test_it_is_emptied_whatever_is_in_it(wakeup, count) -> None:
    """Signals, and what was forked off, write there too."""
    wakeup._writer.setblocking(True)
    wakeup._writer.send(b"\2" * count)
    assert not wakeup.take()
    assert not signalled(wakeup)
    wakeup.post((print, ()))
    assert signalled(wakeup)
    assert len(wakeup.take()) == 1


def test_a_full_one_takes_a_call(wakeup) -> None:
    with suppress(BlockingIOError):
        while True:
            wakeup._writer.send(b"\2" * 4096)
    wakeup.post((print, ()))
    assert len(wakeup.take()) == 1
    assert not signalled(wakeup)


def test_a_call_posted_by_a_finalizer_inside_post_is_not_lost(wakeup) -> None:
    """The collector may run in the midst of it, and a finalizer may post."""
    send = wakeup._writer.send

    class Writer:
        def send(self, data: bytes) -> None:
            wakeup._writer = real
            wakeup.post((print, ("finalizer",)))
            send(data)

    real, wakeup._writer = wakeup._writer, Writer()
    wakeup.post((print, ("post",)))
    assert [arguments for _, arguments in wakeup.take()] == [("post",), ("finalizer",)]
    assert not signalled(wakeup)


def test_closed_it_refuses_and_gives_out_what_waits(wakeup) -> None:
    wakeup.post((print, ()))
    wakeup.close()
    wakeup.close()
    with pytest.raises(StateError, match="closed"):
        wakeup.post((print, ()))
    assert list(wakeup.take()) == [(print, ())]
