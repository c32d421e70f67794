"""The JSON-RPC state of one connection: pending calls and running methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tkws.connection.callall import call_all
from tkws.errors import ConnectionClosed, WebSocketError
from tkws.protocol.closing import CloseCode

if TYPE_CHECKING:
    from tkws.connection.calls import Call
    from tkws.jsonrpc.envelope import Id


class RunningMethod(NamedTuple):
    """A running method, which has not answered yet."""

    id: Id
    """The id of the request; None for a notification."""

    cancel: Callable[[], object]
    """Cancels the method; the peer gets an error as its answer."""

    abandon: Callable[[], object]
    """Cancels the method without answering: no peer is waiting."""


class RPCState:
    """The JSON-RPC state of one connection.

    Attributes:
        calls: The calls that are waiting for an answer, by id.
        running: The methods that the peer has called and that are still running.
        cause: The exception of the last ``error`` event; None before one.
        close: The message of the ``close`` event.
    """

    def __init__(self) -> None:
        self.calls: dict[Id, Call] = {}
        self.running: dict[object, RunningMethod] = {}
        self.cause: WebSocketError | None = None
        self.close: tuple[int, str] = (CloseCode.ABNORMAL_CLOSURE, "")

    def end(self, error: Exception | None = None) -> None:
        """Fail all calls, and cancel all methods.

        Args:
            error: The error for the calls if the connection stays, and the peer gets answers; None for a
                `ConnectionClosed` if it has ended.
        """
        stops = [method.abandon if error is None else method.cancel for method in self.running.values()]
        if error is None:
            self.running.clear()
        fails = [
            partial(call.fail, error or self._closed_error(), report=False) for call in self.calls.values()
        ]
        call_all([*stops, *fails])

    def _closed_error(self) -> ConnectionClosed:
        error = ConnectionClosed(*self.close)
        error.__cause__ = self.cause
        return error
