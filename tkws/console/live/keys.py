"""Messages by key: for each value of a field, the last message, how many there were, and how often they come.

Knows JSON fields and rows, but no widget.
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum
from typing import Any, Final

from tkws.console.log.log import Row
from tkws.console.text.fields import MISSING, Path, as_number, as_text, lookup

MAX_KEYS = 5000
"""How many keys are kept; messages with further ones are only counted."""

_MAX_LENGTH = 200  # characters of a key or a value
_HISTORY = 40  # seconds, for the sparkline
_RATE_TIME = 5.0  # seconds in which a rate follows a change
_MIN_RATE_TIME = 1.0  # seconds; what is younger has no reliable rate


class Order(StrEnum):
    """The ways to sort the keys."""

    FIRST_SEEN = "first seen"
    KEY = "key"
    VALUE = "value"
    COUNT = "count"
    RATE = "rate"
    AGE = "age"


class Entry:
    """One key.

    Attributes:
        key: The value of the field, as text.
        serial: Its place in the order in which the keys were first seen.
        number: The number of the row of the last message.
        time: When that came, as a Unix time in seconds.
        value: The last value, with a long text or an object cut off; `MISSING` if no message had one.
        count: How many messages there were.
        history: The numeric value at the end of each second, ``(second, value)``, the newest last.
    """

    __slots__ = "_rate", "_since", "count", "history", "key", "number", "serial", "time", "value"

    def __init__(self, key: str, serial: int, row: Row) -> None:
        self.key: Final = key
        self.serial: Final = serial
        self.number: int = row.number
        self.time: float = row.time
        self.value: Any = MISSING
        self.count: int = 0
        self.history: Final[deque[tuple[int, float]]] = deque(maxlen=_HISTORY)
        self._rate = 0.0
        self._since = row.time

    def add(self, row: Row, value: Any) -> None:
        """Take a message and its value."""
        elapsed = row.time - self.time
        if elapsed > 0:
            self._rate *= math.exp(-elapsed / _RATE_TIME)
        self._rate += 1 / _RATE_TIME
        self.number, self.time = row.number, row.time
        self.count += 1
        if value is MISSING:
            return
        self.value = value if isinstance(value, int | float) else cut(as_text(value))
        number = as_number(value)
        if number is not None:
            second = int(row.time)
            if self.history and self.history[-1][0] == second:
                self.history.pop()
            self.history.append((second, number))

    def rate(self, now: float) -> float:
        """Return the messages per second, averaged over some seconds before ``now``."""
        elapsed = max(0.0, now - self.time)
        lasted = max(_MIN_RATE_TIME, now - self._since)
        return self._rate * math.exp(-elapsed / _RATE_TIME) / (1 - math.exp(-lasted / _RATE_TIME))


class ByKey:
    """The messages that have a field, by its value.

    Args:
        key: The field.
        value: The field to show of each message; None for none.

    Attributes:
        entries: The keys, in the order in which they were first seen.
        overflow: How many messages had a key beyond `MAX_KEYS`.
        others: How many messages did not have the field.
    """

    def __init__(self, key: Path, value: Path | None = None) -> None:
        self.key: Final = key
        self.value: Final = value
        self.entries: Final[dict[str, Entry]] = {}
        self.overflow: int = 0
        self.others: int = 0

    def add(self, row: Row, fields: Any) -> None:
        """Take a message."""
        found = lookup(fields, self.key)
        if found is MISSING:
            self.others += 1
            return
        key = cut(as_text(found))
        entry = self.entries.get(key)
        if entry is None:
            if len(self.entries) >= MAX_KEYS:
                self.overflow += 1
                return
            entry = self.entries[key] = Entry(key, len(self.entries), row)
        entry.add(row, MISSING if self.value is None else lookup(fields, self.value))

    def reset(self) -> None:
        """Forget all messages."""
        self.entries.clear()
        self.overflow = self.others = 0

    def sorted(self, order: Order, now: float, *, descending: bool = False) -> list[Entry]:
        """Return the entries in an order; numbers come before texts, and missing values last."""
        entries = list(self.entries.values())
        match order:
            case Order.KEY:
                entries.sort(key=lambda entry: _rank(entry.key))
            case Order.VALUE:
                entries.sort(key=lambda entry: _rank(entry.value))
            case Order.COUNT:
                entries.sort(key=lambda entry: entry.count)
            case Order.RATE:
                entries.sort(key=lambda entry: entry.rate(now))
            case Order.AGE:
                entries.sort(key=lambda entry: -entry.time)
            case _:
                pass
        return entries[::-1] if descending else entries


def cut(text: str) -> str:
    """Return the beginning of a text, as much as is kept of a key or a value."""
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"


def sparkline(entry: Entry, now: float, width: int) -> str:
    """Return the values of the last ``width`` seconds as a line of small bars, the newest last."""
    if len(entry.history) < 2:
        return ""
    first = int(now) - width + 1
    values: list[float | None] = [None] * width
    last: float | None = None
    for second, number in entry.history:
        if second < first:
            last = number
        elif second - first < width:
            values[second - first] = number
    known = [value for value in (last, *values) if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    bars = []
    for value in values:
        last = last if value is None else value
        bars.append(" " if last is None else _bar(last, low, high))
    return "".join(bars).lstrip()


def _bar(value: float, low: float, high: float) -> str:
    share = 0.5 if high <= low else (value / 2 - low / 2) / (high / 2 - low / 2)  # halves cannot overflow
    return "▁▂▃▄▅▆▇█"[round(share * 7)]


def _rank(value: Any) -> tuple[int, float, str]:
    if value is MISSING:
        return 2, 0.0, ""
    number = as_number(value)
    return (1, 0.0, as_text(value).casefold()) if number is None else (0, number, "")
