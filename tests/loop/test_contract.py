"""What every loop does, whatever wakes it: run on each kind."""

from __future__ import annotations

import math
import socket
import sys
import threading
import tkinter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tkws.errors import StateError
from tkws.loop import Loop
from tkws.loop.dwell import SLICE


def burn(loop: Loop, seconds: float = SLICE) -> None:
    """Uses up time without giving Tk any."""
    end = loop.now() + seconds
    while loop.now() < end:
        pass


class Log(list):
    """What was called, in order; ``log.of(name)`` is a callback that notes its name."""

    def of(self, name):
        return lambda: self.append(name)


@pytest.fixture
def log() -> Log:
    return Log()


def test_python_finds_the_attributes_of_a_loop_fast(loop) -> None:
    """CPython 3.11 keeps up to 30 in its fast layout; one more made a message 3 % more expensive."""
    assert len(getattr(loop, "__dict__", ())) <= 30  # a compiled one has none


# ---- the run queue


def test_call_soon_calls_in_order_and_never_at_once(loop, log, pump_until) -> None:
    for number in range(5):
        loop.call_soon(log.append, number)
    assert log == []
    pump_until(lambda: log == [0, 1, 2, 3, 4])


def test_a_call_from_a_callback_comes_after_it(loop, log, pump_until) -> None:
    def first() -> None:
        loop.call_soon(log.append, "second")
        log.append("first")

    loop.call_soon(first)
    pump_until(lambda: log == ["first", "second"])


def test_a_callback_that_queues_itself_lets_everything_else_run(loop, root, flooded, log, pump_until) -> None:
    def again() -> None:
        loop.call_soon(again)

    loop.call_soon(again)
    loop.watch(flooded.fileno(), log.of("readable"), None)
    loop.call_later(0.02, log.append, "timer")
    root.after(20, log.append, "after")
    root.after_idle(log.append, "idle")
    pump_until(lambda: {"readable", "timer", "after", "idle"} <= set(log))


@pytest.mark.parametrize("place", ["outside", "inside"])
def test_call_soon_does_not_wait_for_a_timer_that_is_far_off(loop, log, pump_until, place) -> None:
    def dialog() -> None:
        loop.call_soon(log.append, "soon")
        pump_until(lambda: log)

    timer = loop.call_later(3600, log.append, "timer")
    if place == "outside":
        dialog()
    else:
        loop.call_soon(dialog)
        pump_until(lambda: log)
    timer.cancel()
    assert log == ["soon"]


# ---- deadlines


def test_timers_come_in_the_order_of_their_deadlines(make_loop, root, clock, log, pump_until) -> None:
    loop = make_loop(root, clock=clock)
    for delay in (0.03, 0.01, 0.02, 0.01, -1, 0):
        loop.call_later(delay, log.append, delay)
    clock.time += 0.03
    pump_until(lambda: len(log) == 6)
    assert log == [-1, 0, 0.01, 0.01, 0.02, 0.03]


def test_no_timer_comes_early(loop, log, pump_until) -> None:
    def check(timer) -> None:
        log.append(loop.now() - timer[0].when)

    for delay in (0.0004, 0.0011, 0.0101):
        timer: list = []
        timer.append(loop.call_later(delay, check, timer))
    pump_until(lambda: len(log) == 3)
    assert min(log) >= 0


def test_a_cancelled_timer_does_not_come(loop, log, pump_until) -> None:
    timer = loop.call_later(0.01, log.append, "cancelled")
    loop.call_later(0.02, log.append, "kept")
    assert timer.active
    timer.cancel()
    timer.cancel()
    assert not timer.active
    pump_until(lambda: log == ["kept"])


def test_a_timer_set_by_a_timer(loop, log, pump_until) -> None:
    def step(number: int) -> None:
        log.append(number)
        if number < 5:
            loop.call_later(0.002, step, number + 1)

    step(0)
    pump_until(lambda: log == [0, 1, 2, 3, 4, 5])


def test_a_timer_of_no_time_that_renews_itself_lets_tk_be_idle(loop, root, log, pump_until) -> None:
    def again() -> None:
        loop.call_later(0, again)

    again()
    root.after_idle(log.append, "idle")
    pump_until(lambda: log == ["idle"])


