"""The watches of a log: reads its new rows, and keeps what met a condition.

Each message is parsed once at most, however many watches there are. Knows no widget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from tkws.console.log.log import Direction, Log, Row
from tkws.console.text.fields import parse
from tkws.console.watch.conditions import Alert, Condition, Line

_CHUNK = 256  # rows between two checks of the clock
_SLACK = 10_000  # marks of rows that the log has dropped


@dataclass(slots=True)
class Watch:
    """A condition that is looked out for.

    Attributes:
        condition: The condition.
        count: How many times it was met.
        last: The last time; None before the first.
        next: The number of the first row that it has not read.
    """

    condition: Condition
    count: int = 0
    last: Alert | None = None
    next: int = 0


class Watches:
    """The watches, which first read the rows that are there.

    Args:
        log: The log, to which a note is added for each condition that no row tells.
        on_alert: Called with a watch whose condition was met, and the last time of some that came at once.

    Attributes:
        line: Returns the state of the connection; to be set by the owner.
        marks: The numbers of the rows that met a condition.
        unseen: Those of them that were not in sight yet.
        count: How many times any condition was met.
    """

    def __init__(self, log: Log, on_alert: Callable[[Watch, Alert], object]) -> None:
        self.line: Callable[[], Line] = Line
        self.marks: Final[set[int]] = set()
        self.unseen: Final[set[int]] = set()
        self.count: int = 0
        self._log = log
        self._on_alert = on_alert
        self._watches: list[Watch] = []

    @property
    def all(self) -> list[Watch]:
        """The watches, the oldest first."""
        return list(self._watches)

    def add(self, condition: Condition, *, next: int = 0) -> Watch:
        """Look out for a condition, from the row with the number ``next`` on."""
        watch = Watch(condition, next=next)
        self._watches.append(watch)
        return watch

    def remove(self, watch: Watch) -> None:
        """End a watch; its marks stay."""
        self._watches.remove(watch)

    def advance(self, seconds: float) -> bool:
        """Read more rows for about ``seconds``; return whether all have been read."""
        deadline = time.perf_counter() + seconds
        while self._watches and (first := self._first_unread()) < self._log.next:
            at = first - self._log.first
            self._read(self._log.rows[at : at + _CHUNK])
            if time.perf_counter() > deadline:
                return self._first_unread() >= self._log.next
        return True

    def check(self, now: float) -> None:
        """Look for what no row tells, at a Unix time; a no-op while there are rows to be read."""
        if not self._watches or self._first_unread() < self._log.next:
            return
        line = self.line()
        for watch in self.all:
            if text := watch.condition.check(now, line):
                self._log.add(Direction.NOTE, "watch", f"{watch.condition.label}: {text}", when=now)
                self._met(watch, [Alert(self._log.next - 1, now, text)])

    def note_seen(self, numbers: Iterable[int]) -> bool:
        """Note that rows were in sight; return whether any of them, or any that is gone, was unseen."""
        count = len(self.unseen)
        self.unseen.difference_update(numbers)
        self.unseen.difference_update([number for number in self.unseen if number < self._log.first])
        return len(self.unseen) < count

    def clear_marks(self) -> None:
        """Remove all marks, and count from zero."""
        self.marks.clear()
        self.unseen.clear()
        self.count = 0
        for watch in self._watches:
            watch.count, watch.last = 0, None

    def _first_unread(self) -> int:
        return max(min(watch.next for watch in self._watches), self._log.first)

    def _read(self, rows: list[Row]) -> None:
        parsed: dict[int, Any] = {}

        def fields_of(row: Row) -> Any:
            if row.number not in parsed:
                parsed[row.number] = parse(row.payload)
            return parsed[row.number]

        first, after = rows[0].number, rows[-1].number + 1
        for watch in self.all:
            if watch.next < after:
                new = rows[max(0, watch.next - first) :]
                watch.next = after
                if alerts := watch.condition.read(new, fields_of):
                    self._met(watch, alerts)

    def _met(self, watch: Watch, alerts: list[Alert]) -> None:
        watch.count += len(alerts)
        watch.last = alerts[-1]
        self.count += len(alerts)
        new = {alert.number for alert in alerts} - self.marks
        self.marks.update(new)
        self.unseen.update(new)
        if len(self.marks) > len(self._log.rows) + _SLACK:
            self.marks.intersection_update(range(self._log.first, self._log.next))
        self._on_alert(watch, alerts[-1])
