"""A message that is sent or received in parts: how it ends, and how its progress and its end are reported.

The program's functions are called from the loop. An exception that they raise is shown, and changes nothing.
With `tkws.aio` the end can be awaited.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final, Self

from tkws.asynchandlers import check_plain
from tkws.errors import StateError, WebSocketError

if TYPE_CHECKING:
    from asyncio import Future

    from tkws.connection.websocket import WebSocket

PROGRESS_INTERVAL: Final = 1 / 30
"""Seconds between two calls of ``on_progress``: a screen shows no more."""


class Transfer(ABC):
    """The base of `tkws.Upload` and `tkws.Download`.

    Args:
        ws: The connection.
        on_progress: Called with the transfer now and then; None for nothing.
        on_end: Called with it once, at its end; None to show an exception of the program's instead.
    """

    def __init__(
        self,
        ws: WebSocket,
        on_progress: Callable[[Any], object] | None,
        on_end: Callable[[Any], object] | None,
    ) -> None:
        self.ws: WebSocket = ws
        self.done: bool = False
        self.error: Exception | None = None
        self._future: Future[None] | None = None
        self._awaited = False
        self._loop = ws.loop
        self._on_progress = on_progress
        self._on_end = on_end
        self._next_progress = 0.0

    def __await__(self) -> Generator[Any, None, Self]:
        self._loop.check_thread()
        self._awaited = True
        if self._future is None and not self.done:
            from asyncio import get_running_loop

            self._future = get_running_loop().create_future()
            self._future.add_done_callback(self._on_future_done)
        if self._future is not None:
            yield from self._future
        if self.error is not None:
            raise self.error
        return self

    @abstractmethod
    def cancel(self) -> None:
        """Stop; a no-op if it is done."""

    def fail(self, error: Exception, *, report: bool = True) -> None:
        """End since the connection has; ``report`` says whether the program is called."""
        if not self.done:
            self._release(error)
            if report:
                self._report_end()
            else:
                self._on_end = None
                self._resolve()

    def _end(self, error: Exception | None) -> None:
        """End, and report it in the next turn of the loop; ``error`` says why the transfer is incomplete."""
        self._release(error)
        self._loop.call_soon(self._report_end)

    @abstractmethod
    def _release(self, error: Exception | None) -> None:
        """Set `done` and `error`, and release what the transfer holds."""

    def _report_progress(self, *, always: bool = False) -> None:
        now = self._loop.now()
        if self._on_progress is not None and (always or now >= self._next_progress):
            self._next_progress = now + PROGRESS_INTERVAL
            self._call(self._on_progress)

    def _report_end(self) -> None:
        on_end, self._on_end = self._on_end, None
        self._resolve()
        if on_end is not None:
            self._call(on_end)
        elif self._awaited or self.error is None:
            return
        elif not isinstance(self.error, WebSocketError):  # the program's
            try:
                raise self.error
            except Exception:
                self._loop.report_exception()

    def _resolve(self) -> None:
        """Wake the tasks that wait for the end."""
        future = self._future
        if future is None or future.done():
            return
        if self.error is None:
            future.set_result(None)
        else:
            future.set_exception(self.error)
            future.exception()  # the program may have stopped waiting

    def _on_future_done(self, future: Future[None]) -> None:
        if future.cancelled() and not self._loop.closed:
            self.cancel()

    def _call(self, function: Callable[[Any], object]) -> None:
        if not self._loop.closed:
            try:
                function(self)
            except Exception:
                self._loop.report_exception()

    def _state(self, verb: str) -> str:
        if not self.done:
            return verb
        return "done" if self.error is None else repr(self.error)


def as_exception(error: BaseException, what: str) -> Exception:
    """Return an error for an exception of the program's: a `StateError` for an interrupt of ``what``."""
    if isinstance(error, Exception):
        return error
    failure = StateError(f"{what} was interrupted by {type(error).__name__}")
    failure.__cause__ = error
    return failure


def check_transfer_callbacks(on_progress: object, on_end: object, arguments: str) -> None:
    """Refuse what cannot be called in place of the functions of a transfer.

    Args:
        on_progress: A function or None.
        on_end: A function or None.
        arguments: Their arguments, for the error.

    Raises:
        TypeError: One of them is neither None nor callable, or it is a coroutine function.
    """
    for name, function in (("on_progress", on_progress), ("on_end", on_end)):
        if function is not None:
            check_plain(name, function, arguments)
