"""`Call`: a call of a method of the peer, which waits for its answer. Knows neither messages nor their form.

Invariant: a call ends once, by a result, an error, or `Call.cancel`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol

from tkws.errors import StateError

if TYPE_CHECKING:
    from asyncio import Future

    from tkws.connection.websocket import WebSocket
    from tkws.loop import Loop
    from tkws.loop.timeouts import Timeout

OnResult = Callable[[Any], object]
OnError = Callable[[Exception], object]


class Call:
    """A call of a method of the peer; `WebSocket.call` makes it.

    It ends exactly once: with the peer's result or error, after its timeout, by `cancel`, or with the
    connection. With `tkws.aio`, ``await call`` returns the result or raises the error, and cancelling the
    task cancels the call.

    Attributes:
        id: The id of the request on the wire.
        method: The method that was asked for.
        done: Whether it has ended.
        cancelled: Whether it has ended by `cancel`.
        result: The result; None before it, and after any other end.
        error: The exception that ended it, or None: `JSONRPCError`, `CallTimeout`, `ConnectionClosed`, or
            `StateError` if the connection's handler was replaced.
    """

    def __init__(
        self,
        loop: Loop,
        id: Any,
        method: str,
        *,
        on_result: OnResult | None,
        on_error: OnError | None,
        forget: Callable[[Any], object],
    ) -> None:
        self.id: Any = id
        self.method: str = method
        self.done: bool = False
        self.cancelled: bool = False
        self.result: Any = None
        self.error: Exception | None = None
        self._loop = loop
        self._on_result = on_result
        self._on_error = on_error
        self._forget = forget
        self._timeout: Timeout | None = None
        self._future: Future[Any] | None = None

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled else "done" if self.done else "waiting"
        return f"<{type(self).__name__} {self.id!r} {self.method!r} {state}>"

    def cancel(self) -> None:
        """Stop waiting; neither callback is called, and the peer is not told. Idempotent.

        Raises:
            StateError: The caller is not in Tk's thread.
        """
        self._loop.check_thread()
        if self._end():
            self.cancelled = True
            if self._future is not None:
                self._future.cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        self._loop.check_thread()
        if not self.done and self._future is None:
            from asyncio import get_running_loop

            self._future = get_running_loop().create_future()
            self._future.add_done_callback(self._on_future_done)
        if self._future is not None:
            return (yield from self._future)
        if self.cancelled:
            from asyncio import CancelledError

            raise CancelledError
        if self.error is not None:
            raise self.error
        return self.result

    # Called by its owner, in Tk's thread

    def expire_after(self, seconds: float, on_timeout: Callable[[], object]) -> None:
        """Call ``on_timeout`` when the peer has had ``seconds``, unless the call has ended."""
        if not self.done:
            self._timeout = self._loop.call_on_timeout(seconds, on_timeout)

    def succeed(self, result: Any) -> None:
        """End with a result. No-op if it has ended."""
        if self._end():
            self.result = result
            if self._future is not None and not self._future.done():
                self._future.set_result(result)
            self._tell(self._on_result, result)

    def fail(self, error: Exception, *, report: bool = True) -> None:
        """End with an error. No-op if it has ended.

        Args:
            error: The error.
            report: Whether it goes to ``report_callback_exception`` if there is an ``on_result`` and no
                ``on_error``.
        """
        if self._end():
            self.error = error
            if self._future is not None and not self._future.done():
                self._future.set_exception(error)
                self._future.exception()  # the program may have stopped waiting
            if report and self._on_error is None and self._on_result is not None:
                self._tell(_raise, error)
            else:
                self._tell(self._on_error, error)

    # How it works

    def _end(self) -> bool:
        if self.done:
            return False
        self.done = True
        self._forget(self.id)
        if self._timeout is not None:
            self._timeout.cancel()
        return True

    def _tell(self, callback: Callable[[Any], object] | None, message: Any) -> None:
        if callback is not None and not self._loop.closed:
            try:
                callback(message)
            except Exception:
                self._loop.report_exception()

    def _on_future_done(self, future: Future[Any]) -> None:
        if future.cancelled() and not self._loop.closed:
            self.cancel()


class Caller(Protocol):
    """A handler that can call methods of the peers of its connections: `tkws.JSONRPC`."""

    def call(
        self,
        ws: WebSocket,
        method: str,
        params: Any = None,
        *,
        timeout: float | None = None,
        on_result: OnResult | None = None,
        on_error: OnError | None = None,
    ) -> Call:
        """Call a method of the peer of ``ws``."""

    def notify(self, ws: WebSocket, method: str, params: Any = None) -> int:
        """Call a method of the peer of ``ws``, without an answer."""

    def leave(self, ws: WebSocket) -> None:
        """End the calls of ``ws``, whose handler is another one now."""

    def forget(self, ws: WebSocket) -> None:
        """Drop the calls of ``ws`` without calling their functions: the loop is closed."""


def caller_of(handler: object) -> Caller:
    """Return the caller that a handler is or contains.

    Raises:
        StateError: It contains no caller.
    """
    caller: Caller | None = find_caller(handler)
    if caller is None:
        raise StateError(
            "the handler of this connection is not a tkws.JSONRPC: open or serve it with one, as in "
            "tkws.open(url, tkws.JSONRPC(handler))"
        )
    return caller


def find_caller(handler: object) -> Caller | None:
    """Return the caller that a handler is or contains; None without one."""
    caller: Caller | None = getattr(handler, "caller", None)
    return caller


def _raise(error: Exception) -> None:
    raise error
