"""The conversation: messages and events in bounded memory.

Knows neither Tk nor connections. A `Log` numbers its rows from 0, and drops the oldest if there are too
many or they take too much memory; numbers are never reused.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

CAPACITY = 100_000
MAX_BYTES = 128 << 20  # of payloads; together with the rows' overhead, 100,000 rows stay below 200 MiB

_SLACK = 16  # a full log drops a sixteenth of its rows at once, since each dropping takes time


class Direction(StrEnum):
    """The direction of a message."""

    IN = "in"
    OUT = "out"
    NOTE = "note"
    """An event of the connection, not a message."""


class Row(NamedTuple):
    """One line of the conversation; a named tuple, since there are many of them."""

    number: int
    time: float
    """Unix time in seconds."""
    direction: Direction
    type: str
    """``text``, ``binary``, ``ping``, ``pong``, ``file``, or the `tkws.Event` of a note."""
    payload: str | bytes
    peer: str = ""
    """The name of the connection in a server's log."""

    @property
    def size(self) -> int:
        """The size of the payload in bytes, encoded as UTF-8 if it is text."""
        if isinstance(self.payload, bytes) or self.payload.isascii():
            return len(self.payload)
        return len(self.payload.encode(errors="replace"))


def clock_time(when: float) -> str:
    """Return the time of day of a Unix time, to the second."""
    return time.strftime("%H:%M:%S", time.localtime(when))


class Log:
    """The conversation.

    Args:
        capacity: How many rows to keep at least, unless they take too much memory.
        max_bytes: The maximum memory for payloads, in bytes.

    Attributes:
        rows: The rows that are kept, the oldest first.
        next: The number of the next row.
        dropped: How many rows have been dropped.
    """

    def __init__(self, capacity: int = CAPACITY, max_bytes: int = MAX_BYTES) -> None:
        self.rows: list[Row] = []
        self.next: int = 0
        self.dropped: int = 0
        self._bytes = 0
        self._capacity = capacity
        self._max_bytes = max_bytes

    @property
    def first(self) -> int:
        """The number of the oldest row that is kept; `next` if the log is empty."""
        return self.next - len(self.rows)

    def add(
        self,
        direction: Direction,
        type: str,
        payload: str | bytes,
        peer: str = "",
        when: float | None = None,
    ) -> None:
        """Append a row; ``when`` is its Unix time in seconds, by default the current time."""
        self.rows.append(
            Row(self.next, time.time() if when is None else when, direction, type, payload, peer)
        )
        self.next += 1
        self._bytes += sys.getsizeof(payload)
        if self._bytes > self._max_bytes or len(self.rows) > self._capacity + self._capacity // _SLACK:
            self._drop_oldest()

    def clear(self) -> None:
        """Remove all rows."""
        self.rows.clear()
        self._bytes = 0
        self.dropped = 0

    def _drop_oldest(self) -> None:
        max_bytes = self._max_bytes
        if self._bytes > max_bytes:
            max_bytes -= max_bytes // _SLACK
        excess = max(0, len(self.rows) - self._capacity)
        count = 0
        # The newest row stays, however large it is.
        while count < len(self.rows) - 1 and (count < excess or self._bytes > max_bytes):
            self._bytes -= sys.getsizeof(self.rows[count].payload)
            count += 1
        del self.rows[:count]
        self.dropped += count


def sent_messages(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that can be sent again: text, binary messages and pings that were sent."""
    return [row for row in rows if row.direction is Direction.OUT and row.type in ("text", "binary", "ping")]
