"""The loop on Tk's file handlers: how it waits a moment by itself, and how little it costs to be idle."""

from __future__ import annotations

import errno
import os
from functools import partial

import pytest

from tkws.loop import ChannelLoop, PolledLoop, TkLoop
from tkws.loop.dwell import _UNKNOWN, MAX_WAIT, SLICE, WAIT_FRACTION


@pytest.fixture
def loop(root, clock):
    """A loop whose clock stands still, so that a slice lasts as long as the test wants."""
    loop = TkLoop(root, clock=clock)
    yield loop
    loop.close()


def count_looks(loop) -> list[float]:
    """Grows whenever ``loop`` asks which descriptors are ready, by the seconds that it would wait."""
    looks: list[float] = []
    poll = loop._readiness._poll

    def look(seconds: float = 0.0) -> list[tuple[int, int]]:
        looks.append(seconds)
        return poll(seconds)

    loop._readiness._poll = look
    return looks


class Stream:
    """Bytes that come one at a time: a line of them, or the next in the place of the one just read."""

    def __init__(self, loop, pair) -> None:
        self._near, self._far = pair
        self.looks = count_looks(loop)
        self.read = 0
        self.follow = 0  # how many come at the heels of the one before
        self.on_read = list
        loop.watch(self._near.fileno(), self._readable, None)

    def feed(self) -> None:
        """One byte comes."""
        self._far.send(b"x")

    def _readable(self) -> None:
        self.read += len(self._near.recv(1))
        if self.follow:
            self.follow -= 1
            self.feed()
        self.on_read()


@pytest.fixture
def stream(loop, pair) -> Stream:
    """A stream into `loop`."""
    return Stream(loop, pair)


@pytest.fixture
def enter(root, stream, pump_until):
    """``enter()``: a byte comes, and Tk calls the loop for it."""

    def enter() -> list[float]:
        """The looks that were taken for it."""
        before = stream.read
        stream.looks.clear()
        stream.feed()
        pump_until(lambda: stream.read > before)
        return stream.looks

    return enter


def test_what_comes_now_and_then_is_not_waited_for(clock, enter) -> None:
    for _ in range(3):
        clock.time += 2 * MAX_WAIT
        assert set(enter()) == {0}


def test_what_comes_closely_behind_something_has_the_next_waited_for(clock, enter) -> None:
    enter()
    clock.time += MAX_WAIT / 2
    assert enter() == [0, MAX_WAIT]


def test_a_wait_in_vain_is_the_last(clock, enter) -> None:
    enter()
    assert MAX_WAIT in enter()
    clock.time += 2 * MAX_WAIT
    assert MAX_WAIT not in enter()


def test_a_conversation_is_served_in_one_entry(stream, clock, enter) -> None:
    enter()
    stream.follow = 20
    assert enter() == [0] + 21 * [MAX_WAIT]
    assert stream.read == 22


def test_a_conversation_leaves_tk_its_turn_after_a_slice(stream, clock, enter) -> None:
    enter()
    stream.follow = 100
    stream.on_read = lambda: setattr(clock, "time", clock.time + MAX_WAIT / 5)
    assert enter().count(MAX_WAIT) <= SLICE / (MAX_WAIT / 5) + 1


def test_a_conversation_is_soon_over_if_tk_has_much_to_do(loop, stream, clock, enter) -> None:
    """Tk does something every 10 ms, so it has its turn every 2 ms."""
    enter()
    loop._dwell._interval = 0.01
    loop._dwell._count = _UNKNOWN
    stream.follow = 100
    stream.on_read = lambda: setattr(clock, "time", clock.time + MAX_WAIT / 5)
    assert enter().count(MAX_WAIT) <= 11


def test_nothing_is_waited_for_if_tk_is_busy(root, stream, clock, enter) -> None:
    """A chain of timers without delay: each wait would hold it up."""
    ran: list[str] = []

    def again() -> None:
        clock.time += MAX_WAIT / 10
        ran.append(root.after(0, again))

    again()
    for _ in range(20):
        enter()
    assert MAX_WAIT not in enter()
    root.after_cancel(ran[-1])


def test_a_flood_has_a_whole_slice(stream, clock, enter) -> None:
    enter()
    stream.follow = 100
    stream.on_read = lambda: setattr(clock, "time", clock.time + MAX_WAIT / 4)
    enter()
    assert SLICE / (MAX_WAIT / 4) <= stream.read <= SLICE / (MAX_WAIT / 4) + 3


