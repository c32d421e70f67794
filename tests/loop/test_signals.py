"""Signals: each is acted on at once, and Python's wake-up descriptor is put back as it was."""

from __future__ import annotations

import functools
import os
import signal
import socket
import sys
import threading
import time
import tkinter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest

from tests.loop.child import run_child
from tkws.loop import Loop, loop_for
from tkws.loop.interrupts import SigintHandler, sigint_handler

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform == "win32", reason="no signals for one process"),
]

# A signal that is the program's own affair.
USER_SIGNAL: int = getattr(signal, "SIGUSR1", getattr(signal, "SIGBREAK", 0))

# Source of a function that sends this process a signal. On Windows, os.kill ends the process.
SEND = "signal.raise_signal" if sys.platform == "win32" else "lambda number: os.kill(os.getpid(), number)"


def send_signal(number: int) -> None:
    """Sends this process a signal, from any thread."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)


# Milliseconds after which a test that waits for a signal in vain ends.
WATCHDOG = 20_000


def wakeup_fd() -> int:
    fd = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    return fd


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Each test begins without a descriptor, and puts back the handlers of the signals that it uses."""
    used = (signal.SIGINT, signal.SIGTERM, USER_SIGNAL)
    handlers = {number: signal.getsignal(number) for number in used}
    assert wakeup_fd() == -1
    yield
    assert wakeup_fd() == -1
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def log() -> list[object]:
    return []


def shoot(root: tkinter.Tk, number: int) -> None:
    """Sends a signal while the main thread waits in Tk; before that, ``quit`` would have no effect."""

    def start() -> None:
        timer = threading.Timer(0.02, send_signal, (number,))
        timer.daemon = True
        timer.start()

    root.after(0, start)


def run_tk(root: tkinter.Tk) -> bool:
    """Runs ``mainloop`` until it ends; whether the watchdog had to end it."""
    barked: list[bool] = []
    watchdog = root.after(WATCHDOG, lambda: (barked.append(True), root.quit()))
    try:
        root.mainloop(-1)
    finally:
        root.after_cancel(watchdog)
    return bool(barked)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, USER_SIGNAL])
def test_a_handler_of_the_programs_runs_at_once(loop, root, number) -> None:
    heard: list[int] = []
    signal.signal(number, lambda got, _frame: (heard.append(got), root.quit()))
    shoot(root, number)
    assert not run_tk(root)
    assert heard == [number]


@pytest.mark.slow
def test_an_exception_of_a_handler_leaves_mainloop(loop, root, log, pump_until) -> None:
    def give_up(*_: object) -> None:
        raise TimeoutError("no more time")

    signal.signal(USER_SIGNAL, give_up)
    shoot(root, USER_SIGNAL)
    with pytest.raises(TimeoutError, match="no more time"):
        run_tk(root)
    loop.call_soon(log.append, "alive")
    pump_until(lambda: log)


def test_a_handler_may_use_the_loop(loop, root) -> None:
    signal.signal(USER_SIGNAL, lambda *_: loop.call_soon(root.quit))
    shoot(root, USER_SIGNAL)
    assert not run_tk(root)


def test_a_handler_may_close_the_loop(loop, root) -> None:
    signal.signal(USER_SIGNAL, lambda *_: (loop.close(), root.quit()))
    shoot(root, USER_SIGNAL)
    assert not run_tk(root)
    assert loop.closed
    assert wakeup_fd() == -1


def test_a_signal_in_a_dialog_is_acted_on_at_once(loop, root) -> None:
    answer = tkinter.StringVar(root)
    signal.signal(USER_SIGNAL, lambda *_: answer.set("over"))

    def ask() -> None:
        shoot(root, USER_SIGNAL)
        root.tk.call("vwait", str(answer))
        root.quit()

    loop.call_soon(ask)
    assert not run_tk(root)
    assert answer.get() == "over"


