"""A coroutine function as the command of a button, a binding, an after script."""

from __future__ import annotations

import asyncio
import functools
import tkinter

import pytest

from tests.aio.test_guest import fail
from tkws import aio


@pytest.fixture
def log():
    return []


@pytest.fixture
def gate():
    """Holds up every task of `work`, until it is opened."""
    return asyncio.Event()


@pytest.fixture
def work(log, gate):
    async def work(name):
        log.append(f"{name} begins")
        try:
            await gate.wait()
        except asyncio.CancelledError:
            log.append(f"{name} is cancelled")
            await asyncio.sleep(0.001)
            log.append(f"{name} cleans up")
            raise
        log.append(f"{name} ends")
        return name

    return work


@pytest.mark.slow
def test_ignore(guest, root, pump_until, log, gate, work):
    work = aio.command(work, master=root)
    first = work("1")
    assert work.running
    assert work("2") is None
    pump_until(lambda: log)
    gate.set()
    pump_until(first.done)
    assert first.result() == "1"
    assert not work.running
    third = work("3")
    pump_until(third.done)
    assert log == ["1 begins", "1 ends", "3 begins", "3 ends"]
    pump_until(lambda: not work.tasks)


def test_restart(guest, root, pump_until, log, gate, work):
    work = aio.command(work, again="restart", master=root)
    first = work("1")
    pump_until(lambda: log)
    second, third = work("2"), work("3")
    pump_until(lambda: "3 begins" in log)
    gate.set()
    pump_until(third.done)
    assert first.cancelled()
    assert second.cancelled()
    assert log == ["1 begins", "1 is cancelled", "1 cleans up", "3 begins", "3 ends"]


def test_queue(guest, root, pump_until, log, gate, work):
    work = aio.command(work, again="queue", master=root)
    tasks = [work(name) for name in "123"]
    pump_until(lambda: log)
    gate.set()
    pump_until(lambda: all(task.done() for task in tasks))
    assert log == ["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"]


def test_a_queue_goes_on_after_a_failure(guest, root, pump_until, log, callback_errors):
    async def work(name):
        log.append(name)
        await fail()

    work = aio.command(work, again="queue", master=root)
    work("1"), work("2")
    pump_until(lambda: len(callback_errors) == 2)
    callback_errors.clear()
    assert log == ["1", "2"]
    pump_until(lambda: not guest.spawned)


def test_parallel(guest, root, pump_until, log, gate, work):
    work = aio.command(work, again="parallel", master=root)
    tasks = [work(name) for name in "12"]
    pump_until(lambda: len(log) == 2)
    gate.set()
    pump_until(lambda: all(task.done() for task in tasks))
    assert log == ["1 begins", "2 begins", "1 ends", "2 ends"]


def test_cancel(guest, root, pump_until, log, work):
    work = aio.command(work, master=root)
    task = work("1")
    pump_until(lambda: log)
    work.cancel()
    pump_until(lambda: not work.tasks)
    assert task.cancelled()


def test_as_a_decorator_with_and_without_arguments(guest, root, pump_until):
    @aio.command
    async def plain():
        """Say something."""

    @aio.command(again="parallel", master=root)
    async def parallel():
        return 5

    assert plain.__name__ == "plain"
    assert plain.__doc__ == "Say something."
    task = parallel()
    assert task.get_name().endswith("parallel")
    pump_until(task.done)
    assert task.result() == 5


def test_each_object_has_its_own_tasks(guest, root, pump_until, gate):
    class Program:
        @aio.command(master=root)
        async def save(self, text):
            await gate.wait()
            return self, text

    one, two = Program(), Program()
    first, second = one.save("a"), two.save("b")
    assert one.save("c") is None
    gate.set()
    pump_until(lambda: first.done() and second.done())
    assert (first.result(), second.result()) == ((one, "a"), (two, "b"))
    assert isinstance(Program.save, aio.Command)


def test_a_widgets_method_belongs_to_the_widget(display_root, pump_until):
    class Window(tkinter.Toplevel):
        @aio.command
        async def wait(self):
            await asyncio.Event().wait()

    window = Window(display_root)
    task = window.wait()
    window.destroy()
    pump_until(task.done)
    assert task.cancelled()


def test_a_button_a_binding_and_a_script(display_root, pump_until):
    log = []

    async def work(*args):
        log.append(args)

    button = tkinter.Button(display_root, command=aio.command(work))
    button.winfo_id()  # events reach a window that exists
    button.invoke()
    pump_until(lambda: log == [()])
    button.bind("<<Go>>", aio.command(work))
    button.event_generate("<<Go>>")
    pump_until(lambda: len(log) == 2)
    assert log[1][0].widget is button
    button.after(1, aio.command(work), "later")
    pump_until(lambda: len(log) == 3)
    assert log[2] == ("later",)
    command = aio.command(lambda: work("lambda"))
    button["command"] = command
    button.invoke()
    pump_until(lambda: len(log) == 4 and not command.tasks)


def test_a_task_of_a_binding_ends_with_the_widget(display_root, pump_until):
    button = tkinter.Button(display_root)
    button.winfo_id()  # events reach a window that exists
    command = aio.command(lambda event: asyncio.Event().wait())
    button.bind("<<Go>>", command)
    button.event_generate("<<Go>>")
    (task,) = command.tasks
    button.destroy()
    pump_until(task.done)
    assert task.cancelled()


def test_an_exception_is_heard(guest, root, pump_until, callback_errors):
    command = aio.command(fail, master=root)
    command()
    pump_until(lambda: callback_errors)
    assert isinstance(callback_errors.pop(), ZeroDivisionError)
    pump_until(lambda: not command.tasks and not guest.spawned)


def test_kinds_of_functions(guest, root, pump_until):
    class Callable:
        async def __call__(self, number):
            return number

    async def work(number):
        return number

    for function in (Callable(), functools.partial(work, 5)):
        task = aio.command(function, master=root)(*([5] if isinstance(function, Callable) else []))
        pump_until(task.done)
        assert task.result() == 5


def test_what_has_no_meaning_is_refused():
    with pytest.raises(ValueError, match="^again: one of ignore, .*, not 'twice'"):
        aio.command(fail, again="twice")
    coroutine = fail()
    with pytest.raises(TypeError, match="^function: an async function, not coroutine"):
        aio.command(coroutine)
    coroutine.close()

    def plain():
        pass

    with pytest.raises(TypeError, match="plain\\(\\) is not one"):
        aio.command(plain)
