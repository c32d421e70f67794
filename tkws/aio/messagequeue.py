"""Messages that wait to be received; while there are too many, the socket is paused."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any, TypeAlias

from tkws.checks import check_count
from tkws.connection.websocket import WebSocket
from tkws.errors import CodecError, StateError

MaxQueue: TypeAlias = int | tuple[int, int] | None

# Messages in the queue at which the socket is paused.
MAX_QUEUE = 64


def queue_limits(max_queue: MaxQueue) -> tuple[float, float]:
    """Return the numbers of messages at which the socket is paused and resumed.

    Raises:
        TypeError: ``max_queue`` is of another type.
        ValueError: ``max_queue`` is out of range.
    """
    if max_queue is None:
        return math.inf, math.inf
    given: Any = max_queue
    high, low = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    high = check_count("max_queue", high, least=1)
    return high, high // 4 if low is None else check_count("max_queue", low, most=high)


class MessageQueue:
    """The queue of one connection, for one receiver at a time.

    Args:
        loop: The event loop in which it is awaited.
        limits: The result of `queue_limits`.

    Attributes:
        messages: The messages that wait, oldest first; take them by `pop`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: tuple[float, float]) -> None:
        self.messages: deque[Any] = deque()
        self._loop = loop
        self._high, self._low = limits
        self._receiver: asyncio.Future[None] | None = None
        self._paused: WebSocket | None = None

    def put(self, message: Any, ws: WebSocket) -> None:
        """Append a message of ``ws``, which is paused if there are too many."""
        messages = self.messages
        messages.append(message)
        count = len(messages)
        if count == 1:
            self.wake()
        if count >= self._high and self._paused is None:
            self._paused = ws
            ws.pause()

    def pop(self) -> Any:
        """Remove and return the oldest message.

        Raises:
            CodecError: The codec could not decode it.
        """
        message = self.messages.popleft()
        if self._paused is not None and len(self.messages) <= self._low:
            self.resume()
        if type(message) is CodecError:
            raise message
        return message

    def resume(self) -> None:
        """Resume the socket if it is paused."""
        ws, self._paused = self._paused, None
        if ws is not None:
            ws.resume()

    def set_unlimited(self) -> None:
        """Never pause the socket again."""
        self._high = math.inf
        self.resume()

    async def wait(self) -> None:
        """Wait for a message, or `wake`.

        Raises:
            StateError: Another task waits already.
        """
        if self._receiver is not None:
            raise StateError("recv() is running in another task already")
        self._receiver = self._loop.create_future()
        try:
            await self._receiver
        finally:
            self._receiver = None

    def wake(self) -> None:
        """Wake the receiver, so that it checks again."""
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)
