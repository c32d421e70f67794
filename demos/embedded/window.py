"""The window: shows what arrives through the web site, and sends to everybody."""

from __future__ import annotations

import socket
import time
import tkinter as tk
import webbrowser
from tkinter import ttk
from typing import Any

import tkws
from demos.embedded.site import Site
from demos.look import theme_of

_MOST_LINES = 1000
_NAMES = "Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan", "Yew"


class EmbeddedWindow(ttk.Frame):
    """Fills a window; the site is started here and stopped by `close`.

    Args:
        root: The window.
        site: Not started yet.

    Attributes:
        clients: The open connections and what they are called here.
        lines: What is shown, as plain text.
    """

    def __init__(self, root: tk.Tk, site: Site) -> None:
        super().__init__(root)
        self.clients: dict[tkws.WebSocket, str] = {}
        self.lines: list[str] = []
        self.url = f"127.0.0.1:{site.port}"
        self._site = site
        self._met = 0
        self._build(root)
        self._open(root)

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
        self._show("you", text, "own")

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
        tkws.takeover(sock, self._on_event, server=True, initial=behind, master=self)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.clients[ws] = self._next_name()
            way = "test and upgrade" if isinstance(message, tkws.Request) else "takeover"
            self._show(self.clients[ws], f"came by {way}", "note")
            ws.send(f"Hello {self.clients[ws]}, this is the window.")
        elif type in ("text", "binary"):
            self._show(self.clients[ws], str(message))
        elif type == "disconnect":
            self._show(self.clients.pop(ws), f"left ({ws.close_code})", "note")
        self._show_count()

    def _next_name(self) -> str:
        name = _NAMES[self._met % len(_NAMES)]
        round_, self._met = self._met // len(_NAMES), self._met + 1
        return f"{name} {round_ + 1}" if round_ else name

    # The widgets

    def _build(self, root: tk.Tk) -> None:
        theme = theme_of(root)
        gap = theme.px(16)
        root.title("tkws behind http.server")
        root.geometry(f"{theme.px(640)}x{theme.px(460)}")
        root.minsize(theme.px(420), theme.px(300))
        self._build_head(gap)
        ttk.Frame(self, style="Line.TFrame", height=1).grid(row=1, sticky="ew")
        self._text = self._make_text()
        self._text.grid(row=2, sticky="nsew")
        self._build_field(gap)
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)
        self.pack(fill="both", expand=True)
        self._show_count()

    def _build_head(self, gap: int) -> None:
        head = ttk.Frame(self, padding=(gap, gap // 2))
        ttk.Label(head, text="Behind http.server", style="Title.TLabel").grid(row=0, column=0, sticky="w")
        self._count = ttk.Label(head, style="Small.TLabel")
        self._count.grid(row=1, column=0, sticky="w")
        button = ttk.Button(head, text="Open in browser", style="Quiet.TButton", command=self._open_page)
        button.grid(row=0, column=1, rowspan=2)
        head.columnconfigure(0, weight=1)
        head.grid(row=0, sticky="ew")

    def _build_field(self, gap: int) -> None:
        field = ttk.Frame(self, padding=(gap, gap // 2, gap, gap))
        self.entry = ttk.Entry(field)
        self.entry.grid(row=0, column=0, sticky="ew", padx=(0, gap // 2))
        self.entry.bind("<Return>", lambda event: self._submit())
        self.entry.focus_set()
        ttk.Button(field, text="Send to all", command=self._submit).grid(row=0, column=1)
        field.columnconfigure(0, weight=1)
        field.grid(row=3, sticky="ew")

    def _make_text(self) -> tk.Text:
        theme = theme_of(self)
        colours, column = theme.colours, theme.px(140)
        text = tk.Text(self, state="disabled", wrap="word", width=1, height=1, font=theme.body, borderwidth=0)
        text.configure(highlightthickness=0, padx=theme.px(16), pady=theme.px(10), cursor="arrow")
        text.configure(background=colours.surface, foreground=colours.text, tabs=(theme.px(66), column))
        text.configure(spacing1=theme.px(2), spacing3=theme.px(2))
        text.tag_configure("line", lmargin2=column)
        text.tag_configure("time", foreground=colours.faint, font=theme.small)
        text.tag_configure("who", font=theme.bold)
        text.tag_configure("note", foreground=colours.faint)
        text.tag_configure("own", foreground=colours.accent_strong)
        return text

    def _show(self, who: str, what: str, kind: str = "said") -> None:
        self.lines.append(f"{who}: {what}")
        text = self._text
        at_end = text.yview()[1] >= 1.0
        text.configure(state="normal")
        text.insert("end", time.strftime("%H:%M:%S"), ("line", "time"))
        text.insert("end", f"\t{who}", ("line", "who", kind), f"\t{what}\n", ("line", kind))
        if int(text.index("end-1c").split(".")[0]) > _MOST_LINES:
            text.delete("1.0", "2.0")
        text.configure(state="disabled")
        if at_end:
            text.see("end")

    def _show_count(self) -> None:
        count = len(self.clients)
        people = "Nobody is connected" if not count else f"{count} connected"
        self._count.configure(text=f"http://{self.url}/   {people}")

    def _submit(self) -> None:
        line = self.entry.get().strip()
        if line:
            self.send_to_all(line)
            self.entry.delete(0, "end")

    def _open_page(self) -> None:
        webbrowser.open(f"http://{self.url}/")
