"""Recognizes handlers that are coroutine functions; `tkws.aio` runs them.

Knows nothing of asyncio: `tkws.aio` registers itself with `run_by`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from tkws.checks import check_callable

_wrap: Callable[[Any], Any] | None = None


def run_by(wrap: Callable[[Any], Any]) -> None:
    """Register the function that turns a coroutine function into a handler that can be called."""
    global _wrap
    _wrap = wrap


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
        TypeError: It is not callable, or it is a coroutine function and `tkws.aio` is not imported.
    """
    check_callable(name, handler, "(ws, type, message)")
    if _wrap is None and is_async(handler):
        raise TypeError(f"{name}: import tkws.aio, which runs async functions, before one is given")


def runnable(handler: Any) -> Any:
    """Return the handler itself, or for a coroutine function the handler that runs it."""
    return _wrap(handler) if _wrap is not None and is_async(handler) else handler
