"""The conversation: messages and events in bounded memory, and the part of them that is shown.

Knows neither Tk nor connections. A `Log` numbers its rows from 0, and drops the oldest if there are too
many or they take too much memory; numbers are never reused. A `View` finds the rows that pass a filter in
small steps, so that a long log does not block the window.
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

CAPACITY = 100_000
MAX_BYTES = 128 << 20  # of payloads; together with the rows' overhead, 100,000 rows stay below 200 MiB

_SLACK = 16  # a full log drops a sixteenth of its rows at once, since each dropping takes time
_CHUNK = 256  # rows between two checks of the clock


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


_number_of = attrgetter("number")


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


@dataclass(frozen=True, slots=True)
class Filter:
    """The condition for rows to be shown.

    Attributes:
        text: A text that they contain, in any case; in binary messages as text or as hex. Empty for any.
        types: The types to show; None for all.
        directions: The directions to show; None for all.
    """

    text: str = ""
    types: frozenset[str] | None = None
    directions: frozenset[Direction] | None = None

    @property
    def passes_all(self) -> bool:
        """Whether all rows pass."""
        return not self.text and self.types is None and self.directions is None

    def passes(self, row: Row) -> bool:
        """Return whether a row is to be shown."""
        if self.types is not None and row.type not in self.types:
            return False
        if self.directions is not None and row.direction not in self.directions:
            return False
        if not self.text:
            return True
        wanted = self.text.casefold()
        payload = row.payload
        if isinstance(payload, str):
            return wanted in payload.casefold() or wanted in row.peer.casefold()
        return (
            wanted in payload.decode(errors="replace").casefold()
            or wanted.replace(" ", "") in payload.hex()
            or wanted in row.peer.casefold()
        )


class View:
    """The rows of a log that pass a filter.

    Args:
        log: The log.

    Attributes:
        rows: The rows found so far, the oldest first; `advance` finds more.
    """

    def __init__(self, log: Log) -> None:
        self.rows: list[Row] = []
        self._log = log
        self._filter = Filter()
        self._next = log.first

    @property
    def filter(self) -> Filter:
        """The filter; setting it restarts the search."""
        return self._filter

    @filter.setter
    def filter(self, filter: Filter) -> None:
        self._filter = filter
        self.rows.clear()
        self._next = self._log.first

    @property
    def unseen(self) -> int:
        """How many rows of the log have not been searched yet."""
        return self._log.next - max(self._next, self._log.first)

    def advance(self, seconds: float) -> bool:
        """Search more rows for about ``seconds``, and remove those that the log has dropped.

        Returns:
            Whether all rows have been searched.
        """
        log = self._log
        self._remove_dropped()
        deadline = time.perf_counter() + seconds
        at = max(self._next, log.first) - log.first
        while at < len(log.rows):
            chunk = log.rows[at : at + _CHUNK]
            at += len(chunk)
            self.rows += chunk if self._filter.passes_all else filter(self._filter.passes, chunk)
            if time.perf_counter() > deadline:
                break
        self._next = log.first + at
        return at == len(log.rows)

    def index_of(self, number: int) -> int:
        """Return the index of the row with that number in `rows`, or where it would be inserted."""
        return bisect_left(self.rows, number, key=_number_of)

    def _remove_dropped(self) -> None:
        first = self._log.first
        if self.rows and self.rows[0].number < first:
            del self.rows[: self.index_of(first)]


def sent_messages(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that can be sent again: text, binary messages and pings that were sent."""
    return [row for row in rows if row.direction is Direction.OUT and row.type in ("text", "binary", "ping")]
