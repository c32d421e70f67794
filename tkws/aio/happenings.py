"""Awaits what happens in Tk: an event, a write to a variable, the end of a window, idleness."""

from __future__ import annotations

import asyncio
import tkinter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tkws.aio.guest import GuestLoop
from tkws.checks import check_kind, check_text
from tkws.errors import StateError
from tkws.loop import Master, root_of
from tkws.loop.widgets import on_destroy, require_widget


async def event(widget: tkinter.Misc, sequence: str) -> tkinter.Event[tkinter.Misc]:
    """Wait for the next event at ``widget``; existing bindings are kept.

    Args:
        widget: The widget, as for ``widget.bind``.
        sequence: The event, such as ``"<Button-1>"`` or ``"<<ListboxSelect>>"``.

    Returns:
        The event.

    Raises:
        TypeError: ``widget`` is not a widget.
        TclError: ``sequence`` has no meaning.
        StateError: The widget was destroyed already.
        CancelledError: The widget was destroyed meanwhile, so nothing will happen there.
    """
    require_widget("widget", widget)
    check_text("sequence", sequence)
    future = _future()
    with _until_destroyed(widget, future):
        name = widget.bind(sequence, lambda event: _resolve(future, event), add="+")
        try:
            happened: tkinter.Event[tkinter.Misc] = await future
        finally:
            _unbind(widget, sequence, name)
    return happened


async def variable(var: tkinter.Variable) -> Any:
    """Wait until ``var`` is written.

    Returns:
        Its value then.

    Raises:
        TypeError: ``var`` is not a variable of Tk's.
        TclError: The new value has no meaning for this kind of variable.
    """
    check_kind("var", var, tkinter.Variable, "a tkinter.Variable")
    future = _future()
    name = var.trace_add("write", lambda *_: _resolve(future))
    try:
        await future
    finally:
        var.trace_remove("write", name)
    return var.get()  # type: ignore[no-untyped-call] # tkinter's


async def closed(window: tkinter.Misc) -> None:
    """Wait until ``window``, or any other widget, is destroyed; return at once if it was already.

    Raises:
        TypeError: ``window`` is not a widget.
        StateError: A bare ``Tcl()`` has no window.
    """
    require_widget("window", window)
    if not window.tk.call("info", "commands", "winfo"):
        raise StateError("a bare Tcl() has no window that could be closed")
    future = _future()
    try:
        take_back = on_destroy(window, lambda: _resolve(future))
    except StateError:
        return
    try:
        await future
    finally:
        take_back()


async def idle(master: Master = None) -> None:
    """Wait until Tk is idle, so everything that has changed is drawn.

    Args:
        master: Any widget; None for the window that the coroutine runs in.

    Raises:
        TypeError: ``master`` is not a widget.
        StateError: The interpreter belongs to another thread, or its window was destroyed.
    """
    running = asyncio.get_running_loop()
    if master is None and isinstance(running, GuestLoop):
        master = running.host.master
    root = root_of(master)
    future = _future()
    script = root.after_idle(_resolve, future)
    try:
        await future
    finally:
        if not future.done() or future.cancelled():
            root.after_cancel(script)


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _resolve(future: asyncio.Future[Any], value: Any = None) -> None:
    if not future.done():
        future.set_result(value)


@contextmanager
def _until_destroyed(widget: tkinter.Misc, future: asyncio.Future[Any]) -> Iterator[None]:
    take_back = on_destroy(widget, lambda: future.cancel(f"the widget {widget} was destroyed"))
    try:
        yield
    finally:
        take_back()


def _unbind(widget: tkinter.Misc, sequence: str, name: str) -> None:
    """Remove one of several bindings; ``unbind`` of some Python versions would remove them all."""
    try:
        script = widget.tk.call("bind", str(widget), sequence)
        kept = "\n".join(line for line in str(script).split("\n") if f'"[{name} ' not in line)
        widget.tk.call("bind", str(widget), sequence, kept)
        widget.deletecommand(name)
    except (tkinter.TclError, AttributeError):  # the widget is gone, and its bindings with it
        pass
