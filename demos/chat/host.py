"""The server in the window: it can be stopped and restarted on the same port, and serves the web page."""

from __future__ import annotations

import tkinter as tk
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tkws
from demos.chat.messages import MAX_BYTES
from demos.chat.room import Chat

if TYPE_CHECKING:
    from demos.chat.bridge import Bridge

_PAGE = Path(__file__).with_name("page.html")


class Host:
    """Runs the chat's server in the loop of a window.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``; its loop runs the server.
        address: The IP address or name to listen on.
        port: The port; 0 for a free one, which is kept for later starts.
        brokers: The URLs of the NATS servers over which to share the rooms with other hosts, as
            ``nats://HOST:PORT``; empty for rooms of this host only.

    Attributes:
        chat: The rooms; they outlive the server.
        server: The server; None while it is stopped.
        bridge: The bridge to other hosts; None while stopped, or without a broker.
        broker_log: Sentences about the broker, the newest last.
        url: The URL for clients on this machine, ``ws://ADDRESS:PORT``; empty before `start`.
    """

    def __init__(
        self, master: tk.Misc, address: str = "127.0.0.1", port: int = 0, brokers: Sequence[str] = ()
    ) -> None:
        self.chat = Chat()
        self.server: tkws.Server | None = None
        self.url = ""
        self.bridge: Bridge | None = None
        self.broker_log: deque[str] = deque(maxlen=100)
        self._brokers = brokers
        self._master = master
        self._address = address
        self._port = port

    def start(self) -> None:
        """Start the server and open the rooms; a no-op if it is running.

        Raises:
            OSError: The port is in use, or the address does not belong to this machine.
            ValueError: The URL of a broker is not valid.
        """
        if self.server is not None:
            return
        self.server = tkws.serve(self._address, self._port, master=self._master, max_message=MAX_BYTES)
        self._port = self.server.port
        self.url = self.server.url.rstrip("/")
        self.server.page("/", _PAGE.read_text(encoding="utf-8"))
        self.chat.serve(self.server)
        if self._brokers:
            from demos.chat.bridge import Bridge  # only a chat with a broker needs nats-py

            self.bridge = Bridge(self.chat, self._brokers, self._master, self.broker_log.append)

    def stop(self) -> None:
        """Close the server and all connections (1001); a no-op if it is stopped."""
        if self.server is not None:
            if self.bridge is not None:
                self.bridge.close()
                self.bridge = None
            self.server.close()
            self.server = None
