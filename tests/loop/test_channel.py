"""What the loop on a channel of Tcl's does by itself: the turns of its thread, and a bell that breaks."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import tkinter
from itertools import pairwise

import pytest

from tests.loop.child import run_child
from tkws.loop import ChannelLoop, bell as bells
from tkws.loop.dwell import SLICE


@pytest.fixture
def loop(root):
    loop = ChannelLoop(root)
    yield loop
    loop.close()


@pytest.fixture
def log() -> list[object]:
    return []


class Rings:
    """Counts the rings that the loop gets."""

    def __init__(self, loop: ChannelLoop) -> None:
        self.count = 0
        self._take_turn = loop._waiter.take_turn
        loop._waiter.take_turn = self._count  # type: ignore[method-assign] # in its place

    def _count(self) -> bool:
        rung = self._take_turn()
        self.count += rung
        return rung


def rest(root, pump_until, milliseconds: int = 100) -> None:
    over: list[int] = []
    root.after(milliseconds, over.append, 1)
    pump_until(lambda: over)


def test_a_message_takes_one_ring(loop, root, pair, log, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    rest(root, pump_until)
    rings = Rings(loop)
    far.send(b"x")
    pump_until(lambda: log == [b"x"])
    rest(root, pump_until)
    assert rings.count == 1


def test_a_flood_takes_less_than_a_ring_for_each_slice(loop, root, flooded, log, pump_until) -> None:
    """The thread rests while the loop serves, and while Tk has its turn."""
    rings = Rings(loop)
    loop.watch(flooded.fileno(), lambda: log.append(1), None)
    slices: list[int] = []
    on_new_slice = loop._on_new_slice

    def note() -> None:
        slices.append(1)
        on_new_slice()

    loop._on_new_slice = note
    pump_until(lambda: len(slices) > 30)
    assert rings.count < len(slices)


def test_a_callback_in_tks_loop_gets_the_thread_back(loop, make_pair, log, pump_until) -> None:
    (near, far), (near2, far2) = make_pair(), make_pair()

    def dialog() -> None:
        near.recv(9)
        assert not loop._waiter._waits
        pump_until(lambda: loop._waiter._waits)
        for number in range(3):
            far2.send(b"x")
            pump_until(lambda number=number: len(log) > number)
        log.append("returned")

    loop.watch(near.fileno(), dialog, None)
    loop.watch(near2.fileno(), lambda: log.append(near2.recv(9)), None)
    far.send(b"x")
    pump_until(lambda: log == [b"x", b"x", b"x", "returned"])


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("name", ["take_turn", "resume"])
def test_an_interrupt_at_a_turn_loses_nothing(loop, root, pair, log, pump_until, name, place) -> None:
    """A signal's handler may raise between any two instructions."""
    near, far = pair
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    rest(root, pump_until)
    act = getattr(loop._waiter, name)
    hits: list[int] = []

    def interrupted() -> object:
        setattr(loop._waiter, name, act)
        hits.append(1)
        if place == "after":
            act()
        raise KeyboardInterrupt

    setattr(loop._waiter, name, interrupted)
    far.send(b"first")
    with pytest.raises(KeyboardInterrupt):
        root.mainloop(-1)
    pump_until(lambda: log == [b"first"])
    far.send(b"second")
    pump_until(lambda: log == [b"first", b"second"])
    assert hits


def test_an_exit_leaves_the_thread_its_turn(loop, root, pair, log, pump_until) -> None:
    near, far = pair

    def leave() -> None:
        log.append(near.recv(9))
        raise SystemExit

    loop.watch(near.fileno(), leave, None)
    for count in (1, 2, 3):
        far.send(b"x")
        with pytest.raises(SystemExit):
            root.mainloop(-1)
        assert len(log) == count


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are no files there")
def test_a_descriptor_number_reused_by_a_file_does_not_make_the_loop_spin(
    loop, root, make_pair, log, pump_until
) -> None:
    """The number is watched still, and a file is always ready; epoll knows that it is another one."""
    (near, far), (stale, _) = make_pair(), make_pair()
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    loop.watch(stale.fileno(), lambda: pytest.fail("called"), None)
    fd = os.open(__file__, os.O_RDONLY)
    os.dup2(fd, stale.fileno())
    os.close(fd)
    rings = Rings(loop)
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), lambda: loop.watch(near.fileno(), read, None))

    def read() -> None:
        log.append(near.recv(9))

    rest(root, pump_until, 300)
    assert rings.count < 30
    far.send(b"x")
    pump_until(lambda: log == [b"x"])


def test_a_socket_that_was_closed_unannounced_stops_no_other(loop, root, make_pair, log, pump_until) -> None:
    (near, far), (closed, _) = make_pair(), make_pair()
    loop.watch(closed.fileno(), lambda: pytest.fail("called"), None)
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    rest(root, pump_until, 20)
    closed.close()
    rings = Rings(loop)
    for count in (1, 2, 3):
        far.send(b"x")
        pump_until(lambda count=count: len(log) == count)
    rest(root, pump_until)
    assert rings.count < 20


def test_another_thread_that_changes_nothing_may_call(loop, root, log, pump_until) -> None:
    rest(root, pump_until, 20)
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(log.append, "called"))
    thread.start()
    pump_until(lambda: log == ["called"])
    thread.join()


