"""The conditions that a watch looks out for: silence, gaps in a sequence, rates, latency and patterns.

They know rows and JSON fields, but no widget. `Condition.read` takes all rows once, in their order, and is
called 20,000 times a second or less often with more rows. `Condition.check` is for what no row tells; it is
called some times a second, after all rows have been read. Times are Unix times in seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from tkws.console.log.log import Direction, Row
from tkws.console.log.query import Query
from tkws.console.text.fields import MISSING, Path, as_text, lookup, path_text

_MESSAGES = "text", "binary"
_BUCKETS = 10  # parts of the time over which a rate is measured
_SAMPLE = 3  # messages that a rate is measured from at least, if they come as fast as the limit
_MIN_WINDOW = 1.0  # seconds over which a rate is measured at least
_MAX_KEYS = 5000  # sequences of which the last number is kept


class Line(NamedTuple):
    """The state of the connection, or of those of a server.

    Attributes:
        is_open: Whether it is open, or any of them is.
        latency: The last round trip of a ping, in seconds; None if it is not known.
    """

    is_open: bool = False
    latency: float | None = None


class Alert(NamedTuple):
    """A condition that was met by a row."""

    number: int
    """The number of the row."""
    when: float
    text: str


FieldsOf = Callable[[Row], Any]
"""Returns the parsed JSON of a message; None for what is not JSON."""


class Condition:
    """A condition, which is never met; the kinds of conditions are subclasses.

    Args:
        label: The name of the condition.
    """

    def __init__(self, label: str) -> None:
        self.label: Final = label

    def read(self, rows: Sequence[Row], fields_of: FieldsOf) -> list[Alert]:
        """Take new rows, and return those that meet the condition."""
        return []

    def check(self, now: float, line: Line) -> str:
        """Return a sentence if the condition has been met since the last check; an empty one otherwise."""
        return ""


class Silence(Condition):
    """No message came for some time; told once for each silence.

    Args:
        seconds: The time.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"silence of {seconds:g} s")
        self._seconds = seconds
        self._since: float | None = None  # the last message, or the opening of the connection
        self._told = self._was_open = False

    def read(self, rows: Sequence[Row], fields_of: FieldsOf) -> list[Alert]:
        """See `Condition.read`: the message that ended a silence which was not told yet."""
        alerts: list[Alert] = []
        for row in rows:
            if row.direction is Direction.IN and row.type in _MESSAGES:
                since = row.time if self._since is None else self._since
                if row.time - since > self._seconds and not self._told:
                    alerts.append(Alert(row.number, row.time, f"after {row.time - since:,.1f} s"))
                self._since, self._told = max(since, row.time), False
            elif row.direction is Direction.NOTE and row.type == "connect":
                self._since, self._told = max(self._since or row.time, row.time), False
            elif row.direction is Direction.NOTE and row.type == "close":
                self._since = None
        return alerts

    def check(self, now: float, line: Line) -> str:
        """See `Condition.check`: a silence that lasts."""
        was_open, self._was_open = self._was_open, line.is_open
        if not line.is_open:
            return ""
        if not was_open or self._since is None or self._since > now:  # the clock was set back
            self._since, self._told = now, self._told and was_open
        if self._told or now - self._since <= self._seconds:
            return ""
        self._told = True
        return f"nothing for {self._seconds:g} s"


class Gap(Condition):
    """A number in the messages did not go up by one.

    A new connection may begin with a lower number, as a server does that was started again.

    Args:
        path: The field with the number; other messages are passed over.
        by: A field of which each value has a sequence of its own; None for one sequence.
    """

    def __init__(self, path: Path, by: Path | None = None) -> None:
        super().__init__(f"gap in {path_text(path)}{'' if by is None else f' by {path_text(by)}'}")
        self._path = path
        self._name = path[-1] if isinstance(path[-1], str) else ""
        self._by = by
        self._last: dict[tuple[str, str], int] = {}
        self._fresh: set[tuple[str, str]] = set()  # sequences that may start over

    def read(self, rows: Sequence[Row], fields_of: FieldsOf) -> list[Alert]:
        """See `Condition.read`: the messages after a gap, and those out of order."""
        alerts: list[Alert] = []
        for row in rows:
            if row.direction is Direction.IN and row.type in _MESSAGES:
                if text := self._take(row, fields_of):
                    alerts.append(Alert(row.number, row.time, text))
            elif row.type == "connect" and row.direction is Direction.NOTE:
                self._fresh.update(self._last)
        return alerts

    def _take(self, row: Row, fields_of: FieldsOf) -> str:
        """Return what is wrong with the number of a message; an empty text if nothing is."""
        payload = row.payload
        if isinstance(payload, str) and self._name not in payload and "\\" not in payload:
            return ""  # parsing costs much more than this; an escape may hide the name
        fields = fields_of(row)
        number = _whole(lookup(fields, self._path))
        if number is None:
            return ""
        group = "" if self._by is None else lookup(fields, self._by)
        key = row.peer, "" if group is MISSING else as_text(group)
        last = self._last.get(key)
        if last is None and len(self._last) >= _MAX_KEYS:
            return ""
        self._last[key] = number
        is_fresh = key in self._fresh
        self._fresh.discard(key)
        if last is None or number == last + 1 or (is_fresh and number <= last):
            return ""
        name = f"{key[1]}: " if key[1] else ""
        if number > last:
            return f"{name}{number} after {last}, {number - last - 1:,} missing"
        return f"{name}{number} after {last}, {'repeated' if number == last else 'out of order'}"


