"""Measures the machine and tells everybody who is connected; shows the page beside it."""

from __future__ import annotations

import platform
import tkinter as tk
from collections import deque
from pathlib import Path
from typing import Any

import tkws
from demos.dashboard.alarms import Alarms
from demos.dashboard.feed import encode
from demos.dashboard.machine import Machine, Sample

PERIOD = 0.25  # seconds between two samples
HISTORY = 2400  # samples that are kept: ten minutes

_PAGE = Path(__file__).with_name("page.html")


class Host:
    """The server of the feed; it begins at once.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``: its loop serves.
        address: The IP address or name to listen at.
        port: The port; 0 for one that is free.
        machine: What is measured.

    Attributes:
        server: What listens; `tkws.HTTPServer.url` leads to the feed and, in a browser, to the page.

    Raises:
        OSError: Where the port is in use or the address is not this machine's.
    """

    def __init__(
        self, master: tk.Misc, address: str = "127.0.0.1", port: int = 0, machine: Machine | None = None
    ) -> None:
        self._machine = machine or Machine()
        self._alarms = Alarms()
        self._history: deque[Sample] = deque(maxlen=HISTORY)
        self._name = platform.node() or "this machine"
        # A viewer that does not keep up misses samples; the next that it gets are newer.
        self.server = tkws.serve(address, port, master=master, slow_peer="skip")
        self.server.live("/", self._on_event)
        self.server.page("/", _PAGE.read_text(encoding="utf-8"))
        self._timer = self.server.loop.call_later(PERIOD, self._measure)

    def close(self) -> None:
        """Measure no more, and close every connection."""
        self._timer.cancel()
        self.server.close()

    def _measure(self) -> None:
        self._timer = self.server.loop.call_later(PERIOD, self._measure)
        sample = self._machine.sample()
        self._history.append(sample)
        self._alarms.update(sample)
        self.server.broadcast(encode(self._name, [sample], self._alarms.active))

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            ws.send(encode(self._name, self._history, self._alarms.active))