def test_a_bell_that_breaks_is_mended(loop, root, pair, log, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    for count in (1, 2, 3):
        broken = loop._waiter.bell._socket
        broken.shutdown(socket.SHUT_RDWR)
        pump_until(lambda broken=broken: loop._waiter.bell._socket not in (None, broken))
        far.send(b"x")
        pump_until(lambda count=count: len(log) == count)
        broken.close()


def test_the_loop_polls_until_the_bell_can_be_mended(loop, pair, log, pump_until, monkeypatch) -> None:
    near, far = pair
    attempts: list[int] = []

    def refuse(_tkapp: object) -> tuple[str, socket.socket]:
        attempts.append(1)
        raise OSError("no loopback")

    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    with monkeypatch.context() as patch:
        patch.setattr(bells, "_connect", refuse)
        broken = loop._waiter.bell._socket
        broken.shutdown(socket.SHUT_RDWR)
        pump_until(lambda: attempts)
        broken.close()
        for count in (1, 2):
            far.send(b"x")
            pump_until(lambda count=count: len(log) == count)
        pump_until(lambda: len(attempts) > 3)
    pump_until(lambda: loop._waiter.bell._socket)
    far.send(b"x")
    pump_until(lambda: len(log) == 3)


def test_a_bell_that_is_broken_does_not_stop_the_end(loop, pump_until, monkeypatch) -> None:
    def refuse(_tkapp: object) -> tuple[str, socket.socket]:
        raise OSError("no loopback")

    monkeypatch.setattr(bells, "_connect", refuse)
    broken = loop._waiter.bell._socket
    broken.shutdown(socket.SHUT_RDWR)
    pump_until(lambda: loop._waiter.bell._socket is None)
    broken.close()
    loop.close()


@pytest.mark.parametrize("what", ["bell", "thread", "loop"])
def test_a_failed_construction_leaves_nothing(root, monkeypatch, what) -> None:
    """Descriptors, threads and channels are counted."""

    def refuse(*_: object) -> float:
        raise OSError("none left")

    patched = {"bell": "tkws.loop.bell._accept", "thread": "tkws.loop.waiter.socket.socketpair"}.get(what)
    if patched is not None:
        monkeypatch.setattr(patched, refuse)
    with pytest.raises(OSError, match="none left"):
        ChannelLoop(root, wall=time.time if patched else refuse)
    monkeypatch.undo()
    assert not root.tk.call("file", "channels", "sock*")
    assert not root.tk.call("info", "commands", "tkws_bell*")


def test_a_wrong_thread_is_refused_before_tcl_is_asked(root) -> None:
    from tkws.errors import StateError

    errors: list[StateError] = []

    def make() -> None:
        try:
            ChannelLoop(root)
        except StateError as error:
            errors.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert "thread of its Tcl interpreter" in str(errors[0])


def test_floods_of_several_interpreters_let_update_return(make_pair, pump_until) -> None:
    roots = [tkinter.Tcl() for _ in range(2)]
    loops = [ChannelLoop(root) for root in roots]
    served = [0, 0]

    def serve(number: int) -> None:
        served[number] += 1

    for number, loop in enumerate(loops):
        near, far = make_pair()
        far.send(b"x")
        loop.watch(near.fileno(), lambda number=number: serve(number), None)
    pump_until(lambda: min(served) > 10)
    for _ in range(5):
        roots[0].tk.call("update")
    assert min(served) > 10
    for loop in loops:
        loop.close()


@pytest.mark.slow
def test_a_slice_is_not_longer_for_the_thread(loop, root, flooded, pump_until) -> None:
    """A timer of Tk's comes while a flood is served, as on file handlers."""
    ticks: list[float] = []  # in CPU time, since what else the machine does is no fault of the loop

    def tick() -> None:
        ticks.append(time.thread_time())
        root.after(5, tick)

    loop.watch(flooded.fileno(), lambda: None, None)
    tick()
    pump_until(lambda: len(ticks) > 20)
    gaps = sorted(late - early for early, late in pairwise(ticks))
    assert gaps[len(gaps) // 2] < 10 * SLICE
    loop.close()
    rest(root, pump_until, 10)
    for name in root.tk.splitlist(root.tk.call("after", "info")):
        root.after_cancel(name)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Tcl has no limit there")
def test_where_tcl_has_no_room_it_is_refused_and_nothing_aborts() -> None:
    child = run_child("""
        import os, resource, tkinter
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        root = tkinter.Tcl()
        root.update()
        files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
        from tkws.loop import ChannelLoop
        try:
            ChannelLoop(root)
        except OSError as error:
            print(error.strerror)
        """)
    said = "Tcl has no room for descriptors above 1023\n"
    assert (child.stdout, child.stderr, child.returncode) == (said, "", 0)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["ends", "is killed by its last thread"])
def test_a_program_that_does_not_close_its_loop_ends(how) -> None:
    child = run_child(f"""
        import sys, threading, tkinter
        from tkws.loop import ChannelLoop
        def live():
            root = tkinter.Tcl()
            loop = ChannelLoop(root)
            loop.call_soon(root.quit)
            root.mainloop(-1)
            print("done")
            {"running.set(), threading.Event().wait()" if how == "ends" else ""}
        running = threading.Event()
        if {how == "ends"}:
            threading.Thread(target=live, daemon=True).start()
            running.wait()
        else:
            live()
        """)
    assert (child.stdout, child.stderr, child.returncode) == ("done\n", "", 0)