def test_a_tk_timer_that_comes_early_is_set_again(make_loop, root, clock, log, pump_until) -> None:
    """As when the clock on the wall is set forward: for us it is still before the deadline."""
    loop = make_loop(root, clock=clock)
    loop.call_later(0.01, log.append, "due")
    done: list[int] = []
    root.after(60, done.append, 1)
    pump_until(lambda: done)
    assert log == []
    clock.time += 0.01
    pump_until(lambda: log == ["due"])


def test_any_entry_serves_what_is_due(make_loop, root, clock, pair, log, pump_until) -> None:
    """As when the clock on the wall is set back: the Tk timer would come in an hour."""
    loop = make_loop(root, clock=clock)
    loop.watch(pair[0].fileno(), lambda: pair[0].recv(9), None)
    loop.call_later(3600, log.append, "due")
    loop.call_later(3601, log.append, "next")
    clock.time += 3600
    pair[1].send(b"x")
    pump_until(lambda: log == ["due"])
    clock.time += 1
    pump_until(lambda: log == ["due", "next"])


def test_a_timer_is_on_time_although_another_is_overdue(make_loop, root, clock, log, pump_until) -> None:
    loop = make_loop(root, clock=clock)
    loop.call_later(3600, log.append, "old")
    clock.time += 7200
    loop.call_later(0, log.append, "new")
    pump_until(lambda: log == ["old", "new"])


def test_a_deadline_beyond_what_tk_can_count(loop) -> None:
    timer = loop.call_later(1e300, print)
    assert timer.when == 1e300


# ---- a machine that sleeps


def test_on_wake_calls_back_once_after_each_sleep(make_loop, root, clock, log, pump_until) -> None:
    """The clock on the wall goes on in a suspend."""
    loop = make_loop(root, wall=clock)
    taken_back = log.of("taken back")
    loop.on_wake(log.of("woke"))
    loop.on_wake(taken_back)
    loop.cancel_on_wake(taken_back)
    loop.cancel_on_wake(taken_back)
    for _ in range(2):
        clock.time += 3600
        loop.call_later(0.01, log.append, "timer")
        loop.call_later(0.03, log.append, "timer")
        pump_until(lambda: log.count("timer") == 2)
        assert log.count("woke") == 1
        log.clear()


@pytest.mark.parametrize("place", ["fd", "timer"])
def test_on_wake_is_not_lost_when_another_callback_exits(
    make_loop, root, clock, pair, log, pump_until, place
) -> None:
    loop = make_loop(root, wall=clock)
    near, far = pair

    def leave() -> None:
        if place == "fd":
            near.recv(9)
        raise SystemExit

    loop.on_wake(log.of("woke"))
    clock.time += 3600
    if place == "fd":
        loop.watch(near.fileno(), leave, None)
        far.send(b"x")
    else:
        loop.call_later(0, leave)
    with pytest.raises(SystemExit):
        root.mainloop(-1)
    pump_until(lambda: log == ["woke"])


# ---- descriptors


def test_watch_reports_bytes_to_read_for_as_long_as_there_are(loop, pair, log, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: log.append(near.recv(1)), None)
    far.send(b"abc")
    pump_until(lambda: log == [b"a", b"b", b"c"])


def test_watch_reports_room_to_write(loop, pair, log, pump_until) -> None:
    loop.watch(pair[0].fileno(), None, log.of("writable"))
    pump_until(lambda: len(log) > 3)


def test_reader_and_writer_of_one_descriptor(loop, pair, log, pump_until) -> None:
    near, far = pair
    far.send(b"x")
    loop.watch(near.fileno(), log.of("readable"), log.of("writable"))
    pump_until(lambda: len(log) >= 2)
    assert log[:2] == ["readable", "writable"]


def test_a_hang_up_is_reported_to_the_reader(loop, pair, log, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: (log.append(near.recv(9)), loop.unwatch(near.fileno())), None)
    far.close()
    pump_until(lambda: log == [b""])


