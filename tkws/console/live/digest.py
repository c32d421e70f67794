"""Reads the messages of a view and hands their JSON fields to the views, a bit at a time.

Each message is parsed once, however many readers there are. Knows no widget.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from tkws.console.log.log import Direction, Row
from tkws.console.log.view import View
from tkws.console.text.fields import parse

_CHUNK = 64  # rows between two checks of the clock


class Reader(Protocol):
    """Takes the messages, the oldest first."""

    def add(self, row: Row, fields: Any) -> object:
        """Take a message, and its JSON object or array."""

    def reset(self) -> object:
        """Forget all messages: they come again, since the filter has changed or the log was cleared."""


class Digest:
    """Feeds readers from the rows that pass the filter.

    Args:
        view: The rows.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._next: dict[Reader, int] = {}  # the number of the first row that each has not had

    def attach(self, reader: Reader) -> None:
        """Add a reader, which first gets the messages that are there."""
        self._next[reader] = 0

    def detach(self, reader: Reader) -> None:
        """Remove a reader; a no-op for one that is not attached."""
        self._next.pop(reader, None)

    def reset(self) -> None:
        """Start over, as after a change of the filter."""
        for reader in self._next:
            self._next[reader] = 0
            reader.reset()

    def advance(self, seconds: float) -> bool:
        """Read more messages for about ``seconds``.

        Returns:
            Whether all have been read.
        """
        if not self._next:
            return True
        rows = self._view.rows
        at = self._view.index_of(min(self._next.values()))
        deadline = time.perf_counter() + seconds
        while at < len(rows):
            self._read(rows[at : at + _CHUNK])
            at += _CHUNK
            if time.perf_counter() > deadline:
                break
        return at >= len(rows)

    def _read(self, rows: list[Row]) -> None:
        readers = list(self._next.items())
        for row in rows:
            if row.direction is Direction.NOTE or (fields := parse(row.payload)) is None:
                continue
            for reader, first in readers:
                if row.number >= first:
                    reader.add(row, fields)
        after = rows[-1].number + 1
        for reader, first in readers:
            self._next[reader] = max(first, after)
