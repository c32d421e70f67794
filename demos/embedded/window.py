"""The window: shows what arrives through the web site, and sends to everybody."""

from __future__ import annotations

import socket
import tkinter as tk
import webbrowser
from tkinter import ttk
from typing import Any

import tkws
from demos.embedded.site import Site
from demos.look import Talk

_NAMES = "Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan", "Yew"


class EmbeddedWindow:
    """Fills a window; the site is started here and stopped by `close`.

    Args:
        root: The window.
        site: Not started yet.

    Attributes:
        clients: The open connections and what they are called here.
        talk: What is in the window.
    """

    def __init__(self, root: tk.Tk, site: Site) -> None:
        self.talk = Talk(root, "Behind http.server", self.send_to_all, "Send to all")
        button = ttk.Button(self.talk.head, text="Open in browser", style="Quiet.TButton")
        button.configure(command=self._open_page)
        button.grid(row=0, column=1, rowspan=2)
        self.clients: dict[tkws.WebSocket, str] = {}
        self.url = f"127.0.0.1:{site.port}"
        self._site = site
        self._met = 0
        self._root = root
        self._show_count()
        self._open(root)

    @property
    def lines(self) -> list[str]:
        """What is shown, as plain text."""
        return self.talk.lines.plain

    def close(self) -> None:
        """Stop the site and close every connection."""
        self._site.stop()
        self._websockets.close()
        for ws in self.clients:
            ws.close(tkws.CloseCode.GOING_AWAY)

    def send_to_all(self, text: str) -> None:
        """Send a line to everybody."""
        for ws in self.clients:
            ws.send(text)
        self.talk.lines.add("you", text, "own")

    # The connections

    def _open(self, root: tk.Tk) -> None:
        """Tell the site where its WebSockets go, and start it."""
        loop_thread = tkws.server(self._site.socket, master=root, handler=self._on_event)
        self._websockets = self._site.websockets = loop_thread
        # The site calls from its threads: only call_soon_threadsafe may be called there.
        self._site.take_over = lambda sock, behind: loop_thread.loop.call_soon_threadsafe(
            self._take_over, sock, behind
        )
        self._site.start()

    def _take_over(self, sock: socket.socket, behind: bytes) -> None:
        tkws.takeover(sock, self._on_event, server=True, initial=behind, master=self._root)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.clients[ws] = self._next_name()
            way = "test and upgrade" if isinstance(message, tkws.Request) else "takeover"
            self.talk.lines.add(self.clients[ws], f"came by {way}", "note")
            ws.send(f"Hello {self.clients[ws]}, this is the window.")
        elif type in ("text", "binary"):
            self.talk.lines.add(self.clients[ws], str(message))
        elif type == "disconnect":
            self.talk.lines.add(self.clients.pop(ws), f"left ({ws.close_code})", "note")
        self._show_count()

    def _next_name(self) -> str:
        name = _NAMES[self._met % len(_NAMES)]
        round_, self._met = self._met // len(_NAMES), self._met + 1
        return f"{name} {round_ + 1}" if round_ else name

    # The widgets

    def _show_count(self) -> None:
        count = len(self.clients)
        people = "Nobody is connected" if not count else f"{count} connected"
        self.talk.say_below(f"http://{self.url}/   {people}")

    def _open_page(self) -> None:
        webbrowser.open(f"http://{self.url}/")
