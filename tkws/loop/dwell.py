"""Decides how long the loop may wait for events before it returns to Tk, without noticeably delaying Tk.

Tk does not tell when its next work is due, so the loop estimates it. Tcl counts the commands that it runs
(``info cmdcount``), and all work that a program gives to Tk runs as a command: the script of a timer, an idle
callback, a binding or a channel. If Tk runs one from time to time, the loop waits for only a fraction of the
usual interval; if Tk is busy, it does not wait at all.

Knows the counter of one interpreter, and the times that it is given. An *entry* is one call by Tk.
"""

from __future__ import annotations

import math
import tkinter
from typing import Any, Final

# Seconds of callbacks before the loop returns to Tk: a 10 ms timer and a redraw every 16 ms stay on time.
SLICE: Final = 0.005

# Events less than this many seconds apart are a conversation: the loop waits this long for the next one.
MAX_WAIT: Final = 0.001

# The fraction of the interval between two commands of Tk's that the loop may wait. Tk's work falls due at any
# moment of that wait, so on average it is late by half this fraction: a tenth of the interval.
WAIT_FRACTION: Final = 0.2

# Seconds below which waiting is not worthwhile: the poller counts in milliseconds.
MIN_WAIT: Final = MAX_WAIT / 4

# About how many intervals the average covers: a new chain of `after` calls is late for this many beats.
AVERAGE_SPAN: Final = 4

# If events that are ready together take at least this many seconds to serve, they are a flood.
FLOOD: Final = 0.00025

_UNKNOWN: Final = -1


class Dwell:
    """How long a loop may keep Tk waiting, estimated from what Tk has done so far.

    Args:
        tkapp: The Tcl interpreter.

    Attributes:
        waits: Whether this entry may wait for events.
        seconds: How long it may wait for each event.
        until: When the loop returns to Tk at the latest, even if events follow closely.
        served_at: When the last event was served, on the loop's clock.
    """

    __slots__ = (
        "_count", "_interval", "_left_at", "_looked", "_looks_at", "_own_commands", "_ran_at", "_tkapp",
        "seconds", "served_at", "until", "waits",
    )  # fmt: skip

    def __init__(self, tkapp: Any) -> None:
        self.waits: bool = False
        self.seconds: float = 0.0
        self.until: float = -math.inf
        self.served_at: float = -math.inf
        self._tkapp: Any = tkapp
        self._count = _UNKNOWN
        self._own_commands = -self._commands() + self._commands()
        self._interval = SLICE / WAIT_FRACTION
        self._ran_at = -math.inf
        self._left_at = -math.inf
        self._looked = False
        self._looks_at = -math.inf

    def enter(self, now: float) -> None:
        """Begin an entry. It may wait if the last event was very recent and Tk has been idle."""
        before, self._count = self._count, _UNKNOWN
        count = _UNKNOWN if before == _UNKNOWN else self._commands()
        if count == _UNKNOWN:
            self._ran_at = now  # Tk's work in the meantime was not counted
        elif count - before != self._own_commands:
            self._note(now)
        self._looked = False
        most = min(max(self._interval, now - self._ran_at) * WAIT_FRACTION, SLICE)
        self.until = now + most
        self.seconds = min(most, MAX_WAIT)
        self.waits = most >= MIN_WAIT and now - self.served_at < self.seconds

    def note_served(self, now: float) -> float:
        """Note that all ready events have been served; return the seconds since the previous such note."""
        took, self.served_at = now - self.served_at, now
        return took

    def serves_more(self, served_for: float) -> bool:
        """Return whether to serve more ready events although it is Tk's turn: once per entry, or in a flood.

        Args:
            served_for: How many seconds it took to serve the events that were ready together.
        """
        looked, self._looked = self._looked, True
        return not looked or (served_for >= FLOOD and self.seconds >= MIN_WAIT)

    def leave(self, now: float) -> None:
        """End an entry: the loop returns to Tk."""
        if now >= self._looks_at:
            self._left_at = now
            self._count = self._commands()

    def _note(self, now: float) -> None:
        """Update the average: Tk has run a command since the loop was left."""
        rest = min(self._left_at - self._ran_at, SLICE / WAIT_FRACTION)
        self._interval += (rest - self._interval) / AVERAGE_SPAN
        self._ran_at = now
        if self._interval < MAX_WAIT:  # count less often: counting takes a microsecond, twice per entry
            self._looks_at = now + MAX_WAIT

    def _commands(self) -> int:
        """Return how many commands Tcl has run; asking adds one or two."""
        try:
            return int(self._tkapp.call("info", "cmdcount"))
        except tkinter.TclError:  # Ctrl-C is ending a dialog, so every Tcl call inside it fails
            return _UNKNOWN