def test_watch_replaces(loop, pair, log, pump_until) -> None:
    near, far = pair
    far.send(b"x")
    loop.watch(near.fileno(), log.of("first"), log.of("first"))
    loop.watch(near.fileno(), log.of("second"), None)
    loop.watch(near.fileno(), log.of("third"), None)
    pump_until(lambda: len(log) >= 2)
    assert set(log) == {"third"}


def test_watching_for_nothing_unwatches(loop, flooded, log, root, pump_until) -> None:
    loop.watch(flooded.fileno(), log.of("readable"), None)
    loop.watch(flooded.fileno(), None, None)
    root.after(30, log.append, "later")
    pump_until(lambda: log)
    assert log == ["later"]


def test_unwatch_is_idempotent(loop, flooded, log, root, pump_until) -> None:
    loop.watch(flooded.fileno(), log.of("readable"), None)
    loop.unwatch(flooded.fileno())
    loop.unwatch(flooded.fileno())
    root.after(30, log.append, "later")
    pump_until(lambda: log)
    assert log == ["later"]


def test_a_reader_that_unwatches_silences_the_writer(loop, flooded, log, root, pump_until) -> None:
    def read() -> None:
        log.append("readable")
        loop.unwatch(flooded.fileno())
        root.after(30, log.append, "later")

    loop.watch(flooded.fileno(), read, log.of("writable"))
    pump_until(lambda: "later" in log)
    assert log == ["readable", "later"]


def test_readiness_is_forgotten_by_unwatch(loop, make_pair, log, pump_until) -> None:
    """The first of two ready descriptors closes both, and gives the number of the other to a new socket."""
    ready = []
    for _ in range(2):
        near, far = make_pair()
        far.send(b"x")
        ready.append(near)
    fresh: list[socket.socket] = []

    def read(this, other) -> None:
        log.append("read")
        number = other.fileno()
        for sock in (this, other):
            loop.unwatch(sock.fileno())
            sock.close()
        while not any(sock.fileno() == number for sock in fresh):
            fresh.extend(make_pair())
        loop.watch(number, log.of("stale news"), None)
        loop.call_later(0.03, log.append, "later")

    loop.watch(ready[0].fileno(), lambda: read(*ready), None)
    loop.watch(ready[1].fileno(), lambda: read(*reversed(ready)), None)
    pump_until(lambda: "later" in log)
    assert log == ["read", "later"]


def test_every_ready_descriptor_is_served(loop, make_pair, pump_until) -> None:
    read: set[int] = set()
    pairs = [make_pair() for _ in range(300)]
    for number, (near, far) in enumerate(pairs):
        loop.watch(near.fileno(), lambda near=near, number=number: (near.recv(9), read.add(number)), None)
        far.send(b"x")
    pump_until(lambda: len(read) == 300)


def test_work_left_by_a_spent_slice_comes_first_in_the_next(loop, make_pair, log, pump_until) -> None:
    for number in range(4):
        near, far = make_pair()
        far.send(b"x")
        loop.watch(near.fileno(), lambda number=number: (log.append(number), burn(loop)), None)
    pump_until(lambda: len(log) >= 12)
    assert [set(log[start : start + 4]) for start in (0, 4, 8)] == [{0, 1, 2, 3}] * 3


def test_a_replaced_watch_is_not_called_for_earlier_readiness(loop, make_pair, log, pump_until) -> None:
    fds = []
    for _ in range(2):
        near, far = make_pair()
        far.send(b"x")
        fds.append(near.fileno())

    replaced: list[int] = []

    def hear(own: int, other: int) -> None:
        if own in replaced:
            log.append("old")
        elif not replaced:
            replaced.append(other)
            log.append("first")
            loop.watch(other, log.of("new"), None)

    loop.watch(fds[0], partial(hear, *fds), None)
    loop.watch(fds[1], partial(hear, *reversed(fds)), None)
    pump_until(lambda: len(log) > 3)
    assert set(log) == {"first", "new"}


# ---- slices


def test_each_kind_has_its_turn(make_loop, root, clock, make_pair, log, pump_until) -> None:
    loop = make_loop(root, clock=clock)
    for _ in range(3):
        near, far = make_pair()
        far.send(b"x")
        loop.watch(near.fileno(), lambda near=near: (near.recv(9), log.append("fd")), None)
        loop.call_soon(log.append, "soon")
        loop.call_later(-1, log.append, "timer")
    pump_until(lambda: len(log) == 9)
    assert log == ["timer", "fd", "soon"] * 3


