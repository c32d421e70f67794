"""Decides how long the loop may wait by itself before Tk has its turn: so short that Tk loses little.

Tk does not say what it has due. So the loop learns from what Tk does between two entries: Tcl counts the
commands that it runs (``info cmdcount``), and what a program asks of Tk ends in one: the script of a timer,
of an idle callback, of a binding, of a channel. If Tk runs one every so often, the loop waits for a part of
that time only; if Tk is busy, it does not wait at all.

Knows the counter of one interpreter, and the time that it is given.
"""

from __future__ import annotations

import math
import tkinter
from typing import Any, Final

# Seconds of callbacks before Tk has its turn: a 10 ms timer and a redraw every 16 ms stay on time.
SLICE: Final = 0.005

# Events that are closer together than this, in seconds, are a conversation: the loop waits as long for the
# next one.
LONGEST: Final = 0.001

# The part of the time between two things that Tk does for which the loop may keep it waiting. What Tk has due
# comes at any moment of that, so it is late by half of this part on average: a tenth.
PART: Final = 0.2

# Seconds below which it is not worth while to wait: the poller counts in milliseconds.
SHORTEST: Final = LONGEST / 4

# How many intervals the average is that of, about: so many beats of a chain of `after` calls are late.
AVERAGED: Final = 4

# Events that are ready at once, and take as long as this to be served, in seconds, are a flood.
FLOOD: Final = 0.00025

_UNKNOWN: Final = -1


class Dwell:
    """How long a loop may keep Tk waiting, from what Tk has done before.

    Args:
        tkapp: The Tcl interpreter.

    Attributes:
        waits: Whether this entry may wait for events.
        seconds: How long it may wait for each.
        until: When Tk has its turn, even if events follow closely.
        served_at: When the last event was served.
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
        self._interval = SLICE / PART
        self._ran_at = -math.inf
        self._left_at = -math.inf
        self._looked = False
        self._looks_at = -math.inf

    def enter(self, now: float) -> None:
        """Begin an entry. It may wait if it follows closely on the last event, and Tk has been at rest."""
        before, self._count = self._count, _UNKNOWN
        count = _UNKNOWN if before == _UNKNOWN else self._commands()
        if count == _UNKNOWN:
            self._ran_at = now  # what Tk did meanwhile was not seen
        elif count - before != self._own_commands:
            self._note(now)
        self._looked = False
        most = min(max(self._interval, now - self._ran_at) * PART, SLICE)
        self.until = now + most
        self.seconds = min(most, LONGEST)
        self.waits = most >= SHORTEST and now - self.served_at < self.seconds

    def note_served(self, now: float) -> float:
        """Note that all that was ready has been served; return the seconds since it was so the last time."""
        took, self.served_at = now - self.served_at, now
        return took

    def goes_on(self, served_for: float) -> bool:
        """Return whether to serve what else is ready, when it is Tk's turn: once, or in a flood.

        Args:
            served_for: How long it took to serve what was ready at once, in seconds.
        """
        looked, self._looked = self._looked, True
        return not looked or (served_for >= FLOOD and self.seconds >= SHORTEST)

    def leave(self, now: float) -> None:
        """End an entry: Tk has its turn."""
        if now >= self._looks_at:
            self._left_at = now
            self._count = self._commands()

    def _note(self, now: float) -> None:
        """Take into account that Tk has run something since the loop was left."""
        rest = min(self._left_at - self._ran_at, SLICE / PART)
        self._interval += (rest - self._interval) / AVERAGED
        self._ran_at = now
        if self._interval < LONGEST:  # look now and then only: it takes a microsecond, twice for each entry
            self._looks_at = now + LONGEST

    def _commands(self) -> int:
        """Return how many commands Tcl has run; to ask is one or two of them."""
        try:
            return int(self._tkapp.call("info", "cmdcount"))
        except tkinter.TclError:  # Ctrl-C is ending a dialog, and so everything that Tcl is asked in it
            return _UNKNOWN
