"""The panel at the side: state, latency, statistics, and what the opening handshake agreed on.

Reads a session; the owner calls `SidePanel.refresh` a few times a second.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

import tkws
from tkws.console.detail import paint_text
from tkws.console.look import Theme, theme_of
from tkws.console.payload import byte_count
from tkws.console.session import Latency, Session

_STATES = {
    tkws.State.CONNECTING: ("waiting", "Connecting"),
    tkws.State.OPEN: ("good", "Connected"),
    tkws.State.CLOSING: ("waiting", "Closing"),
    tkws.State.CLOSED: ("faint", "Not connected"),
}
_FIGURES = ("Messages", "Bytes", "Messages/s", "Pings", "Compressed to", "Waiting to go", "Connected for")


class SidePanel(ttk.Frame):
    """The panel.

    Args:
        parent: The widget that it is in.
        session: What it shows.
    """

    def __init__(self, parent: tk.Misc, session: Session) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style="Side.TFrame", padding=theme.px(12))
        self._session = session
        self._theme = theme
        self._state = ttk.Label(self, style="Side.TLabel", compound="left")
        self._protocol = ttk.Label(self, style="Status.TLabel")
        self._warning = ttk.Label(self, style="Bad.TLabel", text="The server is not verified")
        self.graph = LatencyGraph(self)
        self._figures: dict[str, tuple[ttk.Label, ...]] = {}
        self._handshake = tk.Text(
            self, width=30, height=4, wrap="word", font=theme.small, state="disabled", takefocus=True
        )
        self._handshake_of: object = None
        self._last = (0.0, 0, 0)  # when, and the messages received and sent until then
        self._rates = (0.0, 0.0)
        self._lay_out()
        self.refresh()

    def refresh(self) -> None:
        """Show how things are now."""
        session, ws = self._session, self._session.ws
        colour, words = _STATES[session.state]
        if session.state is tkws.State.CLOSED and session.error is not None:
            colour, words = "bad", "Failed" if not session.opened else "Broken"
        if ws is not None and ws.retry_in is not None:
            words = f"Next attempt in {ws.retry_in:.0f} s"
        gap = "  "
        self._state.configure(
            text=f"{gap}{words}", image=self._theme.disc(10, getattr(self._theme.colours, colour))
        )
        agreed = ws.protocol if ws is not None else ""
        self._protocol.configure(text=f"Subprotocol: {agreed or 'none'}")
        if session.is_unverified:
            self._warning.grid()
        else:
            self._warning.grid_remove()
        self._show_figures(ws)
        self.graph.draw(session.latencies)
        made = None if ws is None else (ws.request, ws.response)
        if made != self._handshake_of:
            self._handshake_of = made
            self._show_handshake(ws)

    @property
    def handshake(self) -> str:
        """The text of the handshake that is shown."""
        return self._handshake.get("1.0", "end-1c")

    def _lay_out(self) -> None:
        px = self._theme.px
        self._state.grid(row=0, column=0, columnspan=3, sticky="w")
        self._protocol.grid(row=1, column=0, columnspan=3, sticky="w", pady=(px(2), px(8)))
        self._warning.grid(row=2, column=0, columnspan=3, sticky="ew")
        self._warning.configure(padding=(px(8), px(4)))
        self._section(3, "LATENCY")
        self.graph.grid(row=4, column=0, columnspan=3, sticky="ew")
        self._section(5, "STATISTICS")
        for column, text in ((1, "in"), (2, "out")):
            ttk.Label(self, text=text, style="Section.TLabel").grid(
                row=5, column=column, sticky="se", padx=px(8) * (column == 1), pady=(0, px(4))
            )
        for row, name in enumerate(_FIGURES, 6):
            ttk.Label(self, text=name, style="Status.TLabel").grid(row=row, column=0, sticky="w")
            pair = tuple(ttk.Label(self, style="Figure.TLabel", width=9, anchor="e") for _ in range(2))
            pair[0].grid(row=row, column=1, sticky="e", padx=px(8))
            pair[1].grid(row=row, column=2, sticky="e")
            self._figures[name] = pair
        self._section(20, "HANDSHAKE")
        self._handshake.grid(row=21, column=0, columnspan=3, sticky="nsew")
        self.rowconfigure(21, weight=1)
        self.columnconfigure(1, weight=1)
        self._handshake.configure(padx=px(6), pady=px(4))
        self._handshake.bind("<Button-1>", lambda _: self._handshake.focus_set())
        self._theme.follow(self._handshake, self._paint)

    def _paint(self) -> None:
        paint_text(self._handshake)
        self._handshake.tag_configure("line", font=self._theme.small_bold)
        self._handshake.tag_configure("name", foreground=self._theme.colours.accent)

    def _section(self, row: int, text: str) -> None:
        label = ttk.Label(self, text=text, style="Section.TLabel")
        label.grid(row=row, column=0, sticky="w", pady=(self._theme.px(12), self._theme.px(4)))

    def _show_figures(self, ws: tkws.WebSocket | None) -> None:
        figures = tkws.Statistics() if ws is None else ws.statistics
        self._measure(figures)
        since = figures.connected_since
        lasting = time.time() - since if since and self._session.is_open else None
        ratio = figures.compression_ratio
        shown = {
            "Messages": (f"{figures.messages_received:,}", f"{figures.messages_sent:,}"),
            "Bytes": (byte_count(figures.bytes_received), byte_count(figures.bytes_sent)),
            "Messages/s": tuple(f"{rate:,.0f}" for rate in self._rates),
            "Pings": (f"{figures.pings_received:,}", f"{figures.pings_sent:,}"),
            "Compressed to": ("", f"{ratio:.0%}" if ratio != 1.0 else "-"),
            "Waiting to go": ("", byte_count(ws.buffered_amount if ws is not None else 0)),
            "Connected for": ("", "-" if lasting is None else _duration(lasting)),
        }
        for name, texts in shown.items():
            for label, text in zip(self._figures[name], texts, strict=True):
                label.configure(text=text)

    def _measure(self, figures: tkws.Statistics) -> None:
        """Messages a second, since about a second ago."""
        now = time.monotonic()
        when, received, sent = self._last
        passed = now - when
        if figures.messages_received < received or figures.messages_sent < sent:
            self._rates = (0.0, 0.0)  # another connection
        elif passed < 0.9:
            return
        elif when:
            self._rates = (
                (figures.messages_received - received) / passed,
                (figures.messages_sent - sent) / passed,
            )
        self._last = (now, figures.messages_received, figures.messages_sent)

    def _show_handshake(self, ws: tkws.WebSocket | None) -> None:
        text = self._handshake
        text.configure(state="normal")
        text.delete("1.0", "end")
        if ws is not None and ws.request is not None:
            request = ws.request
            self._insert_headers(f"{request.method} {request.target} HTTP/{request.version}", request.headers)
        if ws is not None and ws.response is not None:
            text.insert("end", "\n")
            response = ws.response
            self._insert_headers(f"HTTP/1.1 {response.status} {response.reason}", response.headers)
        text.configure(state="disabled")

    def _insert_headers(self, line: str, headers: tkws.Headers) -> None:
        self._handshake.insert("end", f"{line}\n", "line")
        for name, value in headers.fields:
            self._handshake.insert("end", name, "name", f": {value}\n")


class LatencyGraph(tk.Canvas):
    """The last round trips as a line, with the newest one in figures."""

    def __init__(self, parent: tk.Misc) -> None:
        self._theme: Theme = theme_of(parent)
        super().__init__(parent, height=self._theme.px(70), width=self._theme.px(200), borderwidth=0)
        self._line = self.create_line(0, 0, 0, 0, width=self._theme.px(1.5))
        self._newest = self.create_text(0, 0, anchor="nw", font=self._theme.small_bold)
        self._most = self.create_text(0, 0, anchor="ne", font=self._theme.small)
        self._values: list[float] = []
        self.bind("<Configure>", lambda _: self._draw())
        self._theme.follow(self, self._draw)

    def draw(self, latencies: Sequence[Latency]) -> None:
        """Show these round trips, the newest last."""
        values = [latency.seconds for latency in latencies]
        if values != self._values:
            self._values = values
            self._draw()

    def _draw(self) -> None:
        colours, px, values = self._theme.colours, self._theme.px, self._values
        self.configure(background=colours.surface, highlightthickness=px(1), highlightbackground=colours.line)
        width, height = self.winfo_width(), self.winfo_height()
        top, bottom = px(22), height - px(6)
        most = max(values, default=0.0) or 1.0
        step = (width - px(12)) / max(len(values) - 1, 1)
        points = [
            part
            for number, value in enumerate(values)
            for part in (px(6) + number * step, bottom - (bottom - top) * value / most)
        ]
        if len(values) == 1:
            points += [width - px(6), points[1]]
        self.coords(self._line, *(points or (0, 0, 0, 0)))
        self.itemconfigure(self._line, fill=colours.accent, state="normal" if points else "hidden")
        self.coords(self._newest, px(6), px(4))
        self.coords(self._most, width - px(6), px(4))
        self.itemconfigure(
            self._newest, text=_milliseconds(values[-1]) if values else "No ping was answered yet",
            fill=colours.text if values else colours.faint,
        )  # fmt: skip
        self.itemconfigure(
            self._most, text=f"at most {_milliseconds(most)}" if values else "", fill=colours.soft
        )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