@pytest.mark.parametrize("cost", [0, SLICE])
def test_a_flood_lets_tk_be_idle(loop, root, flooded, log, pump_until, cost) -> None:
    loop.watch(flooded.fileno(), lambda: burn(loop, cost), None)
    for _ in range(5):
        root.after_idle(log.append, "idle")
        pump_until(lambda: log == ["idle"])
        log.clear()


def test_calls_queued_while_tk_has_its_turn_do_not_cut_it_short(loop, flooded, log, pump_until) -> None:
    loop.watch(flooded.fileno(), lambda: burn(loop), None)
    pump_until(lambda: loop._yielded)
    due = loop._tk_timer.due
    loop.call_soon(log.append, "soon")
    loop.call_later(0, log.append, "timer")
    assert loop._yielded
    assert loop._tk_timer.due == due
    pump_until(lambda: sorted(log) == ["soon", "timer"])


def test_work_goes_on_at_once_when_tk_was_idle(loop, root, log) -> None:
    loop.call_soon(log.append, "soon")
    loop._pause._due_at = loop._pause.yields + 2  # else it may be the turn of a pause
    loop._yield_to_tk()
    assert loop._tk_timer.due > loop.now()
    root.update_idletasks()
    assert loop._tk_timer.due <= loop.now()
    assert log == []


def test_the_loop_yields_once_however_deep_the_callbacks_are(loop, root, flooded, log, pump_until) -> None:
    def read() -> None:
        if not log:
            log.append("outer")
            pump_until(lambda: loop._idle_id)
            log.append("back")
        burn(loop)

    loop.watch(flooded.fileno(), read, None)
    pump_until(lambda: "back" in log)
    assert len(root.tk.splitlist(root.tk.call("after", "info"))) <= 1


def test_a_slice_is_spent_after_its_time_and_only_in_a_callback(
    make_loop, root, clock, log, pump_until
) -> None:
    loop = make_loop(root, clock=clock)

    def work() -> None:
        log.append((loop.dispatching, loop.slice_spent(), loop.slice_left() > 0))
        clock.time += 2 * SLICE
        log.append((loop.dispatching, loop.slice_spent(), loop.slice_left() > 0))

    loop.call_soon(work)
    pump_until(lambda: len(log) == 2)
    assert log == [(True, False, True), (True, True, False)]
    assert (loop.dispatching, loop.slice_spent(), loop.slice_left()) == (False, False, math.inf)


def test_a_new_slice_has_new_time(make_loop, root, clock, log, pump_until) -> None:
    loop = make_loop(root, clock=clock)

    def work() -> None:
        log.append(loop.slice_left())
        clock.time += 2 * SLICE
        if len(log) < 20:
            loop.call_soon(work)

    loop.call_soon(work)
    pump_until(lambda: len(log) == 20)
    assert min(log) > SLICE / 2


def test_at_slice_end_comes_once_after_what_is_ready(
    make_loop, root, clock, make_pair, log, pump_until
) -> None:
    loop = make_loop(root, clock=clock)
    for _ in range(2):
        near, far = make_pair()
        far.send(b"x")

        def read(near=near) -> None:
            near.recv(9)
            log.append("read")
            loop.at_slice_end(log.append, "end")

        loop.watch(near.fileno(), read, None)
    pump_until(lambda: log.count("end") == 2)
    assert log == ["read", "read", "end", "end"]


def test_at_slice_end_comes_before_tks_turn_also_when_the_slice_is_spent(
    loop, root, make_pair, log, pump_until
) -> None:
    def read() -> None:
        if not log:
            log.append("read")
            loop.at_slice_end(log.append, "end")
            root.after_idle(log.append, "idle")
        burn(loop)

    for _ in range(2):
        near, far = make_pair()
        far.send(b"x")
        loop.watch(near.fileno(), read, None)
    pump_until(lambda: log == ["read", "end", "idle"])


