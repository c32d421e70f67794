"""The window: shows the messages of the site's clients, and sends to all of them."""

from __future__ import annotations

import socket
import tkinter as tk
import webbrowser
from tkinter import ttk
from typing import Any

import tkws
from demos.embedded.site import Site
from demos.look import MessageFrame

_NAMES = "Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan", "Yew"

_HINT = (
    "Nobody is connected yet. Open the page in a browser, or connect the console:\n"
    "python -m tkws ws://{url}/live"
)


class EmbeddedWindow:
    """The contents of the window. Starts the site; `close` stops it.

    Args:
        root: The window.
        site: The site, not started yet.

    Attributes:
        clients: The open connections, with a name for each.
        frame: The contents of the window.
    """

    def __init__(self, root: tk.Tk, site: Site) -> None:
        self.frame = MessageFrame(root, "Behind http.server", self.send_to_all, "Send to all")
        button = ttk.Button(self.frame.header, text="Open in browser", style="Quiet.TButton")
        button.configure(command=self._open_page)
        button.grid(row=0, column=1, rowspan=2)
        self.clients: dict[tkws.WebSocket, str] = {}
        self.url = f"127.0.0.1:{site.port}"
        self._site = site
        self._named = 0
        self._root = root
        self._show_count()
        self.frame.log.show_hint(_HINT.format(url=self.url))
        self._open(root)

    @property
    def lines(self) -> list[str]:
        """The messages, as plain text."""
        return self.frame.log.plain

    def close(self) -> None:
        """Stop the site and close every connection."""
        self._site.stop()
        self._websockets.close()
        for ws in self.clients:
            ws.close(tkws.CloseCode.GOING_AWAY)

    def send_to_all(self, text: str) -> None:
        """Send a message to all clients."""
        for ws in self.clients:
            ws.send(text)
        self.frame.log.add("you", text, "own")

    # Connections

    def _open(self, root: tk.Tk) -> None:
        """Connect the site with tkws, and start it."""
        server = tkws.server(self._site.socket, master=root, handler=self._on_event)
        self._websockets = self._site.websockets = server
        # Called in a thread of the site, in which only call_soon_threadsafe may be called.
        self._site.take_over = lambda sock, rest: server.loop.call_soon_threadsafe(
            self._take_over, sock, rest
        )
        self._site.start()

    def _take_over(self, sock: socket.socket, rest: bytes) -> None:
        tkws.takeover(sock, self._on_event, server=True, initial=rest, master=self._root)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.clients[ws] = self._next_name()
            way = "test and upgrade" if isinstance(message, tkws.Request) else "takeover"
            self.frame.log.add(self.clients[ws], f"connected by {way}", "note")
            ws.send(f"Hello {self.clients[ws]}, this is the window.")
        elif type in ("text", "binary"):
            self.frame.log.add(self.clients[ws], str(message))
        elif type == "disconnect":
            self.frame.log.add(self.clients.pop(ws), f"disconnected ({ws.close_code})", "note")
        self._show_count()

    def _next_name(self) -> str:
        name = _NAMES[self._named % len(_NAMES)]
        round_, self._named = self._named // len(_NAMES), self._named + 1
        return f"{name} {round_ + 1}" if round_ else name

    # Widgets

    def _show_count(self) -> None:
        count = len(self.clients)
        clients = "Nobody is connected" if not count else f"{count} connected"
        self.frame.show_subtitle(f"http://{self.url}/   {clients}")

    def _open_page(self) -> None:
        webbrowser.open(f"http://{self.url}/")
