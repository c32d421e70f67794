"""Tasks that are started from callbacks of Tk's."""

from __future__ import annotations

import asyncio
import gc
import threading
import tkinter
import weakref

import pytest

from tests.aio.test_guest import fail, forever
from tkws import StateError, aio


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


def test_a_coroutine_is_started_and_named(guest, root, pump_until):
    task = aio.spawn(double(4), root)
    assert task.get_name() == "double"
    assert task.get_loop() is guest
    pump_until(task.done)
    assert task.result() == 8
    named = aio.spawn(double(1), root, name="one")
    assert named.get_name() == "one"
    pump_until(named.done)


def test_it_is_held_until_it_is_done(guest, root, pump_until):
    log = []

    async def work():
        future = asyncio.get_running_loop().create_future()
        log.append(weakref.ref(future))
        await future

    reference = weakref.ref(aio.spawn(work(), root))
    pump_until(lambda: log)
    gc.collect()
    assert reference() is not None
    log[0]().set_result(None)
    pump_until(lambda: not guest.spawned)
    pump_until(lambda: (gc.collect(), reference() is None)[1])


def test_its_exception_is_heard(guest, root, pump_until, callback_errors):
    task = aio.spawn(fail(), root)
    pump_until(lambda: callback_errors)
    assert callback_errors == [task.exception()]
    callback_errors.clear()
    pump_until(lambda: not guest.spawned)


@pytest.mark.parametrize("way", ["await", "wait", "gather"])
def test_an_exception_that_is_awaited_is_not_heard_twice(guest, root, pump_until, way):
    async def work():
        task = aio.spawn(fail(), root)
        if way == "wait":
            await asyncio.wait([task])
        with pytest.raises(ZeroDivisionError):
            await (asyncio.gather(task) if way == "gather" else task)
        return "caught"

    assert guest.run_until_complete(work()) == "caught"


def test_a_cancelled_task_is_quiet(guest, root, pump_until):
    task = aio.spawn(forever(), root)
    guest.call_soon(task.cancel)
    pump_until(task.done)
    pump_until(lambda: not guest.spawned)


def test_what_ends_a_program_is_not_reported_too(guest, root, pump_until):
    async def leave():
        raise SystemExit(3)

    aio.spawn(leave(), root)
    with pytest.raises(SystemExit):
        root.tk.mainloop(-1)
    pump_until(lambda: not guest.spawned)


@pytest.mark.parametrize("end", ["destroy", "tcl", "parent"])
def test_it_is_cancelled_with_its_widget(display_root, pump_until, end):
    window = tkinter.Toplevel(display_root)
    frame = tkinter.Frame(window)
    log = []
    task = aio.spawn(forever(log), frame)
    aio.loop(display_root).run_until_complete(asyncio.sleep(0))
    assert not task.done()
    {
        "destroy": frame.destroy,
        "tcl": lambda: frame.tk.call("destroy", frame),
        "parent": window.destroy,
    }[end]()
    pump_until(task.done)
    assert task.cancelled()
    assert log == ["ended"]
    kept = aio.spawn(double(1), window if end != "parent" else display_root)
    pump_until(kept.done)
    assert kept.result() == 2


def test_with_the_default_root(display_root, pump_until):
    task = aio.spawn(double(1))
    pump_until(task.done)
    assert task.get_loop() is aio.loop(display_root)


def test_a_destroyed_widget_is_refused(display_root, pump_until):
    frame = tkinter.Frame(display_root)
    frame.destroy()
    with pytest.raises(StateError, match="destroyed"):
        aio.spawn(double(1), frame)
    pump_until(lambda: not aio.loop(display_root).spawned)


@pytest.mark.parametrize("thing", [double, 5, None])
def test_what_is_no_coroutine_is_refused(root, thing):
    with pytest.raises(TypeError, match="^coroutine: what calling an async function returns"):
        aio.spawn(thing, root)


def test_another_thread_is_refused(guest, root):
    raised = []

    def start():
        try:
            aio.spawn(double(1), root)
        except StateError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "thread" in str(raised[0])


def test_an_exception_at_the_end_is_heard(guest, root, callback_errors):
    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("at the end")

    aio.spawn(work(), root)
    guest.run_until_complete(asyncio.sleep(0))
    guest.host.close()
    assert [str(error) for error in callback_errors] == ["at the end"]
    callback_errors.clear()
    assert not guest.spawned


def test_nothing_is_left_of_a_thousand(guest, root, pump_until):
    references = []
    for number in range(1000):
        task = aio.spawn(forever(), root)
        references.append(weakref.ref(task))
        (task.cancel if number % 2 else lambda task=task: guest.call_soon(task.cancel))()
    del task
    pump_until(lambda: not guest.spawned)
    pump_until(lambda: (gc.collect(), not any(reference() for reference in references))[1])


def test_nothing_is_left_of_tasks_with_a_widget(display_root, pump_until):
    frame = tkinter.Frame(display_root)
    before = display_root.tk.splitlist(display_root.tk.call("info", "commands"))
    for _ in range(10):
        aio.spawn(double(1), frame)
    pump_until(lambda: not aio.loop(display_root).spawned)
    assert not frame.tk.call("trace", "info", "command", str(frame))
    after = display_root.tk.splitlist(display_root.tk.call("info", "commands"))
    assert [name for name in after if "tkws_aio" in name] == []
    assert len(before) <= len(after)


def test_what_has_not_begun_when_the_interpreter_ends_never_does(guest, root):
    begun = []

    async def work():
        begun.append(1)

    task = aio.spawn(work(), root)
    guest.host.close()
    assert task.cancelled()
    assert not begun
