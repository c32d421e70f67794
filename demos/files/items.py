"""A file on its way: its state, how much has gone, how fast, how long it still takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

_WINDOW = 3.0  # seconds over which the rate is averaged
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class State(Enum):
    """The state of a file."""

    WAITING = "waiting"
    MOVING = "moving"
    BROKEN = "broken"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(slots=True, eq=False)
class Item:
    """A file that is sent or received.

    Attributes:
        name: The name of the file.
        size: Its size in bytes.
        key: Its key.
        state: Its state.
        moved: The bytes that are over, also by earlier connections.
        reason: Why it was stopped; otherwise empty.
        clock: The time in seconds.
    """

    name: str
    size: int
    key: str
    state: State = State.WAITING
    moved: int = 0
    reason: str = ""
    clock: Callable[[], float] = time.monotonic
    _marks: deque[tuple[float, int]] = field(default_factory=deque)

    def move_to(self, moved: int) -> None:
        """Note how many bytes are over now."""
        now = self.clock()
        self.moved = moved
        self._marks.append((now, moved))
        while now - self._marks[0][0] > _WINDOW and len(self._marks) > 2:
            self._marks.popleft()

    def begin(self, offset: int) -> None:
        """Note that it moves, from ``offset`` on."""
        self.state, self.reason = State.MOVING, ""
        self._marks.clear()
        self.move_to(offset)

    @property
    def rate(self) -> float:
        """Bytes per second of late; 0.0 while unknown."""
        if len(self._marks) < 2:
            return 0.0
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start) if end > start else 0.0

    def summary(self) -> str:
        """Return the figures as a line of text."""
        so_far = f"{in_bytes(self.moved)} of {in_bytes(self.size)}"
        if self.state is State.DONE:
            return f"{in_bytes(self.size)} · complete"
        if self.state is State.WAITING:
            return f"{in_bytes(self.size)} · waiting"
        if self.state is State.BROKEN:
            return f"{so_far} · goes on from there when the other side is back"
        if self.state is State.STOPPED:
            return f"{so_far} · {self.reason}"
        rate = self.rate
        left = f" · {in_seconds((self.size - self.moved) / rate)} left" if rate else ""
        return f"{so_far} · {in_bytes(rate)}/s{left}" if rate else so_far


def in_bytes(count: float) -> str:
    """Return a number of bytes with a unit."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 or count >= 100 else f"{count:.1f} {_UNITS[unit]}"


def in_seconds(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