class Rate(Condition):
    """More or fewer messages came each second than a limit; told once until it has been right for a while.

    Args:
        limit: Messages per second, more than 0.
        is_upper: Whether more of them meet the condition; otherwise fewer do.
    """

    def __init__(self, limit: float, *, is_upper: bool) -> None:
        super().__init__(f"rate {'above' if is_upper else 'below'} {limit:g}/s")
        self._limit = limit
        self._is_upper = is_upper
        self._window = max(_MIN_WINDOW, _SAMPLE / limit)
        self._counts: deque[list[int]] = deque()  # the number of a part of the time, and of its messages
        self._open_since: float | None = None
        self._met_at: float | None = None  # when it was last met, while that is told

    def read(self, rows: Sequence[Row], fields_of: FieldsOf) -> list[Alert]:
        """See `Condition.read`; counts, and returns nothing."""
        scale = _BUCKETS / self._window
        counts = self._counts
        for row in rows:
            if row.direction is Direction.IN and row.type in _MESSAGES:
                part = int(row.time * scale)
                if counts and part <= counts[-1][0]:
                    # Rows of a file that was opened are older.
                    counts[-1][1] += part >= counts[-1][0] - _BUCKETS
                else:
                    counts.append([part, 1])
                    if len(counts) > _BUCKETS + 1:
                        counts.popleft()
        return []

    def check(self, now: float, line: Line) -> str:
        """See `Condition.check`."""
        if not line.is_open:
            self._open_since = self._met_at = None
            return ""
        part = int(now * _BUCKETS / self._window)
        if self._counts and self._counts[-1][0] > part:  # the clock was set back
            self._counts.clear()
            self._open_since = None
        if self._open_since is None or self._open_since > now:
            self._open_since = now
        count = sum(count for each, count in self._counts if part - _BUCKETS <= each < part)
        rate = count / self._window
        is_met = rate > self._limit if self._is_upper else rate < self._limit
        if not self._is_upper and now - self._open_since < self._window * (1 + 1 / _BUCKETS):
            return ""  # not long enough to tell
        was_met = self._met_at is not None and now - self._met_at < self._window
        if is_met:
            self._met_at = now
        return f"{rate:,.{0 if rate >= 10 else 2}f}/s" if is_met and not was_met else ""


class Latency(Condition):
    """A ping took longer than a limit; told once until one takes less.

    Args:
        seconds: The limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"latency above {seconds * 1000:g} ms")
        self._seconds = seconds
        self._told = False

    def check(self, now: float, line: Line) -> str:
        """See `Condition.check`."""
        latency = line.latency if line.is_open else None
        is_met = latency is not None and latency > self._seconds
        is_new, self._told = is_met and not self._told, is_met
        return f"{(latency or 0.0) * 1000:,.0f} ms" if is_new else ""


class Pattern(Condition):
    """A message passes a filter.

    Args:
        text: The text of the filter.
        query: The filter.
    """

    def __init__(self, text: str, query: Query) -> None:
        super().__init__(text)
        self._passes = query.passes

    def read(self, rows: Sequence[Row], fields_of: FieldsOf) -> list[Alert]:
        """See `Condition.read`: messages of both directions that pass."""
        passes = self._passes
        return [
            Alert(row.number, row.time, "")
            for row in rows
            if row.direction is not Direction.NOTE and passes(row)
        ]


def _whole(value: Any) -> int | None:
    """Return a whole number, also of a string; None for anything else."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    is_digits = isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit()
    return int(value) if is_digits and len(value) <= 40 else None
