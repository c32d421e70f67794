"""A program that is one coroutine, in a window."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import tkinter
import weakref

import pytest

from tests import guards
from tests.aio.test_guest import fail, forever
from tkws import StateError, aio
from tkws.loop import loop_for
from tkws.loop.interrupts import sigint_handler


async def answer():
    await asyncio.sleep(0.001)
    return 42


@pytest.mark.usefixtures("notifier")
def test_it_returns_what_the_program_returns(root):
    assert aio.run(answer(), master=root) == 42
    assert aio.run(answer, master=root) == 42


@pytest.mark.usefixtures("notifier")
def test_tk_goes_on_meanwhile(root):
    async def main():
        event = asyncio.Event()
        root.after(1, event.set)
        await event.wait()
        return asyncio.get_running_loop() is aio.loop(root)

    assert aio.run(main(), master=root)


def test_exceptions_are_raised(root):
    with pytest.raises(ZeroDivisionError):
        aio.run(fail(), master=root)


def test_what_is_left_is_cancelled(root):
    log = []

    async def main():
        aio.spawn(forever(log, 0.001), root)
        asyncio.create_task(forever(log))  # noqa: RUF006 - the end sees to it
        await asyncio.sleep(0)
        await asyncio.to_thread(int)

    aio.run(main(), master=root)
    assert log == ["ended", "ended"]


def test_with_the_default_root(display_root):
    async def main():
        return asyncio.get_running_loop() is aio.loop(display_root)

    assert aio.run(main())


def test_debug_mode(root):
    async def main():
        return asyncio.get_running_loop().get_debug()

    assert aio.run(main(), master=root, debug=True)
    assert not aio.run(main(), master=root)


@pytest.mark.parametrize("end", ["destroy", "quit"])
def test_the_end_of_the_window_cancels_it(display_root, end):
    window = tkinter.Tk()
    log = []

    async def main():
        window.after(5, getattr(window, end))
        await forever(log, 0.001)

    assert aio.run(main(), master=window) is None
    assert log == ["ended"]
    if end == "quit":
        window.destroy()


def test_a_program_may_return_something_at_the_end_of_its_window(display_root):
    window = tkinter.Tk()

    async def main():
        window.after(5, window.destroy)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "saved"

    assert aio.run(main(), master=window) == "saved"


def test_a_program_that_is_cancelled_otherwise(root):
    async def main():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        aio.run(main(), master=root)


def test_its_own_runtime_error_is_raised(root):
    async def main():
        raise RuntimeError("of the program")

    with pytest.raises(RuntimeError, match="of the program"):
        aio.run(main(), master=root)


def test_inside_it_is_refused(root, callback_errors):
    async def main():
        with pytest.raises(RuntimeError, match="cannot be called from a running event loop"):
            aio.run(answer, master=root)
        event = asyncio.Event()
        root.after(1, lambda: (event.set(), aio.run(answer(), master=root)))
        await event.wait()
        await asyncio.sleep(0)

    aio.run(main(), master=root)
    assert "already running" in str(callback_errors.pop())


@pytest.mark.parametrize("main", [5, int, None])
def test_what_is_no_coroutine_is_refused(root, main):
    with pytest.raises(TypeError, match="^main: a coroutine"):
        aio.run(main, master=root)


def test_what_is_no_widget_is_refused():
    with pytest.raises(TypeError, match="master: a widget"):
        aio.run(answer(), master=5)


def test_another_thread_is_refused(root):
    raised = []

    def run():
        try:
            aio.run(answer(), master=root)
        except StateError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "thread" in str(raised[0])


@pytest.mark.usefixtures("notifier")
def test_ten_times_in_one_process_leave_nothing(root):
    aio.run(answer(), master=root)
    gc.collect()
    before = guards.open_descriptors()
    handler = signal.getsignal(signal.SIGINT)
    loops = []
    for _ in range(10):
        loops.append(weakref.ref(aio.loop(root)))
        aio.run(answer(), master=root)
    root.update()
    gc.collect()
    assert guards.open_descriptors() == before
    assert not any(loop() for loop in loops)
    assert signal.getsignal(signal.SIGINT) == handler


@pytest.mark.slow
@pytest.mark.parametrize("notifier", ["filehandler", "channel", "polled"])
def test_an_interrupt_ends_it_cleanly(notifier):
    script = (
        "import asyncio, tkinter; from tkws import aio\n"
        "async def main():\n"
        "    try: print('begun', flush=True); await asyncio.Event().wait()\n"
        "    finally: await asyncio.sleep(0.001); print('ended', flush=True)\n"
        "try: aio.run(main(), master=tkinter.Tcl())\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "TKWS_NOTIFIER": notifier},
    )
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert (out, errors, process.returncode) == ("ended\ninterrupted\n", "", 0)


def interrupt_soon() -> None:
    """Press Ctrl-C as soon as the running task waits."""
    asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)


def test_an_interrupt_cancels_the_program(root):
    async def main():
        interrupt_soon()
        await forever(log, 0.001)

    log = []
    with pytest.raises(KeyboardInterrupt):
        aio.run(main(), master=root)
    assert log == ["ended"]


def test_an_interrupt_before_the_program_begins(root):
    def main():
        aio.loop(root).host.at_slice_end(signal.raise_signal, signal.SIGINT)
        return forever()

    with pytest.raises(KeyboardInterrupt):
        aio.run(main, master=root)


def test_a_program_may_end_by_itself_at_an_interrupt(root):
    async def main():
        interrupt_soon()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "saved"

    assert aio.run(main(), master=root) == "saved"


def test_the_second_interrupt_is_raised(root):
    async def main():
        interrupt_soon()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("first")
            interrupt_soon()
            await forever(log)

    log = []
    with pytest.raises(KeyboardInterrupt):
        aio.run(main(), master=root)
    assert log == ["first", "ended"]


def test_other_windows_are_guarded_when_the_first_has_gone(root):
    """The handler of SIGINT is that of the loops as long as one is open, and Python's afterwards."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    first = tkinter.Tcl()
    try:

        async def main():
            loop_for(root)
            loop_for(first).close()

        assert aio.run(main(), master=first) is None
        assert signal.getsignal(signal.SIGINT) == sigint_handler._on_signal
        loop_for(root).close()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_that_the_program_sets_meanwhile_is_left_alone(root):
    def own(*_):
        raise AssertionError

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:

        async def main():
            signal.signal(signal.SIGINT, own)

        aio.run(main(), master=root)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_signals_wake_other_windows_when_asyncios_handler_has_gone_with_its_window(root):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    first = tkinter.Tcl()
    try:
        aio.loop(first).add_signal_handler(signal.SIGINT, print)
        assert not loop_for(root)._polls_signals  # the window of asyncio's loop wakes this one
        loop_for(first).close()
        fd = signal.set_wakeup_fd(-1)
        assert fd != -1
        signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
        assert signal.getsignal(signal.SIGINT) == sigint_handler._on_signal
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_programs_own_handler_is_left_alone(root):
    async def main():
        interrupt_soon()
        return await heard.wait()

    heard = asyncio.Event()
    before = signal.signal(signal.SIGINT, lambda *_: heard.set())
    try:
        assert aio.run(main(), master=root)
    finally:
        signal.signal(signal.SIGINT, before)
