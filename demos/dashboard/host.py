"""The server: measures the machine, sends the samples to all clients, and serves the web page."""

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
HISTORY = 2400  # samples to keep: ten minutes

_PAGE = Path(__file__).with_name("page.html")


class Host:
    """The server of the feed; it starts at once.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``; its loop runs the server.
        address: The IP address or name to listen on.
        port: The port; 0 for a free one.
        machine: The machine to measure.

    Attributes:
        server: The server; its URL is that of the feed and, in a browser, of the page.

    Raises:
        OSError: The port is in use, or the address does not belong to this machine.
    """

    def __init__(
        self, master: tk.Misc, address: str = "127.0.0.1", port: int = 0, machine: Machine | None = None
    ) -> None:
        self._machine = machine or Machine()
        self._alarms = Alarms()
        self._history: deque[Sample] = deque(maxlen=HISTORY)
        self._name = platform.node() or "this machine"
        # Samples are skipped for a viewer that does not keep up; the next one that it gets is newer.
        self.server = tkws.serve(address, port, master=master, slow_peer="skip")
        self.server.live("/", self._on_event)
        self.server.page("/", _PAGE.read_text(encoding="utf-8"))
        self._timer = self.server.loop.call_later(PERIOD, self._measure)

    def close(self) -> None:
        """Stop measuring, and close all connections."""
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
