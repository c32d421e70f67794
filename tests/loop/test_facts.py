"""The facts of Tk that the layer hides: each is shown on bare Tk first, then on the loop.

Where the bare thing ends or stalls the process, it does so in a child process.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import tkinter
from functools import partial

import pytest

from tests.loop.child import run_child
from tkws.loop import TkLoop, loop_for

MANY_DESCRIPTORS = """
import os, resource, socket, sys, tkinter
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from tkws.loop import TkLoop
root = tkinter.Tcl()
def fill():
    return [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
"""


@pytest.fixture
def watch(request, root, flooded):
    """``watch(kind, callback)`` watches a socket that stays readable: by Tk itself or by the loop."""
    tkapp = root.tk
    fd = flooded.fileno()

    def watch(kind: str, callback) -> None:
        if kind == "tk":
            request.addfinalizer(lambda: tkapp.deletefilehandler(fd))
            tkapp.createfilehandler(fd, tkinter.READABLE, lambda *_: callback())
        else:
            loop_for(root).watch(fd, callback, None)

    return watch


# ---- descriptors above 1023


@pytest.mark.slow
@pytest.mark.parametrize(("watch", "lives"), [("bare", False), ("loop", True)])
def test_a_descriptor_above_1023(watch, lives) -> None:
    child = run_child(
        MANY_DESCRIPTORS
        + {
            "bare": "fill_first = lambda near, heard: (root.update(), "
            "root.tk.createfilehandler(near.fileno(), tkinter.READABLE, heard))",
            "loop": "fill_first = lambda near, heard: loop.watch(near.fileno(), heard, None)",
        }[watch]
        + """
loop = TkLoop(root)
kept = fill()
near, far = socket.socketpair()
def heard(*_):
    print(near.fileno() > 1023, near.recv(9))
    root.quit()
fill_first(near, heard)
far.send(b"hello")
root.mainloop(-1)
near.close(); far.close()
"""
    )
    if lives:
        assert (child.stdout, child.stderr, child.returncode) == ("True b'hello'\n", "", 0)
    else:
        assert child.returncode == -signal.SIGABRT


@pytest.mark.slow
@pytest.mark.parametrize(("first", "lives"), [("fill", False), ("loop", True)])
def test_tcls_own_pipe_is_made_while_the_numbers_are_low(first, lives) -> None:
    """It is made at the first wait, which may come long after the loop and 1,024 descriptors."""
    child = run_child(
        MANY_DESCRIPTORS
        + "near, far = socket.socketpair()\n"
        + {"fill": "kept = fill()", "loop": "loop = TkLoop(root)\nkept = fill()"}[first]
        + """
root.tk.createfilehandler(near.fileno(), tkinter.READABLE, lambda *_: root.quit())
far.send(b"told by Tcl's thread alone")
root.mainloop(-1)
print("alive")
near.close(); far.close()
"""
    )
    assert (child.returncode == 0, "alive" in child.stdout) == (lives, lives)


@pytest.mark.slow
def test_three_thousand_sockets() -> None:
    child = run_child("""
        import resource, socket, tkinter
        resource.setrlimit(resource.RLIMIT_NOFILE, (7000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        from tkws.loop import TkLoop
        root = tkinter.Tcl()
        loop = TkLoop(root)
        pairs = [socket.socketpair() for _ in range(3000)]
        heard = set()
        def hear(number):
            heard.add((number, pairs[number][0].recv(9)))
            if len(heard) == 3000:
                root.quit()
        for number, (near, far) in enumerate(pairs):
            loop.watch(near.fileno(), lambda number=number: hear(number), None)
            far.send(b"%d" % number)
        root.mainloop(-1)
        print(all(data == b"%d" % number for number, data in heard), pairs[-1][1].fileno() > 6000)
        for pair in pairs:
            for sock in pair:
                sock.close()
        """)
    assert (child.stdout, child.stderr, child.returncode) == ("True True\n", "", 0)


# ---- a descriptor that stays readable


@pytest.mark.parametrize(("kind", "starves"), [("tk", True), ("loop", False)])
def test_idle_work_under_a_flood(root, watch, pump_until, kind, starves) -> None:
    served: list[str] = []
    watch(kind, partial(served.append, "read"))
    idle = root.after_idle(served.append, "idle")
    pump_until(lambda: "idle" in served or (starves and len(served) > 3000))
    assert ("idle" not in served) == starves
    root.after_cancel(idle)


@pytest.mark.display
@pytest.mark.parametrize(("kind", "starves"), [("tk", True), ("loop", False)])
def test_the_window_under_a_flood(display_root, flooded, pump_until, kind, starves) -> None:
    """A label asks for more room, and the window gets it when Tk is idle: then Tk lays out and draws."""
    label = tkinter.Label(display_root, text="short")
    label.pack()
    display_root.update()
    width = display_root.winfo_width()
    reads: list[int] = []
    if kind == "tk":
        display_root.tk.createfilehandler(flooded, tkinter.READABLE, lambda *_: reads.append(1))
    else:
        loop_for(display_root).watch(flooded.fileno(), partial(reads.append, 1), None)
    pump_until(lambda: reads)
    label["text"] = "a text that is a good deal longer"
    end = time.monotonic() + (0.3 if starves else 4)
    pump_until(lambda: time.monotonic() > end or display_root.winfo_width() > width)
    assert (display_root.winfo_width() == width) == starves
    display_root.tk.deletefilehandler(flooded)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "starves"), [("tk", True), ("loop", False)])
@pytest.mark.parametrize("caller", ["program", "callback"])
def test_update_under_a_flood(root, watch, pump_until, flooded, kind, starves, caller) -> None:
    """The flood ends after some time: an `update()` that returns before was not held up by it."""
    end = time.monotonic() + (0.5 if starves else 10)
    held_up: list[bool] = []

    def read() -> None:
        if time.monotonic() > end:
            flooded.recv(9)

    def update() -> None:
        root.update()
        held_up.append(time.monotonic() > end)

    watch(kind, read)
    if caller == "program":
        update()
    else:
        root.after(1, update)
        pump_until(lambda: held_up)
    assert held_up == [starves]


def test_timers_of_the_program_under_a_flood(root, watch, pump_until) -> None:
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) < 20:
            root.after(2, tick)

    watch("loop", list)
    tick()
    pump_until(lambda: len(ticks) == 20)


# ---- exceptions


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "lives"), [("bare", False), ("loop", True)])
def test_an_exception_in_a_callback(kind, lives) -> None:
    child = run_child(
        """
import socket, sys, tkinter
from tkws.loop import TkLoop
root = tkinter.Tcl()
loop = TkLoop(root)
near, far = socket.socketpair()
far.send(b"x")
def fail(*_):
    near.recv(9)
    raise ValueError("as asked")
root.after(50, print, "alive")
root.after(100, root.quit)
"""
        + {
            "bare": "root.tk.createfilehandler(near, tkinter.READABLE, fail)",
            "loop": "loop.watch(near.fileno(), fail, None)",
        }[kind]
        + """
try:
    root.mainloop(-1)
finally:
    near.close(); far.close()
"""
    )
    assert "in fail\n" in child.stderr
    assert "ValueError: as asked" in child.stderr
    assert (child.returncode == 0, child.stdout == "alive\n") == (lives, lives)


# ---- handlers that outlive their interpreter, descriptors that outlive their sockets


@pytest.mark.parametrize(("kind", "survives"), [("tk", True), ("loop", False)])
def test_a_handler_after_the_end_of_its_interpreter(flooded, request, pump_until, kind, survives) -> None:
    first = tkinter.Tcl()
    served: list[str] = []
    if kind == "tk":
        first.tk.createfilehandler(flooded, tkinter.READABLE, lambda *_: served.append("read"))
    else:
        loop_for(first).watch(flooded.fileno(), partial(served.append, "read"), None)
    del first
    second = tkinter.Tcl()
    second.after(30, served.append, "second")
    pump_until(lambda: "second" in served and ("read" in served) == survives)
    second.tk.deletefilehandler(flooded)


@pytest.mark.parametrize(("first", "spins"), [("close", True), ("unwatch", False)])
def test_a_watched_descriptor_that_is_closed(root, make_pair, pump_until, first, spins) -> None:
    near, far = make_pair()
    copy = os.dup(near.fileno())
    loop = TkLoop(root)
    loop.watch(near.fileno(), list, None)
    if first == "unwatch":
        loop.unwatch(near.fileno())
    near.close()
    far.send(b"x")
    polls: list[int] = []
    poll = loop._readiness._poll
    loop._readiness._poll = lambda seconds=0.0: (polls.append(1), poll(seconds))[1]
    over: list[int] = []
    root.after(100, over.append, 1)
    pump_until(lambda: over)
    assert (len(polls) > 5) == spins
    os.close(copy)
    loop.close()


# ---- other threads


@pytest.mark.slow
def test_a_call_from_another_thread(root, pump_until) -> None:
    """Tk's own way stalls for a second before it raises; ours comes back at once, running or not."""
    called: list[str] = []
    outcome: list[object] = []

    def by_tk() -> None:
        begun = time.monotonic()
        try:
            root.tk.call("set", "x", "1")
        except RuntimeError:
            outcome.append(time.monotonic() - begun > 0.9)

    def by_loop(loop) -> None:
        loop.call_soon_threadsafe(called.append, "from a thread")
        outcome.append("back")

    for target in (by_tk, partial(by_loop, loop_for(root))):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert outcome == [True, "back"]
    assert not called
    pump_until(lambda: called)


# ---- one Tk timer


def test_a_thousand_deadlines_are_one_timer_of_tks_and_its_spare(make_loop, root, pump_until) -> None:
    class Counting:
        """Counts the timers of Tk's that are pending."""

        pending = most = 0

        def __getattr__(self, name: str):
            return getattr(root.tk, name)

        def createtimerhandler(self, delay, callback):
            def fired() -> None:
                self.pending -= 1
                timer[1] = True
                callback()

            self.pending += 1
            self.most = max(self.most, self.pending)
            timer = [root.tk.createtimerhandler(delay, fired), False]
            counting = self

            class Timer:
                def deletetimerhandler(self) -> None:
                    if not timer[1]:
                        counting.pending -= 1
                        timer[0].deletetimerhandler()

            return Timer()

    loop = make_loop(root)
    loop._tk_timer.disarm()
    loop._tk_timer._tkapp = counting = Counting()
    done: list[int] = []
    for number in range(1000):
        loop.call_later(0.02 - number / 100_000, done.append, number)
    pump_until(lambda: len(done) == 1000)
    assert counting.most == 2
    assert not root.tk.call("after", "info")
