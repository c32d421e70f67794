"""Loops in a process that was forked off: everything there is refused, and the parent feels nothing."""

from __future__ import annotations

import _tkinter
import gc
import os
import threading
import tkinter
import traceback
import warnings
from collections.abc import Callable

import pytest

from tests.loop.child import run_child
from tests.loop.test_contract import FOR_ITS_THREAD, arguments_of
from tkws.errors import StateError
from tkws.loop import loop_for

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]


@pytest.fixture
def log() -> list[object]:
    return []


def fork(child: Callable[[], object]) -> None:
    """Runs ``child`` in a process that is forked off and ended, and fails with what it raised."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of it where there are threads: Tcl's own, or that of a loop on a channel.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        pid = os.fork()
    if not pid:
        try:
            child()
        except BaseException:
            os.write(writer, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as report:
        said = report.read()
    os.waitpid(pid, 0)
    assert not said, said


@pytest.mark.parametrize("name", [*FOR_ITS_THREAD, "call_soon_threadsafe", "in_loop_thread"])
def test_a_call_in_the_child_is_refused(loop, pair, log, pump_until, name) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    timer = loop.call_later(0.001, log.append, "timer")

    def child() -> None:
        assert loop.closed
        with pytest.raises(StateError, match="forked off.* parent"):
            getattr(loop, name)(*(() if name == "in_loop_thread" else arguments_of(name, near.fileno())))
        timer.cancel()

    fork(child)
    assert not loop.closed
    far.send(b"alive")
    loop.call_soon_threadsafe(log.append, "called")
    pump_until(lambda: len(log) == 3)
    assert set(log) == {b"alive", "called", "timer"}


def test_the_end_of_the_interpreter_in_the_child_is_ignored(pump_until, capfd) -> None:
    roots = [tkinter.Tcl()]
    loop = loop_for(roots[0])

    def child() -> None:
        roots.clear()
        gc.collect()

    fork(child)
    assert capfd.readouterr().err == ""
    loop.close()


def test_tks_loop_in_the_child_serves_nothing_and_comes_to_rest(loop, root, flooded, log, pump_until) -> None:
    """The readiness object is the parent's, and stays readable as long as it does not read."""
    loop.watch(flooded.fileno(), lambda: log.append("read"), None)
    loop.call_soon(log.append, "soon")
    loop.call_later(0, log.append, "timer")

    def child() -> None:
        for _ in range(100):
            if not root.tk.dooneevent(_tkinter.DONT_WAIT):
                break
        else:
            raise AssertionError("Tk's loop does not come to rest")
        assert log == []

    fork(child)
    pump_until(lambda: {"read", "soon", "timer"} <= set(log))


@pytest.mark.slow
@pytest.mark.parametrize("notifier", ["filehandler", "channel", "polled"])
def test_a_callback_may_fork_and_both_go_on(notifier) -> None:
    ended = run_child(f"""
        import os, socket, sys, tkinter, warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        os.environ["TKWS_NOTIFIER"] = "{notifier}"
        from tkws.errors import StateError
        from tkws.loop import loop_for
        root = tkinter.Tcl()
        loop = loop_for(root)
        near, far = socket.socketpair()
        def read():
            heard = near.recv(9)
            if heard == b"end":
                root.quit()
            elif not os.fork():
                loop.closed or print("open in the child")
                root.after(20, os._exit, 5)
            else:
                loop.call_soon(reap)
        def reap():
            print(os.wait()[1] >> 8)
            far.send(b"end")
        loop.watch(near.fileno(), read, None)
        far.send(b"fork")
        root.mainloop(-1)
        loop.close()
        near.close(), far.close()
        """)
    assert (ended.stdout.split(), ended.stderr, ended.returncode) == (["5"], "", 0)


def test_another_thread_that_holds_the_queue_does_not_stop_the_child(loop) -> None:
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with loop._wakeup._lock:
            held.set()
            go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()

    def child() -> None:
        with pytest.raises(StateError, match="forked"):
            loop.call_soon_threadsafe(print)

    try:
        fork(child)
    finally:
        go.set()
        thread.join()


def test_the_child_has_loops_of_its_own(root) -> None:
    loop = loop_for(root)

    def child() -> None:
        with pytest.raises(StateError, match="forked"):
            loop_for(root)
        called: list[str] = []
        other = tkinter.Tcl()
        own = loop_for(other)
        own.call_soon_threadsafe(called.append, "own")
        while not called:
            other.tk.dooneevent()
        own.close()

    fork(child)
    assert not loop.closed
    assert loop_for(root) is loop


def test_a_loop_that_was_closed_before_is_followed_by_a_new_one_in_the_child(root) -> None:
    loop_for(root).close()
    fork(lambda: loop_for(root).close())