def test_a_thousand_signals_leave_nothing_to_do(loop, root, pump_until) -> None:
    heard: list[int] = []
    signal.signal(USER_SIGNAL, lambda *_: heard.append(1))
    for _ in range(1000):
        send_signal(USER_SIGNAL)
    loop.call_soon(root.quit)
    assert not run_tk(root)
    assert heard
    entered = count_entries(loop)
    loop.call_later(0.02, root.quit)
    assert not run_tk(root)
    assert len(entered) < 30


def count_entries(loop: Loop) -> list[object]:
    """A list with one element for each time that the loop asks its poller."""
    entered: list[object] = []
    poll = loop._readiness._poll

    def counting(seconds: float = 0.0):
        entered.append(seconds)
        return poll(seconds)

    loop._readiness._poll = counting
    return entered


# ---- the descriptor


def test_the_descriptor_is_put_back_when_the_last_loop_closes() -> None:
    roots = [tkinter.Tcl() for _ in range(3)]
    loops = [loop_for(root) for root in roots]
    assert wakeup_fd() != -1
    for loop in (loops[2], loops[0]):
        loop.close()
        assert wakeup_fd() != -1
    heard: list[int] = []
    signal.signal(USER_SIGNAL, lambda got, _frame: (heard.append(got), roots[0].quit()))
    shoot(roots[0], USER_SIGNAL)
    assert not run_tk(roots[0])
    assert heard
    loops[1].close()
    assert wakeup_fd() == -1


@pytest.fixture
def theirs(make_pair: Callable[[], tuple[socket.socket, socket.socket]]) -> Iterator[_Theirs]:
    """A descriptor of the program's."""
    reader, writer = make_pair()
    yield _Theirs(reader, writer)
    signal.set_wakeup_fd(-1)


class _Theirs:
    def __init__(self, reader: socket.socket, writer: socket.socket) -> None:
        self._reader, self._writer = reader, writer

    def set(self) -> int:
        """Sets it, and returns what was set before."""
        return signal.set_wakeup_fd(self._writer.fileno())

    def is_set(self) -> bool:
        return wakeup_fd() == self._writer.fileno()

    def close(self) -> None:
        self._writer.close()

    def heard(self) -> bytes:
        return self._reader.recv(99)


def test_a_descriptor_of_the_programs_is_left_alone(root, theirs) -> None:
    signal.signal(USER_SIGNAL, lambda *_: None)
    theirs.set()
    loop = loop_for(root)
    assert theirs.is_set()
    send_signal(USER_SIGNAL)
    assert theirs.heard() == bytes([USER_SIGNAL])
    loop.close()
    assert theirs.is_set()


@pytest.mark.parametrize("others", [0, 1])
def test_a_descriptor_that_comes_later_is_left_alone(root, theirs, others) -> None:
    loops = [loop_for(tkinter.Tcl()) for _ in range(others)]
    loop = loop_for(root)
    theirs.set()
    loop_for(root)
    for each in [loop, *loops]:
        each.close()
        assert theirs.is_set()


@pytest.mark.parametrize("when", ["before the loop", "after it", "closed"])
def test_with_a_descriptor_of_the_programs_a_signal_is_acted_on(root, theirs, make_loop, when) -> None:
    heard: list[int] = []
    signal.signal(USER_SIGNAL, lambda got, _frame: (heard.append(got), root.quit()))
    if when != "after it":
        theirs.set()
    if when == "closed":
        theirs.close()
    loop = make_loop(root)
    if when == "after it":
        theirs.set()
    shoot(root, USER_SIGNAL)
    assert not run_tk(root)
    assert heard == [USER_SIGNAL]
    if when != "closed":
        assert theirs.is_set()
        assert theirs.heard() == bytes([USER_SIGNAL])
        loop.close()
        assert theirs.is_set()


def test_a_descriptor_that_goes_before_tk_runs_is_followed_by_the_loops(root, theirs, make_loop) -> None:
    make_loop(root)
    theirs.set()
    signal.set_wakeup_fd(-1)  # as asyncio.run does
    root.tk.call("update")
    assert wakeup_fd() != -1


def test_a_descriptor_that_has_gone_is_followed_by_the_loops(root, theirs) -> None:
    theirs.set()
    loop = loop_for(root)
    signal.set_wakeup_fd(-1)
    loop_for(root)
    assert wakeup_fd() != -1
    loop.close()


