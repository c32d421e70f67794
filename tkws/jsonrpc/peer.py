"""The JSON-RPC state of one connection: pending calls, running methods, and the answers to a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tkws.errors import ConnectionClosed, WebSocketError
from tkws.protocol.closing import CloseCode

if TYPE_CHECKING:
    from tkws.connection.calls import Call
    from tkws.jsonrpc.envelope import Id


class Running(NamedTuple):
    """A running method, which has not answered yet."""

    id: Id
    """The id of the request; None for a notification."""

    cancel: Callable[[], object]
    """Cancels the method; the peer gets an error as its answer."""

    abandon: Callable[[], object]
    """Cancels the method without answering: no peer is waiting."""


class Peer:
    """The JSON-RPC state of one connection.

    Attributes:
        calls: The calls that are waiting for an answer, by id.
        running: The methods that the peer has called and that are still running.
        cause: The exception of the last ``error`` event; None before one.
        close: The message of the ``close`` event.
    """

    def __init__(self) -> None:
        self.calls: dict[Id, Call] = {}
        self.running: dict[object, Running] = {}
        self.cause: WebSocketError | None = None
        self.close: tuple[int, str] = (CloseCode.ABNORMAL_CLOSURE, "")

    def end(self, error: Exception | None = None) -> None:
        """Fail all calls, and cancel all methods.

        Args:
            error: The error for the calls; None for a `ConnectionClosed`.
        """
        running, self.running = self.running, {}
        for method in running.values():
            method.abandon()
        for call in list(self.calls.values()):
            call.fail(error or self._closed_error(), report=False)

    def _closed_error(self) -> ConnectionClosed:
        error = ConnectionClosed(*self.close)
        error.__cause__ = self.cause
        return error


class Batch:
    """Collects the answers to a batch, and sends them together.

    Args:
        size: How many messages the batch has.
        send: Sends the list of the answers, unless it is empty.
    """

    def __init__(self, size: int, send: Callable[[list[Any]], object]) -> None:
        self._left = size
        self._send = send
        self._answers: list[Any] = []

    def add(self, answer: Any) -> None:
        """Add the answer to one message; None if it has no answer."""
        if answer is not None:
            self._answers.append(answer)
        self._left -= 1
        if not self._left and self._answers:
            self._send(self._answers)
