"""`run`: a program that is one coroutine, in a window."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

from tkws.aio.guest import GuestLoop, loop
from tkws.loop import Master
from tkws.loop.interrupts import sigint_handler

T = TypeVar("T")


def run(
    main: Coroutine[Any, Any, T] | Callable[[], Coroutine[Any, Any, T]],
    *,
    master: Master = None,
    debug: bool | None = None,
) -> T | None:
    """Run ``main`` and Tk's loop until ``main`` is done, as `asyncio.run` does.

    Then all tasks of the window are cancelled and run to their end, and its asyncio loop is closed. The
    window itself stays.

    When the window is destroyed or ``quit`` is called, ``main`` is cancelled. Ctrl-C cancels it as well.

    Args:
        main: A coroutine, or a function that makes it.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root, which is made on demand.
        debug: Whether asyncio's debug mode is on; None leaves it.

    Returns:
        The result of ``main``; None if it was cancelled by the window's end or by ``quit``.

    Raises:
        TypeError: ``main`` or ``master`` is of another kind.
        RuntimeError: asyncio is running in this thread already, or this window's loop is.
        StateError: The interpreter belongs to another thread, or its window was destroyed.
        KeyboardInterrupt: Ctrl-C was pressed.
        CancelledError: ``main`` was cancelled by other means.
    """
    _require_no_loop()
    coroutine = main() if callable(main) else main
    if not asyncio.iscoroutine(coroutine):
        raise TypeError(f"main: a coroutine or a function that makes one, not {type(main).__name__}")
    try:
        guest = loop(master)
        guest.require_idle()
    except BaseException:
        coroutine.close()
        raise
    return _run(guest, coroutine, debug)


def _run(guest: GuestLoop, coroutine: Coroutine[Any, Any, T], debug: bool | None) -> T | None:
    runner = asyncio.Runner(debug=debug, loop_factory=lambda: guest)
    interrupt = Interrupt(guest)
    try:
        with interrupt:
            return runner.run(interrupt.watch(coroutine))
    except asyncio.CancelledError:
        if interrupt.came:
            raise KeyboardInterrupt from None
        if not guest.orphaned:
            raise
        return None
    except RuntimeError:
        if not guest.left_by_quit:
            raise
        return None
    finally:
        if not guest.is_closed():
            runner.close()
        coroutine.close()  # it may have been cancelled before it began


def _require_no_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("aio.run() cannot be called from a running event loop: use await")


class Interrupt:
    """Cancels a coroutine at the first Ctrl-C, as asyncio's own runner does, and raises at the next.

    No-op in other threads than the main one, and where the program handles SIGINT itself.

    Attributes:
        came: Whether there was one.
    """

    def __init__(self, guest: GuestLoop) -> None:
        self.came: bool = False
        self._guest = guest
        self._task: asyncio.Task[Any] | None = None
        self._installed = False

    async def watch(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await ``coroutine``; the task that does so is the one that is cancelled."""
        self._task = asyncio.current_task()
        if self.came:
            raise asyncio.CancelledError
        return await coroutine

    def __enter__(self) -> None:
        before = signal.getsignal(signal.SIGINT)
        if before is signal.default_int_handler or getattr(before, "__self__", None) is sigint_handler:
            try:
                signal.signal(signal.SIGINT, self._on_signal)
            except ValueError:  # not the main thread
                return
            self._installed = True

    def __exit__(self, *error: object) -> None:
        if self._installed and signal.getsignal(signal.SIGINT) == self._on_signal:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sigint_handler.reinstall()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True
        if self._task is not None:
            # It may have interrupted the loop itself, so nothing else may be touched here.
            self._guest.host.call_soon_threadsafe(self._task.cancel)
