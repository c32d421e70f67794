"""The server in the window: it starts, stops, starts again at the same port, and shows the web page."""

from __future__ import annotations

import tkinter as tk
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import tkws
from demos.chat.bridge import Bridge
from demos.chat.messages import MOST_BYTES
from demos.chat.room import Chat

_PAGE = Path(__file__).with_name("page.html")


class Host:
    """Runs the chat's server in the loop of a window.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``: its loop serves.
        address: The IP address or name to listen at.
        port: The port; 0 for one that is free, which is kept from then on.
        brokers: The servers of a NATS broker by which the rooms are shared with other hosts, as
            ``ws://HOST:PORT``; none for rooms of its own.

    Attributes:
        chat: The rooms; they outlive the server.
        server: What listens; None while it is stopped.
        bridge: What joins the rooms with those of other hosts, while it runs; None without a broker.
        told: The sentences about the broker, the newest last.
        url: Where clients on this machine connect, ``ws://ADDRESS:PORT``; empty before `start`.
    """

    def __init__(
        self, master: tk.Misc, address: str = "127.0.0.1", port: int = 0, brokers: Sequence[str] = ()
    ) -> None:
        self.chat = Chat()
        self.server: tkws.Server | None = None
        self.url = ""
        self.bridge: Bridge | None = None
        self.told: deque[str] = deque(maxlen=100)
        self._brokers = brokers
        self._master = master
        self._address = address
        self._port = port

    def start(self) -> None:
        """Listen, and open the rooms; nothing where it runs already.

        Raises:
            OSError: Where the port is in use or the address is not this machine's.
        ValueError: For a broker's URL that is none.
        """
        if self.server is not None:
            return
        self.server = tkws.serve(self._address, self._port, master=self._master, max_message=MOST_BYTES)
        self._port = self.server.port
        self.url = self.server.url.rstrip("/")
        self.server.page("/", _PAGE.read_text(encoding="utf-8"))
        self.chat.serve(self.server)
        if self._brokers:
            self.bridge = Bridge(self.chat, self._brokers, self._master, self.told.append)

    def stop(self) -> None:
        """Close the server and every connection (1001); nothing where it is stopped already."""
        if self.server is not None:
            if self.bridge is not None:
                self.bridge.close()
                self.bridge = None
            self.server.close()
            self.server = None
