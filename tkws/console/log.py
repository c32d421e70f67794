"""The conversation: what was said, when and by whom, in bounded memory, and the part of it that is shown.

Knows neither Tk nor connections. A `Log` numbers its rows from 0 on and forgets the oldest where
there are too many or they take too much memory; numbers are never used again. A `View` finds the
rows that a filter lets through bit by bit, so that a long log holds nobody up.
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
MAX_BYTES = 128 << 20  # of payloads: with what a row takes besides, 100,000 rows stay under 200 MiB

_SLACK = 16  # a full log forgets a sixteenth at a time, since each time costs
_CHUNK = 256  # rows between two looks at the clock


class Direction(StrEnum):
    """Who said it."""

    IN = "in"
    OUT = "out"
    NOTE = "note"
    """Neither: what happened to the connection."""


class Row(NamedTuple):
    """One line of the conversation: a named tuple, since there are many of them."""

    number: int
    time: float
    """Unix time in seconds."""
    direction: Direction
    type: str
    """``text``, ``binary``, ``ping``, ``pong``, ``file``, or the `tkws.Event` of a note."""
    payload: str | bytes
    peer: str = ""
    """With whom, in a server's log."""

    @property
    def size(self) -> int:
        """Bytes of the payload, as they travel."""
        if isinstance(self.payload, bytes) or self.payload.isascii():
            return len(self.payload)
        return len(self.payload.encode(errors="replace"))


_number_of = attrgetter("number")


class Log:
    """The conversation.

    Args:
        capacity: How many rows are kept at least, if they do not take too much memory.
        max_bytes: The memory that payloads may take.

    Attributes:
        rows: Those that are kept, the oldest first.
        next: The number of the next row.
        forgotten: How many rows were dropped to make room.
    """

    def __init__(self, capacity: int = CAPACITY, max_bytes: int = MAX_BYTES) -> None:
        self.rows: list[Row] = []
        self.next = 0
        self.forgotten = 0
        self._bytes = 0
        self._capacity = capacity
        self._max_bytes = max_bytes

    @property
    def first(self) -> int:
        """The number of the oldest row that is kept; `next` where there is none."""
        return self.next - len(self.rows)

    def add(
        self,
        direction: Direction,
        type: str,
        payload: str | bytes,
        peer: str = "",
        when: float | None = None,
    ) -> None:
        """Append a row; ``when`` is its Unix time, now by default."""
        self.rows.append(
            Row(self.next, time.time() if when is None else when, direction, type, payload, peer)
        )
        self.next += 1
        self._bytes += sys.getsizeof(payload)
        if self._bytes > self._max_bytes or len(self.rows) > self._capacity + self._capacity // _SLACK:
            self._forget()

    def clear(self) -> None:
        """Drop every row."""
        self.rows.clear()
        self._bytes = 0
        self.forgotten = 0

    def _forget(self) -> None:
        most_bytes = self._max_bytes
        if self._bytes > most_bytes:
            most_bytes -= most_bytes // _SLACK
        excess = max(0, len(self.rows) - self._capacity)
        count = 0
        # The newest row stays, however large it is.
        while count < len(self.rows) - 1 and (count < excess or self._bytes > most_bytes):
            self._bytes -= sys.getsizeof(self.rows[count].payload)
            count += 1
        del self.rows[:count]
        self.forgotten += count


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are shown.

    Attributes:
        text: What they contain, in any case; in binary messages as text or as hex. Empty for all.
        types: Their types; None for all.
        directions: Their directions; None for all.
    """

    text: str = ""
    types: frozenset[str] | None = None
    directions: frozenset[Direction] | None = None

    @property
    def passes_all(self) -> bool:
        """Whether nothing is filtered out."""
        return not self.text and self.types is None and self.directions is None

    def passes(self, row: Row) -> bool:
        """Whether ``row`` is shown."""
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
    """The rows of a log that a filter lets through.

    Args:
        log: The log.

    Attributes:
        rows: Those found so far, the oldest first; `advance` finds more.
    """

    def __init__(self, log: Log) -> None:
        self.rows: list[Row] = []
        self._log = log
        self._filter = Filter()
        self._next = log.first

    @property
    def filter(self) -> Filter:
        """The filter; setting it begins anew."""
        return self._filter

    @filter.setter
    def filter(self, filter: Filter) -> None:
        self._filter = filter
        self.rows.clear()
        self._next = self._log.first

    @property
    def unseen(self) -> int:
        """How many rows of the log were not looked at yet."""
        return self._log.next - max(self._next, self._log.first)

    def advance(self, seconds: float) -> bool:
        """Look at more rows, for about so long, and let go of those that the log has forgotten.

        Returns:
            Whether all have been looked at.
        """
        log = self._log
        self._forget()
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
        """Return where the row of that number is among `rows`, or would be."""
        return bisect_left(self.rows, number, key=_number_of)

    def _forget(self) -> None:
        first = self._log.first
        if self.rows and self.rows[0].number < first:
            del self.rows[: self.index_of(first)]


def sent_messages(rows: Iterable[Row]) -> list[Row]:
    """Return the messages among ``rows`` that can be sent again: text, binary and pings that went out."""
    return [row for row in rows if row.direction is Direction.OUT and row.type in ("text", "binary", "ping")]
