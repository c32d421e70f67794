"""The thread that waits for descriptors, and its turns with the loop that it rings for."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tkws.loop import waiter as waiters
from tkws.loop.poller import READABLE, WRITABLE
from tkws.loop.selectpoller import SelectPoller
from tkws.loop.waiter import Waiter

# Seconds that a thread has for what must come.
TIMEOUT = 10.0


class CountedBell:
    """Counts how often it is rung."""

    def __init__(self) -> None:
        self.rings = 0
        self.silenced = 0
        self.broken = False
        self.closed = False
        self._changed = threading.Condition()

    def ring(self) -> None:
        with self._changed:
            self.rings += 1
            self._changed.notify()

    def silence(self) -> bool:
        news, self.silenced = self.rings > self.silenced, self.rings
        return news

    def mend(self) -> None:
        if self.broken:
            raise OSError("broken")

    def close(self) -> None:
        self.closed = True

    def wait_for(self, rings: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.rings >= rings, TIMEOUT), f"{self.rings} rings"


@pytest.fixture
def bell() -> CountedBell:
    return CountedBell()


@pytest.fixture
def waiter(bell) -> Iterator[Waiter]:
    made = Waiter(SelectPoller(), bell)
    yield made
    made.close()
    assert bell.closed
    assert not made._thread.is_alive()


@pytest.fixture
def ready(make_pair) -> socket.socket:
    """A socket with a byte to read."""
    near, far = make_pair()
    far.send(b"x")
    return near


def asleep(waiter: Waiter) -> None:
    """Waits until the thread has taken its turn, and all changes; another turn follows a false alarm."""
    deadline = time.monotonic() + TIMEOUT
    while waiter._changes or waiter._nudged:
        assert time.monotonic() < deadline
        if waiter.take_turn():
            waiter.resume()
        time.sleep(0.001)


def test_it_rings_once_for_each_turn(waiter, bell, ready) -> None:
    waiter.register(ready.fileno(), READABLE)
    for turn in (1, 2, 3):
        waiter.resume()
        waiter.resume()
        bell.wait_for(turn)
        assert bell.rings == turn
        assert waiter.take_turn()
    assert waiter.poll() == [(ready.fileno(), READABLE)]


def test_it_waits_for_what_is_registered_while_it_waits(waiter, bell, make_pair, ready) -> None:
    waiter.register(make_pair()[0].fileno(), READABLE)
    waiter.resume()
    asleep(waiter)
    assert bell.rings == 0
    waiter.register(ready.fileno(), READABLE)
    bell.wait_for(1)


def test_it_waits_for_what_is_modified_while_it_waits(waiter, bell, make_pair) -> None:
    near, _ = make_pair()
    waiter.register(near.fileno(), READABLE)
    waiter.resume()
    asleep(waiter)
    waiter.modify(near.fileno(), READABLE | WRITABLE)
    bell.wait_for(1)


def test_it_does_not_ring_for_what_was_unregistered(waiter, bell, make_pair, ready) -> None:
    waiter.register(ready.fileno(), READABLE)
    waiter.unregister(ready.fileno())
    waiter.resume()
    asleep(waiter)
    near, far = make_pair()
    waiter.register(near.fileno(), READABLE)
    asleep(waiter)
    assert bell.rings == 0
    far.send(b"x")
    bell.wait_for(1)


def test_what_was_unregistered_is_closed_at_once(waiter) -> None:
    for _ in range(100):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
            waiter.register(listener.fileno(), READABLE)
            waiter.resume()
            asleep(waiter)
            waiter.unregister(listener.fileno())
        with socket.create_server(address):
            pass


def test_a_number_that_has_a_new_owner_is_waited_for(waiter, bell, make_pair) -> None:
    """Select goes on with the file that the number had before."""
    near, _ = make_pair()
    fd = near.fileno()
    waiter.register(fd, READABLE)
    waiter.resume()
    asleep(waiter)
    waiter.unregister(fd)
    near.close()
    fresh, far = make_pair()
    assert fresh.fileno() == fd
    waiter.register(fd, READABLE)
    asleep(waiter)
    rings = bell.rings  # one, if the number was closed just before the thread slept
    far.send(b"x")
    bell.wait_for(rings + 1)


def test_a_closed_descriptor_holds_up_no_other(waiter, bell, make_pair, ready) -> None:
    near, _ = make_pair()
    waiter.register(near.fileno(), READABLE)
    near.close()
    waiter.register(ready.fileno(), READABLE)
    waiter.resume()
    bell.wait_for(1)


def test_false_alarms_are_followed_by_pauses(waiter, bell, ready, monkeypatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    waiter.register(ready.fileno(), READABLE)
    for turn in range(1, waiters.MAX_FALSE_ALARMS + 4):
        waiter.resume()
        bell.wait_for(turn)
        assert waiter.take_turn()
        waiter.note_alarm(is_false=True)
    assert pauses == 2 * [waiters.PAUSE]
    waiter.note_alarm(is_false=False)
    waiter.resume()
    bell.wait_for(turn + 1)
    assert len(pauses) == 2


def test_an_error_of_the_system_is_followed_by_a_pause(waiter, bell, ready, monkeypatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    failures = [OSError(errno.ENOMEM, "out of memory")]
    poll = SelectPoller.poll

    def fail(self: SelectPoller, seconds: float | None = 0.0) -> list[tuple[int, int]]:
        if failures:
            raise failures.pop()
        return poll(self, seconds)

    monkeypatch.setattr(SelectPoller, "poll", fail)
    waiter.register(ready.fileno(), READABLE)
    waiter.resume()
    bell.wait_for(1)
    assert pauses == [waiters.PAUSE]


def test_a_bell_that_broke_before_it_rang_costs_no_turn(waiter, bell, make_pair) -> None:
    near, far = make_pair()
    waiter.register(near.fileno(), READABLE)
    for _ in range(3):
        waiter.resume()
        bell.rings += 1  # as if
        assert waiter.take_turn()
    waiter.resume()
    far.send(b"x")
    bell.wait_for(4)


def test_a_bell_that_cannot_be_mended_is_told(waiter, bell) -> None:
    bell.broken = True
    with pytest.raises(OSError, match="broken"):
        waiter.resume()


@pytest.mark.parametrize("state", ["at rest", "waiting", "has rung"])
def test_it_ends_in_any_state(bell, ready, make_pair, state) -> None:
    waiter = Waiter(SelectPoller(), bell)
    waiter.register((ready if state == "has rung" else make_pair()[0]).fileno(), READABLE)
    if state != "at rest":
        waiter.resume()
        asleep(waiter)
    if state == "has rung":
        bell.wait_for(1)
    waiter.close()
    waiter.close()
    assert not waiter._thread.is_alive()


def test_without_threads_it_says_so_and_leaves_nothing(bell, monkeypatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(OSError, match="can't start new thread"):
        Waiter(SelectPoller(), bell)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "dup2") or os.name == "nt", reason="sockets have other numbers there")
def test_it_waits_for_numbers_beyond_what_select_takes(waiter, bell, make_pair) -> None:
    near, far = make_pair()
    os.dup2(near.fileno(), 1500)
    waiter.register(1500, READABLE)
    waiter.resume()
    asleep(waiter)
    far.send(b"x")
    bell.wait_for(1)
    waiter.unregister(1500)
    os.close(1500)
