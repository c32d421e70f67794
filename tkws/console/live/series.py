"""A numeric field over time, in bounded memory: the lowest, highest and last value of each tenth of a second.

Knows JSON fields and rows, but no widget.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tkws.console.live.keys import cut
from tkws.console.log.log import Row
from tkws.console.text.fields import MISSING, Path, as_number, as_text, lookup, path_text

KEPT = 600.0
"""Seconds for which values are kept."""

_PER_SECOND = 10


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values come from.

    Attributes:
        path: The field.
        key: A field that the messages must have, for those of one key; None for all messages.
        value: The text of its value.
    """

    path: Path
    key: Path | None = None
    value: str = ""

    @property
    def label(self) -> str:
        """The name of the line."""
        name = path_text(self.path)
        return name if self.key is None else f"{name} · {self.value or '(empty)'}"

    def read(self, fields: Any) -> float | None:
        """Return the number in a message; None if it has none."""
        if self.key is not None:
            found = lookup(fields, self.key)
            if found is MISSING or cut(as_text(found)) != self.value:
                return None
        return as_number(lookup(fields, self.path))


class Span(NamedTuple):
    """The values of a stretch of time."""

    column: int
    """Which stretch it is."""
    low: float
    high: float
    last: float


class Series:
    """The values of one line.

    Args:
        source: Where they come from.

    Attributes:
        last: The newest value; None at first.
        newest: The Unix time of the newest value, in seconds; 0 at first.
    """

    def __init__(self, source: Source) -> None:
        self.source: Final = source
        self.last: float | None = None
        self.newest: float = 0.0
        self._spans: deque[Span] = deque()  # of a tenth of a second each, counted from the Unix epoch

    def add(self, row: Row, fields: Any) -> None:
        """Take a message."""
        value = self.source.read(fields)
        if value is None:
            return
        self.last, self.newest = value, row.time
        column = int(row.time * _PER_SECOND)
        spans = self._spans
        if spans and spans[-1].column >= column:  # also if the clock went back
            spans.append(_merged(spans.pop(), value, value, value))
            return
        spans.append(Span(column, value, value, value))
        while spans[0].column < column - KEPT * _PER_SECOND:
            spans.popleft()

    def reset(self) -> None:
        """Forget all values."""
        self.last, self.newest = None, 0.0
        self._spans.clear()

    def spans(self, begin: float, end: float, columns: int) -> list[Span]:
        """Return the values between two Unix times, in so many columns; columns without values are left out.

        The last value before ``begin`` is in column -1, so that a line can come from there.
        """
        first = begin * _PER_SECOND
        scale = columns / ((end - begin) * _PER_SECOND)
        inside: list[Span] = []
        for span in reversed(self._spans):
            if span.column < first:
                inside.append(span._replace(column=-1))
                break
            if (column := int((span.column - first) * scale)) < columns:
                inside.append(span._replace(column=column))
        shown: list[Span] = []
        for span in reversed(inside):
            if shown and shown[-1].column == span.column:
                span = _merged(shown.pop(), span.low, span.high, span.last)
            shown.append(span)
        return shown


def _merged(span: Span, low: float, high: float, last: float) -> Span:
    return Span(span.column, min(span.low, low), max(span.high, high), last)