def test_a_conversation_is_over_for_tk_when_nothing_is_ready(loop, stream, clock, enter) -> None:
    enter()
    stream.follow = 1
    stream.on_read = lambda: setattr(clock, "time", clock.time + MAX_WAIT)
    loop._dwell._interval = MAX_WAIT / WAIT_FRACTION
    loop._dwell._count = _UNKNOWN
    assert enter() == [0, MAX_WAIT, 0]
    assert loop._slice_end <= clock.time, "the next entry would go on with this slice"


def test_a_timer_of_the_loop_is_not_late_for_a_wait(loop, enter) -> None:
    enter()
    timer = loop.call_later(MAX_WAIT / 2, list)
    assert MAX_WAIT not in enter()
    timer.cancel()


def test_what_a_timer_of_tk_brings_is_no_conversation(loop, root, clock, pump_until) -> None:
    looks = count_looks(loop)
    called: list[int] = []

    def again() -> None:
        loop.call_soon(called.append, 1)
        if len(called) < 20:
            root.after(0, again)

    root.after(0, again)
    pump_until(lambda: len(called) >= 20)
    assert MAX_WAIT not in looks


def test_a_signal_may_close_the_loop_while_it_waits(loop, stream, enter, monkeypatch) -> None:
    """Its handler runs within the wait, which goes on with what is closed by then."""
    enter()
    poll = loop._readiness._poll

    def interrupted(seconds: float = 0.0) -> list[tuple[int, int]]:
        if not seconds:
            return poll()
        loop.close()
        raise OSError(errno.EBADF, "closed meanwhile")

    monkeypatch.setattr(loop._readiness, "_poll", interrupted)
    enter()
    assert loop.closed


def test_a_loop_that_a_callback_runs_does_not_wait(root, stream, enter, clock) -> None:
    enter()
    inside: list[float] = []

    def update() -> None:
        stream.on_read = list
        stream.feed()
        stream.looks.clear()
        root.tk.eval("update")
        inside.extend(stream.looks)

    stream.on_read = update
    enter()
    assert inside
    assert MAX_WAIT not in inside


def test_a_conversation_reports_exceptions_and_lets_wishes_to_end_pass(
    loop, root, stream, enter, callback_errors
) -> None:
    def fail(kind: type[BaseException]) -> None:
        raise kind

    enter()
    stream.on_read = partial(fail, ValueError)
    enter()
    assert isinstance(callback_errors.pop(), ValueError)
    stream.on_read = partial(fail, SystemExit)
    stream.feed()
    with pytest.raises(SystemExit):
        root.mainloop(-1)
    assert not loop.dispatching


def test_several_descriptors_take_one_look(loop, make_pair, pump_until) -> None:
    looks = count_looks(loop)
    read: list[bytes] = []
    for _ in range(2):
        near, far = make_pair()
        loop.watch(near.fileno(), lambda near=near: read.append(near.recv(9)), None)
        far.send(b"x")
    pump_until(lambda: len(read) == 2)
    assert looks[0] == 0
    assert len(looks) == 2, "the second finds nothing, which ends the entry"


def test_events_of_a_descriptor_that_nobody_watches_any_more_are_dropped(loop, pair, pump_until) -> None:
    """A copy keeps the kernel's side open, and there is no number left to take it off by."""
    near, far = pair
    fd = near.fileno()
    copy = os.dup(fd)
    loop.watch(fd, lambda: pytest.fail("called"), None)
    near.close()
    loop.unwatch(fd)
    looks = count_looks(loop)
    far.send(b"x")
    pump_until(lambda: len(looks) > 3)
    os.close(copy)


def test_a_deadline_alone_costs_one_look(loop, clock, pump_until) -> None:
    looks = count_looks(loop)
    timer = loop.call_later(0, list)
    pump_until(lambda: not timer.active)
    assert len(looks) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "costs"), [(TkLoop, False), (ChannelLoop, False), (PolledLoop, True)])
def test_an_idle_loop_is_not_entered(root, make_pair, monkeypatch, pump_until, kind, costs) -> None:
    """The polled one shows that entries would be seen."""
    loop = kind(root)
    read: list[bytes] = []
    for _ in range(10):
        near, far = make_pair()
        loop.watch(near.fileno(), lambda near=near: read.append(near.recv(9)), None)
        far.send(b"x")
    loop.call_later(60, print)
    served = loop.call_later(0.001, list)
    pump_until(lambda: len(read) == 10 and not served.active)
    over: list[int] = []
    root.after(50, over.append, 1)
    pump_until(lambda: over)
    looks = count_looks(loop)
    over.clear()
    root.after(300, over.append, 1)
    pump_until(lambda: over)
    assert bool(looks) == costs
    loop.close()
