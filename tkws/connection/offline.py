"""Messages that are buffered until a connection takes them: the option ``offline_buffer``.

Knows how much there is, not when a connection begins or may be sent on. A message leaves in one of two
ways: an engine takes it, or `OfflineBuffer.clear` returns it so that its loss can be told.
"""

from __future__ import annotations

from collections import deque

from tkws.checks import Buffer
from tkws.connection.driver import ConnectionDriver
from tkws.errors import StateError
from tkws.protocol.payloads import encode_message


class OfflineBuffer:
    """The messages that wait for a connection, the oldest first."""

    __slots__ = ("_messages", "_size")

    def __init__(self) -> None:
        self._messages: deque[tuple[str | bytes, bool | None, int]] | None = None  # most never need one
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, message: str | Buffer, compress: bool | None, room: int) -> int:
        """Buffer a message.

        Args:
            message: As for `WebSocket.send`; of a buffer that may change, a copy is taken.
            compress: As for `WebSocket.send`.
            room: The bytes that all messages may have together.

        Returns:
            The bytes of its payload.

        Raises:
            StateError: There is no room for it.
        """
        _, payload = encode_message(message)
        if self._size + len(payload) > room:
            raise StateError(
                "The connection is not ready to send, and the offline buffer is full: wait for `connect`, "
                f"or set a larger offline_buffer than {room} bytes"
            )
        if self._messages is None:
            self._messages = deque()
        self._messages.append((message if isinstance(message, str) else payload, compress, len(payload)))
        self._size += len(payload)
        return len(payload)

    def send(self, driver: ConnectionDriver, now: float) -> None:
        """Send what is buffered, as far as the connection takes it: not amid a message in fragments."""
        while self._messages and driver.engine.ready_for_message:
            message, compress, size = self._messages[0]
            driver.engine.send(message, now, compress=compress)
            self._messages.popleft()  # only now: what interrupts the call must not lose it
            self._size -= size
            driver.output_added()

    def clear(self) -> list[str | bytes]:
        """Give up what is buffered, and return it."""
        messages, self._messages = self._messages or (), None
        self._size = 0
        return [message for message, _, _ in messages]