def test_a_loop_in_another_thread_leaves_signals_alone() -> None:
    said: list[int] = []

    def live() -> None:
        interpreter = tkinter.Tcl()
        loop = loop_for(interpreter)
        loop.call_soon(interpreter.quit)
        interpreter.mainloop(-1)
        loop.close()
        said.append(1)

    thread = threading.Thread(target=live)
    thread.start()
    thread.join()
    assert said == [1]
    assert wakeup_fd() == -1


def test_the_child_of_a_fork_writes_no_signals_to_its_parent(root) -> None:
    from tests.loop.test_fork import fork

    loop = loop_for(root)

    def child() -> None:
        assert wakeup_fd() == -1

    fork(child)
    assert wakeup_fd() != -1
    loop.close()


# ---- whole programs

PROGRAMS = {
    "SIGINT": ("", "KeyboardInterrupt", -signal.SIGINT),
    "SIGTERM that quits": ("signal.signal(signal.SIGTERM, lambda *_: root.quit())", "", 0),
    "SIGTERM that exits": ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))", "", 7),
}


@pytest.mark.slow
@pytest.mark.parametrize("notifier", ["filehandler", "channel", "polled"])
@pytest.mark.parametrize("window", [False, True])
@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_signal_ends_a_program_that_is_idle(display_root, notifier, window, kind) -> None:
    setup, error, status = PROGRAMS[kind]
    number = signal.SIGINT if kind == "SIGINT" else signal.SIGTERM
    ended = run_child(f"""
        import os, signal, sys, threading, tkinter
        os.environ["TKWS_NOTIFIER"] = "{notifier}"
        signal.signal(signal.SIGINT, signal.default_int_handler)
        import tkws
        root = {"tkinter.Tk()" if window else "tkinter.Tcl()"}
        server = tkws.serve(master=root)
        {setup}
        killer = threading.Timer(0.2, {SEND}, [{int(number)}])
        killer.daemon = True
        root.after(0, killer.start)  # once it waits
        root.mainloop({"" if window else -1})
        """)
    assert ended.returncode == status
    assert ended.stdout == ""
    assert (ended.stderr.splitlines() or [""])[-1] == error


