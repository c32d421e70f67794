"""The loop that Tk wakes: one file handler on the readiness object.

A file handler takes no descriptor above 1023 (it aborts the process), so the sockets are
registered with the readiness object and Tk sees that one descriptor alone.
"""

from __future__ import annotations

import tkinter

from tkws.loop.base import Loop


class TkLoop(Loop):
    """A loop on ``createfilehandler``; idle, it costs nothing."""

    def _attach_to_tk(self) -> None:
        self._tkapp.createfilehandler(self._poller.fileno(), tkinter.READABLE, self._dispatch)

    def _detach_from_tk(self) -> None:
        self._tkapp.deletefilehandler(self._poller.fileno())