def test_many_calls_at_the_end_of_a_slice_leave_tk_its_turn(make_loop, root, clock, log, pump_until) -> None:
    """As the writes of a broadcast to thousands: each in order, some in each slice."""
    loop = make_loop(root, clock=clock)

    def write(number: int) -> None:
        log.append(number)
        clock.time += SLICE / 20

    def broadcast() -> None:
        for number in range(200):
            loop.at_slice_end(write, number)
        root.after_idle(log.append, "idle")

    loop.call_soon(broadcast)
    pump_until(lambda: len(log) == 201)
    assert [entry for entry in log if entry != "idle"] == list(range(200))
    # A timer of the polled loop that is late on a busy machine comes before what is idle.
    assert 40 <= log.index("idle") < 200


def test_at_slice_end_outside_a_slice_is_soon(loop, log, pump_until) -> None:
    loop.at_slice_end(log.append, "end")
    assert log == []
    pump_until(lambda: log == ["end"])


def test_at_slice_end_from_the_end_of_a_slice(loop, root, log, pump_until) -> None:
    def again() -> None:
        log.append("end")
        loop.at_slice_end(again)

    loop.call_soon(again)
    root.after_idle(log.append, "idle")
    pump_until(lambda: "idle" in log)
    count = len(log)
    pump_until(lambda: len(log) > count + 5)


@pytest.mark.parametrize("ask", ["call_soon", "at_slice_end", "call_later", "call_soon_threadsafe"])
@pytest.mark.parametrize("place", ["fd", "soon", "timer", "end"])
def test_a_nested_loop_runs_pending_work(loop, root, pair, log, pump_until, ask, place) -> None:
    """Whatever calls back may open a dialog, and what was asked for before must not wait for its end."""
    arguments = [0.001] if ask == "call_later" else []

    def dialog() -> None:
        if place == "fd":
            pair[0].recv(9)
        getattr(loop, ask)(*arguments, log.append, "served")
        pump_until(lambda: log == ["served"])
        log.append("returned")

    if place == "fd":
        loop.watch(pair[0].fileno(), dialog, None)
        pair[1].send(b"x")
    elif place == "soon":
        loop.call_soon(dialog)
    elif place == "timer":
        loop.call_later(0, dialog)
    else:
        loop.call_soon(loop.at_slice_end, dialog)
    pump_until(lambda: log == ["served", "returned"])


@pytest.mark.parametrize("rest", ["call_soon", "at_slice_end", "call_later"])
def test_a_nested_loop_does_not_delay_other_callbacks(loop, log, pump_until, rest) -> None:
    arguments = [0.0] if rest == "call_later" else []

    def dialog() -> None:
        pump_until(lambda: "sibling" in log)
        log.append("returned")

    def start() -> None:
        getattr(loop, rest)(*arguments, dialog)
        getattr(loop, rest)(*arguments, log.append, "sibling")

    loop.call_soon(start)
    pump_until(lambda: log == ["sibling", "returned"])


def test_descriptors_are_served_while_a_callback_runs_tks_loop(loop, make_pair, log, pump_until) -> None:
    (near, far), (near2, far2) = make_pair(), make_pair()

    def dialog() -> None:
        log.append(near.recv(9))
        far2.send(b"second")
        far.send(b"first again")
        pump_until(lambda: len(log) == 3)
        log.append("returned")

    def read() -> None:
        if not log:
            dialog()
        else:
            log.append(near.recv(99))

    loop.watch(near.fileno(), read, None)
    loop.watch(near2.fileno(), lambda: log.append(near2.recv(99)), None)
    far.send(b"first")
    pump_until(lambda: len(log) == 4)
    assert log[0] == b"first"
    assert set(log[1:3]) == {b"first again", b"second"}


def test_update_in_a_callback_of_a_flood_returns(loop, root, flooded, log, pump_until) -> None:
    def read() -> None:
        if not log:
            log.append("before")
            root.update()
            log.append("after")
        elif len(log) == 1:
            burn(loop, 0.001)

    loop.watch(flooded.fileno(), read, None)
    pump_until(lambda: log == ["before", "after"])