UNDER_A_FLOOD = {
    "mainloop": ("root.mainloop(-1)", "KeyboardInterrupt", -signal.SIGINT),
    "update": ("while True: root.tk.call('update')", "KeyboardInterrupt", -signal.SIGINT),
    "a wait": ("root.tk.call('vwait', 'never')", "_tkinter.TclError: ended by KeyboardInterrupt", 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("notifier", ["filehandler", "channel", "polled"])
@pytest.mark.parametrize("how", UNDER_A_FLOOD)
def test_an_interrupt_ends_a_program_under_a_flood(notifier, how) -> None:
    wait, error, status = UNDER_A_FLOOD[how]
    ended = run_child(f"""
        import os, signal, threading, tkinter
        os.environ["TKWS_NOTIFIER"] = "{notifier}"
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from tkws.loop import loop_for
        root, other = tkinter.Tcl(), tkinter.Tcl()
        for each in root, other:
            reader, writer = os.pipe()
            os.write(writer, b"x")
            loop_for(each).watch(reader, lambda: sum(range(5000)), None)
        killer = threading.Timer(0.2, {SEND}, [signal.SIGINT])
        killer.daemon = True
        root.after(0, killer.start)  # once it waits
        {wait}
        """)
    assert (ended.stderr.splitlines() or [""])[-1] == error
    assert ended.stderr.startswith("Traceback (most recent call last)")
    assert ended.returncode == status


# ---- Ctrl-C

interrupt = partial(signal.raise_signal, signal.SIGINT)


@pytest.fixture
def interruptible() -> None:
    """Python's own handler of SIGINT, as at the start of a program; ask for it before a loop."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def guarded(interruptible, make_loop, root) -> Loop:
    """A loop of each kind, of a program without a handler of its own."""
    return make_loop(root)


def test_an_interrupt_leaves_mainloop_and_a_second_one_goes_on(guarded, root, pair, log, pump_until) -> None:
    near, far = pair
    guarded.watch(near.fileno(), lambda: log.append(near.recv(9)), None)
    for _ in range(3):
        shoot(root, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            run_tk(root)
        assert not guarded.dispatching
    far.send(b"alive")
    guarded.call_soon_threadsafe(log.append, "called")
    pump_until(lambda: len(log) == 2)


@pytest.mark.parametrize("ask", ["call_soon", "at_slice_end", "call_later", "call_soon_threadsafe"])
def test_an_interrupt_in_tkws_loses_nothing(guarded, root, log, pump_until, ask) -> None:
    """What is called here has no frame of its own: the signal comes in the midst of the loop."""
    for number in range(3):
        for call in (partial(log.append, number), interrupt):
            getattr(guarded, ask)(*([0.0] if ask == "call_later" else []), call)
    interrupted = 0
    while len(log) < 3:
        with pytest.raises(KeyboardInterrupt):
            run_tk(root)
        interrupted += 1
    assert log == [0, 1, 2]
    assert 1 <= interrupted <= 3


def test_an_interrupt_in_the_programs_code_comes_at_once(guarded, root, log) -> None:
    def work() -> None:
        log.append("begun")
        interrupt()
        log.append("not reached")

    guarded.call_soon(work)
    with pytest.raises(KeyboardInterrupt):
        run_tk(root)
    assert log == ["begun"]


def test_an_interrupt_in_a_library_is_its_callers(guarded, root, log) -> None:
    class Fails:
        def __repr__(self) -> str:
            interrupt()
            raise AssertionError

    def work() -> None:
        functools.reduce(lambda _first, second: repr(second), [1, Fails()])

    guarded.call_soon(work)
    with pytest.raises(KeyboardInterrupt):
        run_tk(root)


def update_for_ever(root: tkinter.Tk) -> None:
    while True:
        root.update()


def test_update_raises_an_interrupt_that_was_put_off(guarded, root, log) -> None:
    guarded.call_soon(interrupt)
    guarded.call_soon(log.append, "served")
    with pytest.raises(KeyboardInterrupt):
        update_for_ever(root)
    assert log == ["served"]


def test_an_interrupt_before_mainloop_is_raised_by_it(guarded, root) -> None:
    guarded.on_close(interrupt)  # its end is the next call of tkws
    other = tkinter.Tcl()
    second = loop_for(other)
    guarded.close()
    with pytest.raises(KeyboardInterrupt):
        run_tk(other)
    second.close()


@pytest.mark.parametrize("how", ["vwait", "eval", "nested"])
def test_an_interrupt_ends_a_dialog(guarded, root, log, how) -> None:
    """A dialog waits in Tcl: no instruction of Python's is executed until it ends."""

    def wait() -> None:
        if how == "eval":
            root.tk.eval("vwait tkws_test")
        else:
            root.tk.call("vwait", "tkws_test")

    def ask() -> None:
        if how == "nested":
            guarded.call_soon(wait)
        root.tk.call("after", 0, f"exec sh -c {{kill -INT {os.getpid()}}}")  # by Tcl, once it waits
        try:
            wait()
        finally:
            log.append("ended")

    guarded.call_soon(ask)
    with pytest.raises(KeyboardInterrupt):
        run_tk(root)
    assert log == ["ended"]
    assert root.tk.eval("set x 1") == root.tk.call("set", "x") == "1"
    guarded.call_soon(root.quit)
    assert not run_tk(root)


def test_a_dialog_of_a_button_is_ended_too(interruptible, display_root) -> None:
    loop_for(display_root)
    reported: list[BaseException] = []
    display_root.report_callback_exception = lambda _kind, error, _traceback: reported.append(error)
    dialog = tkinter.Toplevel(display_root)

    def ask() -> None:
        shoot(display_root, signal.SIGINT)
        display_root.wait_window(dialog)

    button = tkinter.Button(display_root, command=ask)
    display_root.after(1, button.invoke)
    with pytest.raises(KeyboardInterrupt):
        display_root.mainloop()
    assert [type(error) for error in reported] == [tkinter.TclError] * len(reported)
    assert dialog.winfo_exists()


def test_a_dialog_that_asks_whether_to_end_is_left_alone(guarded, root, log) -> None:
    """It is opened where KeyboardInterrupt was caught, and a byte of that signal is still to be read."""
    shoot(root, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_tk(root)
    guarded.call_later(0.15, root.setvar, "tkws_answer", "no")
    root.tk.call("vwait", "tkws_answer")
    assert root.getvar("tkws_answer") == "no"


def wait_for_ever(root: tkinter.Tk) -> None:
    root.tk.call("vwait", "tkws_test")


def wait_and_go_on(root: tkinter.Tk) -> None:
    """A dialog without `mainloop`, of a program that takes its end for its user's."""
    with suppress(tkinter.TclError):
        wait_for_ever(root)
    for _ in range(1000):
        pass
    pytest.fail("the program goes on")


def update_with(loop: Loop, root: tkinter.Tk, work: Callable[[], object]) -> None:
    loop.call_soon(work)
    update_for_ever(root)


def wait_with(loop: Loop, root: tkinter.Tk, work: Callable[[], object]) -> None:
    loop.call_soon(work)
    wait_and_go_on(root)


def ask_with(loop: Loop, root: tkinter.Tk, work: Callable[[], object]) -> None:
    """A dialog in a callback of `mainloop`; the work is done while it is open."""

    def ask() -> None:
        loop.call_soon(work)
        wait_for_ever(root)

    loop.call_soon(ask)
    run_tk(root)


WAITS = [update_with, wait_with, ask_with]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("how", ["interrupt", "sys.exit", "in a callback of a callback"])
def test_what_leaves_a_callback_is_raised_where_tk_is_waited_for(guarded, root, log, pump_until, wait, how):
    """Tk itself keeps it for ``mainloop``, which ``update`` and a dialog are not."""

    def work() -> None:
        if how == "sys.exit":
            sys.exit("enough")
        interrupt()

    def nested() -> None:
        guarded.call_soon(work)
        root.update()

    with pytest.raises(SystemExit if how == "sys.exit" else KeyboardInterrupt) as raised:
        wait(guarded, root, nested if how == "in a callback of a callback" else work)
    if how == "sys.exit":
        assert "work" in [entry.name for entry in raised.traceback]
    guarded.call_soon(log.append, "alive")
    pump_until(lambda: log == ["alive"])


def test_an_interrupt_of_a_wait_comes_without_tk_if_the_program_goes_on(guarded, root) -> None:
    root.tk.call("after", 0, f"exec sh -c {{kill -INT {os.getpid()}}}")
    with pytest.raises(KeyboardInterrupt):
        wait_and_go_on(root)


@pytest.mark.parametrize("how", ["interrupt", "sys.exit"])
def test_a_wait_around_the_dialog_that_was_ended_is_followed_by_it_when_tk_runs_next(guarded, root, log, how):
    """Tcl ends all waits at once, and Tk has no turn between them."""

    def ask() -> None:
        if how == "interrupt":
            root.tk.call("after", 0, f"exec sh -c {{kill -INT {os.getpid()}}}")
        else:
            guarded.call_soon(sys.exit, "enough")
        try:
            wait_and_go_on(root)
        except BaseException as error:
            log.append(type(error))
            raise

    guarded.call_soon(ask)
    wanted = KeyboardInterrupt if how == "interrupt" else SystemExit
    with pytest.raises(tkinter.TclError, match=f"^ended by {wanted.__name__}$"):
        wait_for_ever(root)
    with pytest.raises(wanted):
        update_for_ever(root)
    assert log == [wanted]


@pytest.mark.slow
def test_an_interrupt_of_a_wait_comes_without_tk_beside_loops_that_are_busy(guarded, root) -> None:
    """Some of them always have a Tk timer that is due when the wait is cancelled."""
    interpreters = [tkinter.Tcl() for _ in range(12)]
    loops = [loop_for(interpreter) for interpreter in interpreters]

    def tick(loop: Loop) -> None:
        loop.call_later(0.001, tick, loop)

    for loop in loops:
        tick(loop)
    for _ in range(3):
        guarded.call_soon(interrupt)
        with pytest.raises(KeyboardInterrupt):
            wait_and_go_on(root)
    for loop in loops:
        loop.close()


def test_a_loop_with_work_left_outlives_the_dialogs_that_an_interrupt_ends(guarded, root, log) -> None:
    """No command of Tcl's can be called before all of them have ended."""

    def wait() -> None:
        try:
            wait_for_ever(root)
        finally:
            guarded.call_soon(log.append, "left")  # the time of the slice is spent, too

    def ask() -> None:
        guarded.call_soon(wait)
        root.tk.call("after", 0, f"exec sh -c {{kill -INT {os.getpid()}}}")
        wait_for_ever(root)

    guarded.call_soon(ask)
    with pytest.raises(KeyboardInterrupt):
        run_tk(root)
    guarded.call_later(0.01, root.quit)
    assert not run_tk(root)
    assert log == ["left"]


@pytest.mark.parametrize("wait", WAITS)
def test_an_interrupt_on_a_machine_that_stalls(guarded, root, monkeypatch, wait) -> None:
    """The machine stands still after the signal has been put off: the time for that is over then."""
    times: list[float] = []

    class Stalling:
        @staticmethod
        def monotonic() -> float:
            times.append(time.monotonic())
            return times[-1] + 10 * (len(times) > 1)

    monkeypatch.setattr("tkws.loop.interrupts.time", Stalling)
    with pytest.raises(KeyboardInterrupt):
        wait(guarded, root, interrupt)
    assert len(times) > 1


def test_no_timer_is_left_of_an_interrupt_in_an_interrupt() -> None:
    class Timer:
        active = True

        def deletetimerhandler(self) -> None:
            self.active = False

    class Tkapp:
        """An interpreter that is interrupted while it makes its first timer."""

        def __init__(self) -> None:
            self.timers: list[Timer] = []

        def createtimerhandler(self, _ms: int, _callback: object) -> Timer:
            self.timers.append(made := Timer())
            if len(self.timers) == 1:
                handler._defer()
            return made

    handler, tkapp = SigintHandler(), Tkapp()
    handler._tkapps.append(tkapp)
    handler._defer()
    assert len(tkapp.timers) > 1
    handler._reset()
    assert not any(timer.active for timer in tkapp.timers)


def test_what_does_not_return_to_tk_is_interrupted_after_a_second(guarded, root, log, monkeypatch) -> None:
    monkeypatch.setattr(sigint_handler, "max_delay", 0.0)
    guarded.call_soon(interrupt)
    guarded.call_soon(interrupt)
    guarded.call_soon(log.append, "later")
    with pytest.raises(KeyboardInterrupt):
        run_tk(root)
    assert log == []


@pytest.mark.parametrize("before", [True, False])
def test_a_handler_of_the_programs_is_left_alone(root, before) -> None:
    def own(*_: object) -> None:
        raise AssertionError

    signal.signal(signal.SIGINT, own if before else signal.default_int_handler)
    loop = loop_for(root)
    signal.signal(signal.SIGINT, own)
    loop_for(root)
    assert signal.getsignal(signal.SIGINT) is own
    loop.close()
    assert signal.getsignal(signal.SIGINT) is own


def test_pythons_handler_is_put_back_when_the_last_loop_closes(interruptible, root) -> None:
    from tests.loop.test_fork import fork

    other = tkinter.Tcl()
    first, second = loop_for(root), loop_for(other)
    ours = signal.getsignal(signal.SIGINT)
    assert ours is not signal.default_int_handler

    def child() -> None:
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    fork(child)
    first.close()
    assert signal.getsignal(signal.SIGINT) == ours
    second.close()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, ours)  # a program may have kept it
    with pytest.raises(KeyboardInterrupt):
        interrupt()
