"""asyncio's event loop in Tk's: its turns, its beginning and its end."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tkinter
import weakref
from pathlib import Path

import pytest

from tests import guards
from tkws import StateError, aio
from tkws.loop import loop_for

REPOSITORY = Path(__file__).parents[2]


async def flood():
    """Be ready at once, for ever."""
    while True:  # noqa: ASYNC110 - that is the flood
        await asyncio.sleep(0)


async def forever(log=None, pause=0.0):
    """Wait for its end, and write it down."""
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(pause)
        if log is not None:
            log.append("ended")


# ---- one loop for each interpreter


def test_one_loop_for_each_interpreter(guest, root):
    assert aio.loop(root) is guest
    other = tkinter.Tcl()
    assert aio.loop(other) is not guest
    loop_for(other).close()


def test_a_new_loop_when_the_old_one_is_closed(guest, root):
    guest.close()
    second = aio.loop(root)
    assert second is not guest
    assert second.run_until_complete(asyncio.sleep(0, 1)) == 1
    second.close()


def test_what_is_no_widget_is_refused():
    with pytest.raises(TypeError, match="master: a widget"):
        aio.loop("window")


def test_another_thread_is_refused(root):
    raised = []

    def ask():
        try:
            aio.loop(root)
        except StateError as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert "thread" in str(raised[0])


def test_run_until_complete_in_another_thread_is_refused(guest):
    raised = []

    def run():
        try:
            guest.run_forever()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "thread of its Tcl interpreter" in str(raised[0])


# ---- turns


def test_a_task_is_run_by_tks_loop(guest, pump_until):
    said = []

    async def work():
        said.append(asyncio.get_running_loop())
        await asyncio.sleep(0.001)
        said.append("slept")

    task = guest.create_task(work())
    pump_until(task.done)
    assert said == [guest, "slept"]
    assert asyncio._get_running_loop() is None


@pytest.mark.parametrize("way", ["call_soon", "call_later", "call_soon_threadsafe"])
def test_what_is_queued_from_outside_wakes_it(guest, pump_until, way):
    said = []
    pump_until(lambda: not guest._turn_scheduled)
    {
        "call_soon": lambda: guest.call_soon(said.append, 1),
        "call_later": lambda: guest.call_later(0.001, said.append, 1),
        "call_soon_threadsafe": lambda: guest.call_soon_threadsafe(said.append, 1),
    }[way]()
    assert said == []
    pump_until(lambda: said)


def test_another_thread_wakes_it(guest, pump_until):
    said = []

    async def work():
        said.append(threading.current_thread() is threading.main_thread())
        return 5

    future = []
    thread = threading.Thread(
        target=lambda: future.append(asyncio.run_coroutine_threadsafe(work(), guest).result(5))
    )
    thread.start()
    pump_until(lambda: future)
    thread.join()
    assert future == [5]
    assert said == [True]


def test_an_earlier_timer_is_in_time(guest, pump_until):
    said = []
    guest.call_later(1000, said.append, "late")
    pump_until(lambda: not guest._turn_scheduled)
    guest.call_later(0.01, said.append, "early")
    pump_until(lambda: said)
    assert said == ["early"]
    assert guest.host.next_deadline > guest.host.now() + 900


def test_endless_waiting_needs_no_timer(guest, pump_until):
    task = guest.create_task(asyncio.sleep(float("inf")))
    pump_until(lambda: not guest._turn_scheduled)
    assert guest.next_deadline() == float("inf")
    task.cancel()
    pump_until(task.done)


def test_nothing_is_owed_while_nothing_happens(guest, root, pump_until):
    async def cancelled_timeouts():
        for _ in range(10):
            async with asyncio.timeout(50):
                await asyncio.sleep(0)
        await asyncio.Event().wait()

    task = guest.create_task(cancelled_timeouts())
    pump_until(lambda: not guest._turn_scheduled and not guest._ready)
    assert guest.host.next_deadline == float("inf")
    if os.environ["TKWS_NOTIFIER"] == "filehandler":
        entered = []
        watched = guest.host._readiness.fileno()
        root.createfilehandler(watched, tkinter.READABLE, lambda *_: entered.append(1))
        until = time.monotonic() + 0.1
        pump_until(lambda: time.monotonic() > until)
        assert not entered
        guest.host._attach_to_tk()
    task.cancel()
    pump_until(task.done)


@pytest.mark.slow
def test_tk_and_the_loop_live_under_a_flood_of_callbacks(guest, root, pump_until, heartbeat):
    beats, turns, updates, beating = [], [0], [], []

    async def counted_flood():
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    def beat():
        beats.append(1)
        beating[:] = [root.after(5, beat)]

    tasks = [guest.create_task(counted_flood()) for _ in range(20)]
    beat()
    root.after(20, lambda: (root.update(), updates.append(1)))
    pump_until(lambda: len(beats) > 20 and updates and turns[0] > 1000)
    root.after_cancel(beating[0])
    for task in tasks:
        task.cancel()
    pump_until(lambda: all(task.done() for task in tasks))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["call_soon", "call_later"])
def test_many_callbacks_at_once_do_not_hold_tk_up(guest, pump_until, heartbeat, kind):
    done = [0]

    def work():
        done[0] += 1

    for _ in range(20_000):
        if kind == "call_soon":
            guest.call_soon(work)
        else:
            guest.call_later(0.05, work)
    pump_until(lambda: done[0] == 20_000)


def test_descriptors_are_served_under_a_flood_of_callbacks(guest, pump_until):
    async def echo():
        near, far = socket.socketpair()
        near.setblocking(False)
        with near, far:
            for _ in range(5):
                far.send(b"x")
                await guest.sock_recv(near, 1)

    task, talk = guest.create_task(flood()), guest.create_task(echo())
    pump_until(talk.done)
    task.cancel()
    talk.result()
    pump_until(task.done)


# ---- coroutines that run Tk's loop


def test_turns_wait_while_a_coroutine_runs_tks_loop(guest, root, pump_until):
    said = []
    near, far = socket.socketpair()
    near.setblocking(False)

    async def dialog():
        guest.call_soon(said.append, "later")
        guest.call_later(0, said.append, "timer")
        far.send(b"x")
        root.after(20, lambda: root.setvar("closed", 1))
        root.after(5, lambda: said.append("tk"))
        root.tk.call("vwait", "closed")
        said.append("closed")

    async def reader():
        said.append(await guest.sock_recv(near, 10))

    tasks = [guest.create_task(reader()), guest.create_task(dialog())]
    pump_until(tasks[1].done)
    pump_until(tasks[0].done)
    assert said[:2] == ["tk", "closed"]
    assert {"later", "timer", b"x"} <= set(said)
    near.close()
    far.close()


def test_a_dialog_in_a_coroutine_does_not_spin(guest, root, pump_until):
    near, far = socket.socketpair()
    near.setblocking(False)
    found = []
    real = guest._handed._note
    guest._handed._note = lambda *args: (found.append(1), real(*args))

    async def dialog():
        far.send(b"x")
        root.after(60, lambda: root.setvar("closed", 1))
        root.tk.call("vwait", "closed")

    guest.add_reader(near, lambda: near.recv(10))
    task = guest.create_task(dialog())
    pump_until(task.done)
    assert len(found) <= 4
    guest.remove_reader(near)
    near.close()
    far.close()


def test_a_second_root_goes_on_while_a_coroutine_of_the_first_runs_tks_loop(guest, root, pump_until):
    other = tkinter.Tcl()
    second = aio.loop(other)
    said = []

    async def beside():
        assert asyncio.get_running_loop() is second
        await asyncio.sleep(0.001)
        said.append("beside")
        root.setvar("closed", 1)

    async def dialog():
        second.create_task(beside())
        root.tk.call("vwait", "closed")
        said.append(asyncio.get_running_loop() is guest)
        said.append(asyncio.current_task().get_name())

    task = guest.create_task(dialog(), name="dialog")
    pump_until(task.done)
    assert said == ["beside", True, "dialog"]
    second.close()
    loop_for(other).close()


# ---- run_until_complete, run_forever, stop


def test_it_runs_tk_until_a_future_is_done(guest, root):
    async def main():
        event = asyncio.Event()
        root.after(1, event.set)
        await event.wait()
        return "result"

    assert guest.run_until_complete(main()) == "result"
    with pytest.raises(ZeroDivisionError):
        guest.run_until_complete(fail())


async def fail():
    return 1 / 0


def test_inside_it_is_refused_with_a_sentence(guest, root):
    async def main():
        with pytest.raises(RuntimeError, match="already running: in a coroutine use await"):
            guest.run_until_complete(guest.create_future())
        with pytest.raises(RuntimeError, match="already running"):
            guest.run_forever()
        nothing = asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="cannot be called from a running event loop"):
            asyncio.run(nothing)
        nothing.close()
        raised = guest.create_future()
        root.after(1, lambda: in_a_callback(raised))
        await raised

    def in_a_callback(raised):
        with pytest.raises(RuntimeError, match="already running"):
            guest.run_forever()
        raised.set_result(None)

    guest.run_until_complete(main())


def test_another_running_loop_is_refused(guest):
    async def main():
        with pytest.raises(RuntimeError, match="another loop is running"):
            guest.run_forever()

    asyncio.run(main())


def test_a_callback_of_tks_may_wait_for_it_as_for_a_dialog(guest, root, pump_until):
    said = []
    root.after(1, lambda: said.append(guest.run_until_complete(asyncio.sleep(0.001, "slept"))))
    pump_until(lambda: said)
    assert said == ["slept"]


def test_stop_ends_with_the_round(guest):
    said = []
    guest.call_soon(guest.stop)
    guest.call_soon(lambda: guest.call_soon(said.append, "next"))
    guest.call_soon(said.append, "this")
    guest.run_forever()
    assert said == ["this"]
    guest.stop()
    guest.run_forever()
    assert said == ["this", "next"]


def test_stop_leaves_the_main_loop_of_a_program(guest, root):
    said = []
    for number in range(2):
        guest.call_later(0.001, lambda number=number: (said.append(number), guest.stop()))
        root.tk.mainloop(-1)
        assert said == [*range(number + 1)]


def test_stop_reaches_it_through_a_main_loop_that_a_callback_opened(guest, root):
    said = []

    def nested():
        guest.call_soon(guest.stop)
        root.tk.mainloop(-1)
        said.append("nested")

    root.after(1, nested)
    guest.run_forever()
    assert said == ["nested"]


def test_quit_leaves_it(guest, root):
    root.after(1, root.quit)
    with pytest.raises(RuntimeError, match="stopped before Future completed"):
        guest.run_until_complete(guest.create_future())


def test_it_can_be_closed(guest, root, pump_until):
    task = guest.create_task(asyncio.sleep(0))
    pump_until(task.done)
    guest.call_later(1000, int)
    guest.run_until_complete(asyncio.sleep(0))
    guest.close()
    guest.close()
    assert guest.is_closed()
    assert guest.host.next_deadline == float("inf")
    with pytest.raises(RuntimeError, match="closed"):
        guest.call_soon(int)
    with pytest.raises(RuntimeError, match="closed"):
        guest.run_forever()


# ---- exceptions


def test_an_exception_goes_where_those_of_tks_callbacks_go(guest, pump_until, callback_errors):
    guest.call_soon(lambda: 1 / 0)
    pump_until(lambda: callback_errors)
    error = callback_errors.pop()
    assert isinstance(error, ZeroDivisionError)
    assert error.__notes__[0].startswith("asyncio: Exception in callback")


def test_a_task_that_nobody_asks_is_heard(guest, pump_until, callback_errors):
    guest.create_task(fail())
    pump_until(lambda: (gc.collect(), callback_errors)[1])
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_what_is_no_exception_is_logged(guest, caplog):
    guest.call_exception_handler({"message": "something is left"})
    assert "something is left" in caplog.text


def test_a_programs_own_exception_handler(guest, pump_until):
    heard = []
    guest.set_exception_handler(lambda loop, context: heard.append((loop, context["exception"])))
    guest.call_soon(lambda: 1 / 0)
    pump_until(lambda: heard)
    assert heard[0][0] is guest


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_ends_a_program_leaves_the_main_loop(guest, root, kind):
    async def leave():
        raise kind

    task = guest.create_task(leave())
    guest.call_soon(int)
    with pytest.raises(kind):
        root.tk.mainloop(-1)
    with pytest.raises(kind):
        task.result()
    assert guest.run_until_complete(asyncio.sleep(0.001, "as good as new")) == "as good as new"


# ---- what a loop has


def test_context_variables(guest, pump_until):
    var = contextvars.ContextVar("var", default="none")
    said = []

    async def work():
        said.append(var.get())
        var.set("task")
        await asyncio.sleep(0)
        said.append(var.get())

    var.set("callback")
    task = guest.create_task(work())
    var.set("later")
    pump_until(task.done)
    assert said == ["callback", "task"]
    assert var.get() == "later"


def test_a_subprocess(guest):
    async def main():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "print(input()[::-1])", stdin=-1, stdout=-1
        )
        out, _ = await process.communicate(b"olleh\n")
        return out, process.returncode

    assert guest.run_until_complete(main()) == (b"hello\n", 0)


def test_streams_and_tls(guest, server_ssl, client_ssl):
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()
        await writer.wait_closed()
        served.set()

    served = asyncio.Event()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_ssl)
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=client_ssl, server_hostname="localhost"
            )
            writer.write(b"hello\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            await served.wait()
            return answer

    assert guest.run_until_complete(main()) == b"HELLO\n"


def test_a_signal(guest, pump_until):
    heard = []
    guest.add_signal_handler(signal.SIGUSR1, heard.append, 1)
    os.kill(os.getpid(), signal.SIGUSR1)
    pump_until(lambda: heard)
    taken = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(taken)
    assert taken == guest._csock.fileno()
    assert guest.remove_signal_handler(signal.SIGUSR1)
    assert signal.set_wakeup_fd(-1) not in (-1, taken)  # the host's again
    guest.host.follow_signals()
    assert not guest.remove_signal_handler(signal.SIGUSR1)


# Tcl aborts the process if another thread frees the interpreter, and asyncio's thread that waits for the
# child may be the last to know it: so the program is a process, which ends without freeing anything.
IN_A_THREAD = """
import asyncio, os, sys, threading, tkinter
from tkws import aio
from tkws.loop import loop_for

