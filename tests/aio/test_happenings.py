"""Tk's own happenings, awaited."""

from __future__ import annotations

import asyncio
import gc
import tkinter

import pytest

from tests import guards
from tkws import StateError, aio


@pytest.fixture
def run(display_root):
    """Runs a coroutine in the window."""
    return aio.loop(display_root).run_until_complete


def commands(widget) -> list[str]:
    """The Tcl commands that are made for Python's callables."""
    names = widget.tk.splitlist(widget.tk.call("info", "commands"))
    return [name for name in names if guards.PYTHON_COMMAND.fullmatch(name) or name.startswith("tkws_aio")]


# ---- event


def test_an_event(display_root, run):
    frame = tkinter.Frame(display_root)
    frame.winfo_id()  # events reach a window that exists
    heard = []
    frame.bind("<<Go>>", heard.append)
    before = frame.bind("<<Go>>"), commands(frame)

    async def main():
        display_root.after(1, lambda: frame.event_generate("<<Go>>", x=7))
        return await aio.event(frame, "<<Go>>")

    event = run(main())
    assert (event.widget, event.x) == (frame, 7)
    assert len(heard) == 1
    assert (frame.bind("<<Go>>").strip(), commands(frame)) == (before[0].strip(), before[1])


def test_two_await_the_same_event_and_a_cancelled_one_leaves_nothing(display_root, run):
    frame = tkinter.Frame(display_root)
    frame.winfo_id()  # events reach a window that exists

    async def main():
        tasks = [asyncio.create_task(aio.event(frame, "<<Go>>")) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0)
        frame.event_generate("<<Go>>")
        frame.event_generate("<<Go>>")
        await asyncio.gather(*tasks[1:])

    before = commands(frame)
    run(main())
    assert frame.bind("<<Go>>").strip() == ""
    assert commands(frame) == before


def test_an_event_of_a_widget_that_is_destroyed_never_comes(display_root, run):
    frame = tkinter.Frame(display_root)
    frame.winfo_id()  # events reach a window that exists

    async def main():
        display_root.after(1, frame.destroy)
        await aio.event(frame, "<<Go>>")

    with pytest.raises(asyncio.CancelledError, match="frame was destroyed"):
        run(main())
    with pytest.raises(StateError, match="does not exist"):
        run(aio.event(frame, "<<Go>>"))


def test_an_event_that_has_no_meaning(display_root, run):
    before = commands(display_root)
    with pytest.raises(tkinter.TclError):
        run(aio.event(display_root, "<Nonsense>"))
    with pytest.raises(TypeError, match="widget: a widget, not str"):
        run(aio.event(".button", "<Button-1>"))
    assert [name for name in commands(display_root) if name.startswith("tkws_aio")] == [
        name for name in before if name.startswith("tkws_aio")
    ]


# ---- variable


def test_a_variable(guest, root, pump_until):
    var = tkinter.StringVar(root, "before")

    async def main():
        root.after(1, lambda: var.set("now"))
        return await aio.variable(var)

    assert guest.run_until_complete(main()) == "now"
    assert not var.trace_info()
    task = aio.spawn(aio.variable(var), root)
    guest.call_soon(guest.call_soon, task.cancel)
    pump_until(task.done)
    assert not var.trace_info()


def test_a_variable_with_something_else_in_it(guest, root):
    var = tkinter.IntVar(root)

    async def main():
        root.after(1, lambda: root.setvar(str(var), "many"))
        await aio.variable(var)

    with pytest.raises(tkinter.TclError):
        guest.run_until_complete(main())


def test_what_is_no_variable_is_refused(guest):
    with pytest.raises(TypeError, match="^var: a tkinter.Variable, not str"):
        guest.run_until_complete(aio.variable("name"))


# ---- closed


def test_a_dialog_is_awaited(display_root, run):
    async def ask():
        dialog = tkinter.Toplevel(display_root)
        answer = tkinter.StringVar(dialog)
        display_root.after(1, lambda: (answer.set("yes"), dialog.destroy()))
        await aio.closed(dialog)
        await aio.closed(dialog)
        return answer.get()

    assert run(ask()) == "yes"
    assert [name for name in commands(display_root) if name.startswith("tkws_aio")] == []


def test_the_window_itself_is_closed(display_root):
    window = tkinter.Tk()
    log = []

    async def main():
        window.after(1, window.destroy)
        await aio.closed(window)
        log.append("closed")
        return "result"

    assert aio.run(main(), master=window) == "result"
    assert log == ["closed"]
    gc.collect()


def test_what_cannot_be_closed_is_refused(guest, root):
    with pytest.raises(StateError, match="has no window"):
        guest.run_until_complete(aio.closed(root))
    with pytest.raises(TypeError, match="window: a widget, not int"):
        guest.run_until_complete(aio.closed(5))


def test_waiting_for_the_end_is_cancelled_without_a_trace(display_root, run):
    frame = tkinter.Frame(display_root)
    frame.winfo_id()  # events reach a window that exists

    async def main():
        task = asyncio.create_task(aio.closed(frame))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    run(main())
    assert not frame.tk.call("trace", "info", "command", str(frame))


# ---- idle


def test_idle_comes_after_the_window_was_drawn(display_root, run):
    frame = tkinter.Frame(display_root, width=50, height=40)
    frame.pack()
    log = []
    frame.bind("<Configure>", lambda event: log.append(event.width))

    async def main():
        await aio.idle()
        await aio.idle(frame)

    run(main())
    assert frame.winfo_width() == 50


def test_idle_can_be_cancelled(guest, root, pump_until):
    async def main():
        task = asyncio.create_task(aio.idle())
        await asyncio.sleep(0)
        task.cancel()

    guest.run_until_complete(main())
    with pytest.raises(TypeError, match="master: a widget"):
        guest.run_until_complete(aio.idle(5))
