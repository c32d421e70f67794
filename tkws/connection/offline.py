"""Messages buffered until a connection takes them: the option ``offline_buffer``.

Knows how much is buffered, not when a connection may be used. Each message ends in one of two ways: an
engine takes it, or `OfflineBuffer.clear` returns it so that its loss can be reported.
"""

from __future__ import annotations

from collections import deque

from tkws.checks import Buffer
from tkws.connection.driver import ConnectionDriver
from tkws.errors import StateError
from tkws.protocol.payloads import encode_message


class OfflineBuffer:
    """The messages waiting for a connection, the oldest first."""

    __slots__ = ("_messages", "_size")

    def __init__(self) -> None:
        self._messages: deque[tuple[str | bytes, bool | None, int]] | None = None  # made at first use
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, message: str | Buffer, compress: bool | None, capacity: int) -> int:
        """Buffer a message.

        Args:
            message: As for `WebSocket.send`; a mutable buffer is copied.
            compress: As for `WebSocket.send`.
            capacity: The most bytes that all buffered messages may have together.

        Returns:
            The bytes of the payload.

        Raises:
            StateError: The buffer has too little room for it.
        """
        _, payload = encode_message(message)
        if self._size + len(payload) > capacity:
            raise StateError(
                "The connection is not ready to send, and the offline buffer is full: wait for `connect`, "
                f"or set a larger offline_buffer than {capacity} bytes"
            )
        if self._messages is None:
            self._messages = deque()
        self._messages.append((message if isinstance(message, str) else payload, compress, len(payload)))
        self._size += len(payload)
        return len(payload)

    def send(self, driver: ConnectionDriver, now: float) -> None:
        """Send buffered messages until the connection takes no more, as within a message in fragments."""
        while self._messages and driver.engine.ready_for_message:
            message, compress, size = self._messages[0]
            driver.engine.send(message, now, compress=compress)
            self._messages.popleft()  # only now: an interrupt of the call must not lose it
            self._size -= size
            driver.flush()

    def clear(self) -> list[str | bytes]:
        """Discard all buffered messages and return them."""
        messages, self._messages = self._messages or (), None
        self._size = 0
        return [message for message, _, _ in messages]
