"""Handlers that are coroutine functions: they are recognized here, and run by `tkws.aio`, which asks for it.

Knows nothing of asyncio: what runs them is set by `run_by`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from tkws.checks import check_callable

_wrap: Callable[[Any], Any] | None = None


def run_by(wrap: Callable[[Any], Any]) -> None:
    """Set what makes a handler that can be called out of one that is a coroutine function."""
    global _wrap
    _wrap = wrap


def is_async(handler: object) -> bool:
    """Return whether a handler is a coroutine function, or an object of which a method is one.

    The methods are ``__call__`` and those of a `tkws.Handler`, whose names begin with ``on_``.
    """
    if iscoroutinefunction(handler):
        return True
    if iscoroutinefunction(type(handler).__call__):
        return True
    names: tuple[str, ...] = getattr(handler, "EVENT_METHODS", ())
    return any(iscoroutinefunction(getattr(handler, name)) for name in names)


def check_handler(name: str, handler: object) -> None:
    """Refuse what cannot be called as a handler.

    Raises:
        TypeError: It cannot be called, or is a coroutine function that nothing runs.
    """
    check_callable(name, handler, "(ws, type, message)")
    if _wrap is None and is_async(handler):
        raise TypeError(f"{name}: import tkws.aio, which runs async functions, before one is given")


def runnable(handler: Any) -> Any:
    """Return what to call for a handler: itself, unless it is a coroutine function."""
    return _wrap(handler) if _wrap is not None and is_async(handler) else handler
