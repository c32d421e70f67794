"""The state of one connection: calls that wait, methods that run, and the answers of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tkws.errors import ConnectionClosed, WebSocketError
from tkws.protocol.closing import CloseCode

if TYPE_CHECKING:
    from tkws.connection.calls import Call
    from tkws.jsonrpc.envelope import Id


class Running(NamedTuple):
    """A method that has not answered yet."""

    id: Id
    """Of the request; None for a notification."""

    cancel: Callable[[], object]
    """Cancels it, so that it is answered with an error."""

    abandon: Callable[[], object]
    """Cancels it, since no peer waits for the answer."""


class Peer:
    """The state of one connection.

    Attributes:
        calls: The calls that wait for an answer, by id.
        running: The methods that the peer asked for and that have not answered.
        cause: The exception of the last ``error`` event; None before one.
        close: The message of the ``close`` event.
    """

    def __init__(self) -> None:
        self.calls: dict[Id, Call] = {}
        self.running: dict[object, Running] = {}
        self.cause: WebSocketError | None = None
        self.close: tuple[int, str] = (CloseCode.ABNORMAL_CLOSURE, "")

    def end(self, error: Exception | None = None) -> None:
        """End all calls, and cancel all methods.

        Args:
            error: The error of the calls; None for the end of the connection.
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
    """Gathers the answers to a batch, and sends them together.

    Args:
        size: How many messages the batch has.
        send: Sends the list of the answers, unless it is empty.
    """

    def __init__(self, size: int, send: Callable[[list[Any]], object]) -> None:
        self._left = size
        self._send = send
        self._answers: list[Any] = []

    def add(self, answer: Any) -> None:
        """Take the answer to a message; None for one that has none."""
        if answer is not None:
            self._answers.append(answer)
        self._left -= 1
        if not self._left and self._answers:
            self._send(self._answers)
