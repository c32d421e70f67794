"""The loop that Tk wakes: one file handler on the readiness object.

A file handler takes no descriptor above 1023 (it aborts the process), so the sockets are
registered with the readiness object and Tk sees that one descriptor alone.
"""

from __future__ import annotations

import tkinter

from tkws.loop.base import Loop


class TkLoop(Loop):
    """A loop on ``createfilehandler``; idle, it costs nothing."""

    def _listen(self) -> None:
        self._tkapp.createfilehandler(self._poller.fileno(), tkinter.READABLE, self._ready_to_serve)

    def _ignore(self) -> None:
        self._tkapp.deletefilehandler(self._poller.fileno())

    def _ready_to_serve(self, _poller: object, _mask: int) -> None:
        """The short way for one descriptor, which is what a program that answers message by message has.

        Within a slice, deadlines and queued calls need no look: they have their Tk timer. It saves a
        fifth of what a round trip costs here.
        """
        if self._clock() >= self._deadline:
            self._dispatch()
            return
        events = self._poll()
        if len(events) != 1 or events[0][0] not in self._watches:
            self._note(events)
            self._dispatch()
            return
        fd, mask = events[0]
        self._depth += 1
        try:
            self._alert(self._watches[fd], mask)
            if self._slice_end:
                self._end_slice()
        finally:
            self._depth -= 1
        if self._soon:
            self._dispatch()
