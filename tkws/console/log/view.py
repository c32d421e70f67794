"""The rows of a log that pass a filter.

Knows neither Tk nor connections. A `View` finds the rows in small steps, so that a long log does not block
the window.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from tkws.console.log.log import Direction, Log, Row
from tkws.console.log.query import read_query

_CHUNK = 256  # rows between two checks of the clock

_number_of = attrgetter("number")


@dataclass(frozen=True, slots=True)
class Filter:
    """The condition for rows to be shown.

    Attributes:
        text: A query that they match; see `tkws.console.log.query`. Empty for any.
        types: The types to show; None for all.
        directions: The directions to show; None for all.
    """

    text: str = ""
    types: frozenset[str] | None = None
    directions: frozenset[Direction] | None = None

    @property
    def passes_all(self) -> bool:
        """Whether all rows pass."""
        return not self.text.strip() and self.types is None and self.directions is None

    def predicate(self) -> Callable[[Row], bool]:
        """Return the test for a row.

        Raises:
            ValueError: The text is not a query; see `read_query`.
        """
        types, directions, passes = self.types, self.directions, read_query(self.text).passes

        def test(row: Row) -> bool:
            if types is not None and row.type not in types:
                return False
            return (directions is None or row.direction in directions) and passes(row)

        return test


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
        self._passes = self._filter.predicate()
        self._next = log.first

    @property
    def filter(self) -> Filter:
        """The filter; setting it restarts the search, or raises a `ValueError` and changes nothing."""
        return self._filter

    @filter.setter
    def filter(self, filter: Filter) -> None:
        self._passes = filter.predicate()
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
            self.rows += chunk if self._filter.passes_all else filter(self._passes, chunk)
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