def program():
    root = tkinter.Tcl()
    kept.append(root)
    guest = aio.loop(root)

    async def main():
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(1)", stdout=-1)
        return await process.communicate()

    print(guest.run_until_complete(main()))
    loop_for(root).close()
    print(guest.is_closed(), flush=True)

kept = []
thread = threading.Thread(target=program)
thread.start()
thread.join()
os._exit(0)
"""


@pytest.mark.slow
def test_in_a_thread_of_its_own():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IN_A_THREAD],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "(b'1\\n', None)\nTrue\n", "")


def test_debug_mode_refuses_a_foreign_thread(guest, pump_until):
    guest.set_debug(True)
    raised = []

    async def main():
        def call():
            try:
                guest.call_soon(int)
            except RuntimeError as error:
                raised.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    guest.run_until_complete(main())
    assert "Non-thread-safe" in str(raised[0])


# ---- the end


@pytest.mark.parametrize("pause", [0, 0.001])
def test_tasks_end_with_the_interpreter(guest, pump_until, pause):
    log = []
    task = guest.create_task(forever(log, pause))
    guest.run_until_complete(asyncio.sleep(0))
    guest.host.close()
    assert log == ["ended"]
    assert task.cancelled()
    assert guest.is_closed()


@pytest.mark.slow
def test_a_window_is_destroyed_at_any_await(display_root):
    for steps in range(6):
        window = tkinter.Tk()
        window.update_idletasks()  # ttk would complain of the window that has gone
        guest = aio.loop(window)
        log = []

        async def work(window=window, steps=steps, log=log):
            try:
                for step in range(6):
                    if step == steps:
                        window.destroy()
                    await asyncio.sleep(10 if step == steps else 0.0005 * (step % 2))
                    log.append(step)
            finally:
                await asyncio.sleep(0.001)
                log.append("ended")

        task = guest.create_task(work())
        window.mainloop(1)  # the other window is there still
        assert task.cancelled()
        assert log == [*range(steps), "ended"]
        assert guest.is_closed()


@pytest.mark.parametrize("where", ["callback", "coroutine", "update in a coroutine"])
def test_a_window_is_destroyed_while_it_is_run(display_root, where):
    window = tkinter.Tk()
    guest = aio.loop(window)
    log = []

    async def main():
        try:
            if where == "callback":
                window.after(1, window.destroy)
            elif where == "coroutine":
                window.destroy()
            else:
                window.after_idle(window.destroy)
                window.update()
            await asyncio.sleep(100)
        finally:
            log.append("ended")

    with pytest.raises(asyncio.CancelledError):
        guest.run_until_complete(main())
    assert log == ["ended"]
    assert guest.is_closed()


def test_a_task_of_another_root_may_destroy_the_window(guest, display_root, pump_until):
    other = tkinter.Tk()
    log = []

    async def destroy():
        task = asyncio.current_task()
        other.destroy()
        assert asyncio.current_task() is task
        await asyncio.sleep(0)

    ended = aio.loop(other).create_task(forever(log, 0.001))
    aio.loop(other).run_until_complete(asyncio.sleep(0))
    guest.run_until_complete(destroy())
    assert ended.cancelled()
    assert log == ["ended"]


def test_generators_and_threads_end_with_the_interpreter(guest):
    log = []

    async def numbers():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            log.append("generator")

    kept = numbers()

    async def main():
        await anext(kept)
        await asyncio.to_thread(log.append, "thread")

    guest.run_until_complete(main())
    guest.host.close()
    assert log == ["thread", "generator"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")]


def test_what_the_end_waits_for_may_still_use_the_loop(guest):
    log = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(sock=near)
                far.send(b"x")
                log.append(await reader.read(1))
                writer.close()
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(0.001))
            log.append(await asyncio.to_thread(int))

    near, far = socket.socketpair()
    guest.create_task(work())
    guest.run_until_complete(asyncio.sleep(0))
    guest.host.close()
    assert log == [b"x", 0]
    far.close()


def test_a_task_that_does_not_end_is_told_and_left(guest, monkeypatch, caplog):
    monkeypatch.setattr("tkws.aio.guest.GRACE", 0.05)
    released = []

    async def stubborn():
        while not released:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass

    task = guest.create_task(stubborn(), name="stubborn")
    guest.run_until_complete(asyncio.sleep(0))
    guest.host.close()
    assert "the task stubborn has not ended" in caplog.text
    assert guest.is_closed()
    task._log_destroy_pending = False
    released.append(1)
    asyncio.tasks._unregister_task(task)


def test_a_thread_that_does_not_end_is_told_and_left(guest, monkeypatch, caplog):
    monkeypatch.setattr("tkws.aio.guest.GRACE", 0.05)
    go_on = threading.Event()

    async def main():
        guest.run_in_executor(None, go_on.wait)

    guest.run_until_complete(main())
    guest.host.close()
    assert "a thread of the default executor has not ended" in caplog.text
    go_on.set()


def test_an_exception_at_the_end_is_heard(guest, callback_errors):
    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("at the end")

    guest.create_task(work())
    guest.run_until_complete(asyncio.sleep(0))
    guest.host.close()
    gc.collect()
    assert [str(error) for error in callback_errors] == ["at the end"]
    callback_errors.clear()


def test_a_forgotten_interpreter_takes_its_loop_with_it(notifier, pump_until):
    root = tkinter.Tcl()
    guest = weakref.ref(aio.loop(root))
    guest().run_until_complete(asyncio.sleep(0))
    del root
    pump_until(lambda: (gc.collect(), guest() is None)[1])


def test_nothing_is_left_of_a_thousand_cancelled_tasks(guest, pump_until):
    before = guards.open_descriptors()
    ended = []
    for _ in range(1000):
        task = guest.create_task(forever())
        task.add_done_callback(ended.append)
        guest.call_soon(task.cancel)
    task = None
    pump_until(lambda: len(ended) == 1000)
    references = [weakref.ref(task) for task in ended]
    ended.clear()
    gc.collect()
    assert not any(reference() for reference in references)
    assert not guest._ready
    assert not guest._scheduled
    assert guards.open_descriptors() == before


@pytest.mark.slow
def test_a_program_that_exits_ends_its_tasks():
    script = (
        "import asyncio, tkinter; from tkws import aio\n"
        "root = tkinter.Tcl(); guest = aio.loop(root)\n"
        "async def work():\n"
        "    try: await asyncio.Event().wait()\n"
        "    finally: await asyncio.sleep(0); print('ended')\n"
        "async def main(): await asyncio.to_thread(int)\n"
        "task = guest.create_task(work()); guest.run_until_complete(main())\n"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (result.stdout, result.stderr, result.returncode) == ("ended\n", "", 0)
