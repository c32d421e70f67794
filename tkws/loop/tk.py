"""The loop that Tk wakes through one file handler, on the descriptor of the poller.

A file handler on a descriptor above 1023 aborts the process, so sockets are registered with the poller, and
Tk is given only the poller's own descriptor.
"""

from __future__ import annotations

import tkinter

from tkws.compilation import mypyc_attr
from tkws.loop.base import Loop
from tkws.loop.entry import entry


@mypyc_attr(allow_interpreted_subclasses=True)
class TkLoop(Loop):
    """A loop that uses ``createfilehandler``. While idle it uses no CPU at all."""

    def _attach_to_tk(self) -> None:
        self._tkapp.createfilehandler(self._readiness.fileno(), tkinter.READABLE, entry(self._dispatch))

    def _detach_from_tk(self) -> None:
        self._tkapp.deletefilehandler(self._readiness.fileno())
