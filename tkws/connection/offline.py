"""Messages buffered until a connection takes them: before it is open, or within a message in parts.

Knows how much is buffered, not when a connection may be used. Each message ends in one of two ways: an
engine takes it, or `OfflineBuffer.clear` returns it so that its loss can be reported. Other calls
wait among the messages, in order: to begin a stream, to send a broadcast.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tkws.checks import Buffer
from tkws.connection.driver import ConnectionDriver
from tkws.errors import StateError
from tkws.plurals import counted
from tkws.protocol.payloads import encode_message


class OfflineBuffer:
    """The messages waiting for a connection, the oldest first.

    Attributes:
        size: Their bytes.
    """

    __slots__ = ("_entries", "size")

    def __init__(self) -> None:
        # Made at first use. A callable is something else to do.
        self._entries: deque[tuple[str | bytes | Callable[[], object], bool | None, int]] | None = None
        self.size: int = 0

    def __bool__(self) -> bool:
        return bool(self._entries)

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
        if self.size + len(payload) > capacity:
            raise StateError(
                "The connection is not ready to send, and the offline buffer is full: wait for `connect`, "
                f"or set a larger offline_buffer than {counted(capacity, 'byte')}"
            )
        self._append(message if isinstance(message, str) else payload, compress, len(payload))
        return len(payload)

    def add_call(self, call: Callable[[], object], size: int = 0) -> None:
        """Make a call once what was buffered before is sent; ``size`` bytes count as buffered until then."""
        self._append(call, None, size)

    def send_next(self, driver: ConnectionDriver, now: float) -> bool:
        """Send the oldest message.

        Returns:
            False without one, or if the connection does not take it, as within a message in fragments.
        """
        if not self._entries or not driver.engine.ready_for_message:
            return False
        message, compress, size = self._entries[0]
        if not callable(message):
            driver.engine.send(message, now, compress=compress)
        self._entries.popleft()  # only now: an interrupt of the call must not lose it
        self.size -= size
        if callable(message):
            message()
        else:
            driver.flush()
        return True

    def drop_calls(self) -> None:
        """Drop the calls; the messages stay."""
        if self._entries is not None:
            self._entries = deque(entry for entry in self._entries if not callable(entry[0]))
            self.size = sum(size for _, _, size in self._entries)

    def clear(self) -> list[str | bytes]:
        """Discard all buffered messages and return them."""
        entries, self._entries = self._entries or (), None
        self.size = 0
        return [message for message, _, _ in entries if not callable(message)]

    def _append(self, message: str | bytes | Callable[[], object], compress: bool | None, size: int) -> None:
        if self._entries is None:
            self._entries = deque()
        self._entries.append((message, compress, size))
        self.size += size
