"""Tasks started from a callback of Tk's: kept alive, cancelled with their window, their errors reported."""

from __future__ import annotations

import asyncio
import tkinter
from collections.abc import Coroutine
from typing import Any, TypeVar

from tkws.aio.guest import GuestLoop, loop
from tkws.aio.turns import is_unheard
from tkws.loop import Master
from tkws.loop.widgets import on_destroy

T = TypeVar("T")

# Rounds in which a task that awaits this one can retrieve its exception, which is reported otherwise.
ROUNDS = 3


def spawn(
    coroutine: Coroutine[Any, Any, T], master: Master = None, *, name: str | None = None
) -> asyncio.Task[T]:
    """Start ``coroutine`` as a task; it begins in the loop, after this call has returned.

    The loop holds the task until it is done. An exception that no one awaits is given to the root's
    ``report_callback_exception``, as that of a callback is.

    Args:
        coroutine: The coroutine object that an ``async def`` function returns.
        master: The widget that the task belongs to: it is cancelled when that is destroyed. None for Tk's
            default root.
        name: The name of the task; None for that of the function.

    Returns:
        The task: it can be awaited and cancelled.

    Raises:
        TypeError: ``coroutine`` is not a coroutine, or ``master`` is not a widget.
        StateError: The interpreter belongs to another thread, or the widget was destroyed.
    """
    if not asyncio.iscoroutine(coroutine):
        raise TypeError(f"coroutine: what calling an async function returns, not {type(coroutine).__name__}")
    try:
        guest = loop(master)
        task = guest.create_task(coroutine, name=name or getattr(coroutine, "__qualname__", None))
    except BaseException:
        coroutine.close()
        raise
    guest.spawned.add(task)
    task.add_done_callback(_done)
    if master is not None and str(master) != ".":
        _cancel_with(master, task)
    return task


def _cancel_with(widget: tkinter.Misc, task: asyncio.Task[Any]) -> None:
    try:
        take_back = on_destroy(widget, task.cancel)
    except BaseException:
        task.cancel()
        raise
    task.add_done_callback(lambda _: take_back())


def _done(task: asyncio.Task[Any], rounds: int = ROUNDS) -> None:
    guest = task.get_loop()
    assert isinstance(guest, GuestLoop)
    guest.spawned.discard(task)
    if rounds and not guest.is_closed():
        guest.call_soon(_done, task, rounds - 1)
    elif is_unheard(task) and isinstance(error := task.exception(), Exception):
        guest.report(error)
