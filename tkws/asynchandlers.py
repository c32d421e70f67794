"""Recognizes callables of the program's that are coroutine functions; `tkws.aio` runs them.

Knows nothing of asyncio: `tkws.aio` registers itself with `run_by`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutine, iscoroutinefunction
from typing import Any

from tkws.checks import check_callable

Start = Callable[[Awaitable[Any], Any, str], Any]
"""Starts ``(awaitable, master, name)`` as a task, and returns that."""

_wrap: Callable[[Any, bool], Any] | None = None
_start: Start | None = None


def run_by(wrap: Callable[[Any, bool], Any], start: Start) -> None:
    """Register what runs coroutines.

    Args:
        wrap: Turns a coroutine function into a handler that can be called; see `runnable`.
        start: Starts an awaitable.
    """
    global _wrap, _start
    _wrap, _start = wrap, start


def is_async(handler: object) -> bool:
    """Tell whether a handler is a coroutine function, or an object with a method that is one.

    The methods are ``__call__`` and the ``on_`` methods of a `tkws.Handler`.
    """
    if iscoroutinefunction(handler):
        return True
    if iscoroutinefunction(type(handler).__call__):
        return True
    names: tuple[str, ...] = getattr(handler, "EVENT_METHODS", ())
    return any(iscoroutinefunction(getattr(handler, name)) for name in names)


def check_handler(name: str, handler: object) -> None:
    """Refuse a value that cannot be called as a handler.

    Raises:
        TypeError: The handler is not callable, or it is a coroutine function and `tkws.aio` is not imported.
    """
    check_callable(name, handler, "(ws, type, message)")
    check_runnable(name, handler)


def check_runnable(name: str, function: object) -> None:
    """Refuse a coroutine function if `tkws.aio` is not imported.

    Raises:
        TypeError: It is one.
    """
    if _wrap is None and is_async(function):
        raise TypeError(f"{name}: import tkws.aio, which runs async functions, before one is given")


def check_plain(name: str, function: object, arguments: str = "") -> None:
    """Refuse a value that is not callable, and a coroutine function where no one awaits its coroutine.

    Args:
        name: The argument.
        function: Its value.
        arguments: How it is called, for the error, as in ``(ws, type, message)``.

    Raises:
        TypeError: It is one of these.
    """
    check_callable(name, function, arguments)
    check_not_async(name, function, f"a plain function {arguments}".rstrip())


def check_not_async(name: str, function: object, what: str) -> None:
    """Refuse a coroutine function where no one awaits its coroutine; ``what`` says what is taken.

    Raises:
        TypeError: It is one.
    """
    if callable(function) and is_async(function):
        raise TypeError(f"{name}: {what}, not an async function, which nothing would await")


def start(name: str, awaitable: Awaitable[Any], master: Any, task_name: str) -> Any:
    """Start what a callable of the program's returned as a task of `tkws.aio`, and return the task.

    Args:
        name: The argument that the callable was, for the error.
        awaitable: The object that it returned.
        master: The interpreter in whose asyncio loop the task runs.
        task_name: The name of the task.

    Raises:
        TypeError: `tkws.aio` is not imported.
    """
    if _start is None:
        if iscoroutine(awaitable):
            awaitable.close()
        raise TypeError(f"{name}: import tkws.aio, which runs what has to be awaited, before it is returned")
    return _start(awaitable, master, task_name)


def runnable(handler: Any, *, holds: bool = True) -> Any:
    """Return the handler itself, or for a coroutine function the handler that runs it.

    Args:
        handler: The handler.
        holds: Whether the connection's events wait while a coroutine runs; if not, only its own events do.
    """
    return _wrap(handler, holds) if _wrap is not None and is_async(handler) else handler