def test_the_loop_goes_on_where_tk_is_never_idle(loop, root, flooded, log, pump_until) -> None:
    """A program with an `after 0` that renews itself starves idle work, and we wait for that in vain."""
    script = "proc again {} {after 0 again}; again"
    root.tk.eval(script)
    loop.watch(flooded.fileno(), lambda: (log.append("read"), burn(loop)), None)
    pump_until(lambda: len(log) > 9)
    root.tk.eval("proc again {} {}")
    root.update()


def test_update_idletasks_runs_no_callback(loop, root, flooded, log, pump_until) -> None:
    loop.watch(flooded.fileno(), lambda: (log.append("read"), burn(loop)), None)
    pump_until(lambda: loop._idle_id)
    count = len(log)
    root.update_idletasks()
    assert len(log) == count
    pump_until(lambda: len(log) > count)


# ---- threads


def in_thread(function) -> None:
    """Runs ``function`` in a thread; what it raises is raised here."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(function).result()


@pytest.fixture(params=[None, 1e-6], ids=["usual", "at every chance"])
def switches(request) -> Iterator[None]:
    """Threads take turns as usual, or as often as they can: the locks must hold, not luck."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(request.param or usual)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("switches")
def test_call_soon_threadsafe_from_any_thread(loop, log, pump_until) -> None:
    def post(name: str) -> None:
        for number in range(100):
            loop.call_soon_threadsafe(log.append, (name, number))

    threads = [threading.Thread(target=post, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    post("own")
    pump_until(lambda: len(log) == 400)
    for thread in threads:
        thread.join()
    for name in ("a", "b", "c", "own"):
        assert [number for who, number in log if who == name] == list(range(100))


# What only looks is for any thread.
FOR_ANY_THREAD = {
    "call_soon_threadsafe",
    "check_process",
    "in_loop_thread",
    "nesting",
    "now",
    "slice_left",
    "slice_spent",
}

FOR_ITS_THREAD = sorted(
    name
    for name in dir(Loop)
    if not name.startswith("_") and callable(getattr(Loop, name)) and name not in FOR_ANY_THREAD
)


def arguments_of(name: str, fd: int) -> tuple[object, ...]:
    taken = {
        "call_later": (1, print),
        "call_on_timeout": (1, print),
        "watch": (fd, print, None),
        "unwatch": (fd,),
    }
    without = {"check_thread", "close", "follow_signals", "follow_window", "report_exception"}
    return taken.get(name, () if name in without else (print,))


def state_of(loop: Loop) -> list[object]:
    kept = (loop._readiness.watches, loop._soon, loop._slice_end_calls, loop._on_close, loop._on_wake)
    return [loop.closed, loop.next_deadline, *(list(each) for each in kept)]


@pytest.mark.parametrize("name", FOR_ITS_THREAD)
def test_another_thread_is_refused_and_has_changed_nothing(loop, pair, name) -> None:
    fd = pair[0].fileno()
    loop.watch(fd, print, None)
    loop.on_close(print)
    loop.on_wake(print)
    before = state_of(loop)

    def run() -> None:
        assert not loop.in_loop_thread()
        with pytest.raises(StateError, match=r"thread .* loop\.call_soon_threadsafe"):
            getattr(loop, name)(*arguments_of(name, fd))

    in_thread(run)
    assert loop.in_loop_thread()
    assert state_of(loop) == before


def test_a_timer_is_not_cancelled_in_another_thread(loop, log, pump_until) -> None:
    timer = loop.call_later(0, log.append, 1)

    def run() -> None:
        with pytest.raises(StateError, match="thread"):
            timer.cancel()

    in_thread(run)
    assert timer.active
    pump_until(lambda: log)
    in_thread(timer.cancel)  # it has run: nothing to do


def test_a_closed_loop_belongs_to_its_thread_as_well(loop) -> None:
    loop.close()

    def run() -> None:
        for name in FOR_ITS_THREAD:
            with pytest.raises(StateError, match="thread"):
                getattr(loop, name)(*arguments_of(name, 99))

    in_thread(run)


# ---- exceptions


@pytest.mark.parametrize("ask", ["call_soon", "at_slice_end", "call_soon_threadsafe", "call_later", "watch"])
def test_an_exception_is_reported_and_the_loop_goes_on(
    loop, flooded, log, pump_until, callback_errors, ask
) -> None:
    def fail() -> None:
        log.append("ran")
        if ask == "watch" and len(log) == 3:
            loop.unwatch(flooded.fileno())
        raise ValueError("as asked")

    if ask == "watch":
        loop.watch(flooded.fileno(), fail, None)
    else:
        for _ in range(3):
            getattr(loop, ask)(*([0.0] if ask == "call_later" else []), fail)
    pump_until(lambda: len(callback_errors) == 3)
    assert {str(error) for error in callback_errors} == {"as asked"}
    assert all(error.__traceback__.tb_next for error in callback_errors)
    callback_errors.clear()
    loop.call_soon(log.append, "alive")
    pump_until(lambda: log[-1] == "alive")


def test_a_report_that_raises_is_logged(loop, root, pump_until, expected_log) -> None:
    def report(*_) -> None:
        raise RuntimeError("no reports today")

    root.report_callback_exception = report
    loop.call_soon(lambda: 1 / 0)
    pump_until(lambda: expected_log)
    error = expected_log[0].exc_info[1]
    assert str(error) == "no reports today"
    assert isinstance(error.__context__, ZeroDivisionError)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("ask", ["call_soon", "at_slice_end", "call_later", "watch"])
def test_an_exit_leaves_mainloop_and_loses_nothing(loop, root, flooded, log, pump_until, ask, kind) -> None:
    def leave() -> None:
        loop.unwatch(flooded.fileno())
        loop.call_soon(log.append, "soon")
        loop.at_slice_end(log.append, "end")
        loop.call_later(0, log.append, "timer")
        raise kind

    if ask == "watch":
        loop.watch(flooded.fileno(), leave, None)
    else:
        getattr(loop, ask)(*([0.0] if ask == "call_later" else []), leave)
    with pytest.raises(kind):
        root.mainloop(-1)
    assert not loop.dispatching
    assert log == []
    pump_until(lambda: sorted(log) == ["end", "soon", "timer"])


# ---- the end


def test_close_calls_back_in_order_and_once(loop, log) -> None:
    taken_back = log.of("taken back")
    loop.on_close(log.of("first"))
    loop.on_close(taken_back)
    loop.on_close(log.of("second"))
    loop.cancel_on_close(taken_back)
    loop.cancel_on_close(taken_back)
    assert not loop.closed
    loop.close()
    loop.close()
    assert loop.closed
    assert log == ["first", "second"]


def test_queued_calls_run_before_the_end_and_timers_do_not(loop, log) -> None:
    def last_words() -> None:
        assert loop.closed
        loop.call_soon(log.append, "from on_close")
        loop.call_soon_threadsafe(log.append, "from a thread")
        loop.at_slice_end(log.append, "end")
        loop.call_soon(loop.call_soon, log.append, "from a call")

    loop.call_soon(log.append, "waiting")
    timer = loop.call_later(0, log.append, "timer")
    loop.on_close(last_words)
    loop.close()
    assert not timer.active
    assert log == ["waiting", "from on_close", "end", "from a thread", "from a call"]


def test_close_does_not_run_for_ever(loop, log) -> None:
    def again() -> None:
        log.append("again")
        loop.call_soon(again)

    loop.on_close(again)
    loop.close()
    assert 1 < len(log) < 100


def test_an_exception_at_the_end_is_reported_and_the_others_still_run(loop, log, callback_errors) -> None:
    loop.on_close(lambda: 1 / 0)
    loop.on_close(log.of("second"))
    loop.close()
    assert log == ["second"]
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_an_exit_in_on_close_still_closes(loop, root) -> None:
    def leave() -> None:
        raise SystemExit

    loop.on_close(leave)
    with pytest.raises(SystemExit):
        loop.close()
    with pytest.raises(StateError):
        loop.call_soon(print)
    assert not root.tk.call("info", "commands", "tkws*")


def test_a_closed_loop_refuses_clearly(loop, pair) -> None:
    fd = pair[0].fileno()
    loop.watch(fd, print, None)
    loop.close()
    for refused in (
        lambda: loop.call_soon(print),
        lambda: loop.call_soon_threadsafe(print),
        lambda: loop.at_slice_end(print),
        lambda: loop.call_later(1, print),
        lambda: loop.watch(fd, print, None),
        lambda: loop.on_close(print),
        lambda: loop.on_wake(print),
    ):
        with pytest.raises(StateError, match="closed"):
            refused()
    loop.unwatch(fd)
    loop.cancel_on_close(print)
    loop.cancel_on_wake(print)
    assert not loop.slice_spent()


@pytest.mark.parametrize("ask", ["call_soon", "at_slice_end", "call_later", "watch"])
def test_a_callback_may_close_the_loop(loop, root, make_pair, log, pump_until, ask, callback_errors) -> None:
    for _ in range(3):
        near, far = make_pair()
        far.send(b"x")
        loop.watch(near.fileno(), log.of("flood"), None)

    def close() -> None:
        loop.close()
        raise ValueError("after the end")

    if ask == "watch":
        near, far = make_pair()
        far.send(b"x")
        loop.watch(near.fileno(), close, None)
    else:
        getattr(loop, ask)(*([0.0] if ask == "call_later" else []), close)
    pump_until(lambda: loop.closed)
    assert str(callback_errors.pop()) == "after the end"
    assert loop._tk_timer.due == math.inf
    count = len(log)
    root.after(30, log.append, "later")
    pump_until(lambda: "later" in log)
    assert len(log) == count + 1


def test_a_reader_that_closes_the_loop_silences_the_writer(loop, flooded, log, pump_until) -> None:
    loop.watch(flooded.fileno(), loop.close, log.of("writable"))
    pump_until(lambda: loop.closed)
    assert log == []


def test_calls_after_a_callback_closed_the_loop_are_refused(loop, log, pump_until) -> None:
    def close() -> None:
        loop.close()
        for ask in (loop.call_soon, loop.at_slice_end):
            with pytest.raises(StateError, match="closed"):
                ask(print)
        log.append("refused")

    loop.call_soon(close)
    pump_until(lambda: log)


def test_a_loop_that_has_yielded_may_be_closed(loop, root, flooded, log, pump_until) -> None:
    loop.watch(flooded.fileno(), lambda: burn(loop), None)
    pump_until(lambda: loop._yielded)
    loop.close()
    assert not root.tk.call("after", "info")
    root.after(30, log.append, "later")
    pump_until(lambda: log)


def test_nothing_is_left_in_the_interpreter(loop, root) -> None:
    before = set(root.tk.splitlist(root.tk.call("info", "commands", "tkws*")))
    assert before
    loop.close()
    assert not root.tk.call("info", "commands", "tkws*")
    assert not root.tk.call("after", "info")


# ---- arguments


def test_bad_arguments_are_refused_by_name(loop, pair) -> None:
    fd = pair[0].fileno()
    for name, refused in (
        ("callback", lambda: loop.call_soon("no")),
        ("callback", lambda: loop.call_soon_threadsafe(None)),
        ("callback", lambda: loop.call_later(1, 2)),
        ("callback", lambda: loop.on_close(3)),
        ("callback", lambda: loop.on_wake(4)),
        ("seconds", lambda: loop.call_later("1", print)),
        ("fd", lambda: loop.watch(pair[0], print, None)),
        ("readable", lambda: loop.watch(fd, 1, None)),
        ("writable", lambda: loop.watch(fd, None, 1)),
    ):
        with pytest.raises(TypeError, match=f"^{name}: "):
            refused()
    for seconds in (math.inf, math.nan):
        with pytest.raises(ValueError, match="seconds: a finite number"):
            loop.call_later(seconds, print)


def test_a_closed_descriptor_is_refused(loop, make_pair) -> None:
    near, _ = make_pair()
    fd = near.fileno()
    near.close()
    try:
        loop.watch(fd, print, None)
    except OSError:
        pass
    else:  # select notices when it is asked
        loop.unwatch(fd)


def test_master_is_the_root_and_is_not_kept_alive(make_loop, pump_until) -> None:
    root = tkinter.Tcl()
    loop = make_loop(root)
    assert loop.master is root
    del root
    assert loop.master is None
    assert loop.closed
