"""The panel at the side: state, latency, statistics, and the opening handshake.

Reads a session; the owner calls `SidePanel.refresh` a few times a second.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from types import MappingProxyType
from typing import Final

import tkws
from tkws.console.client.session import Latency, Session
from tkws.console.look import Placeholder, Theme, theme_of
from tkws.console.text.payload import byte_count

_STATES = MappingProxyType(
    {
        tkws.State.CONNECTING: ("waiting", "Connecting"),
        tkws.State.OPEN: ("good", "Connected"),
        tkws.State.CLOSING: ("waiting", "Closing"),
        tkws.State.CLOSED: ("faint", "Not connected"),
    }
)
_NO_HANDSHAKE = "The request and the answer\nare shown here\nonce they were sent."
_STATISTICS = ("Messages", "Bytes", "Messages/s", "Pings", "Compressed to", "Unsent", "Connected for")


class SidePanel(ttk.Frame):
    """The panel.

    Args:
        parent: The parent widget.
        session: The session to show.
    """

    def __init__(self, parent: tk.Misc, session: Session) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style="Side.TFrame", padding=theme.px(12))
        self._session = session
        self._theme = theme
        self._state = ttk.Label(self, style="Side.TLabel", compound="left")
        self._protocol = ttk.Label(self, style="Status.TLabel")
        self._warning = ttk.Label(self, style="Bad.TLabel", text="The server is not verified")
        self.graph: Final = LatencyGraph(self)
        self._labels: dict[str, tuple[ttk.Label, ...]] = {}
        self._handshake = tk.Text(
            self, width=30, height=4, wrap="word", font=theme.small, state="disabled", takefocus=True
        )
        self._no_handshake = Placeholder(self._handshake)
        self._handshake_of: object = None
        self._last = (
            0.0,
            0,
            0,
        )  # the time of the last measurement, and the messages received and sent until then
        self._rates = (0.0, 0.0)
        self._no_handshake.show(_NO_HANDSHAKE)
        self._lay_out()
        self.refresh()

    def refresh(self) -> None:
        """Show the present state."""
        session, ws = self._session, self._session.ws
        colour, text = _STATES[session.state]
        if session.state is tkws.State.CLOSED and session.error is not None:
            colour, text = "bad", "Connection lost" if session.opened else "Failed"
        if ws is not None and ws.retry_in is not None:
            text = f"Next attempt in {ws.retry_in:.0f} s"
        gap = "  "
        self._state.configure(
            text=f"{gap}{text}", image=self._theme.disc(10, getattr(self._theme.colours, colour))
        )
        agreed = ws.protocol if ws is not None else ""
        self._protocol.configure(text=f"Subprotocol: {agreed or 'none'}")
        if session.is_unverified:
            self._warning.grid()
        else:
            self._warning.grid_remove()
        self._show_statistics(ws)
        self.graph.draw(session.latencies)
        messages = None if ws is None or not session.request_sent else (ws.request, ws.response)
        if messages != self._handshake_of:
            self._handshake_of = messages
            self._show_handshake(ws if messages is not None else None)

    @property
    def handshake(self) -> str:
        """The text that is shown of the handshake."""
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
        for row, name in enumerate(_STATISTICS, 6):
            ttk.Label(self, text=name, style="Status.TLabel").grid(row=row, column=0, sticky="w")
            pair = tuple(ttk.Label(self, style="Figure.TLabel", width=9, anchor="e") for _ in range(2))
            pair[0].grid(row=row, column=1, sticky="e", padx=px(8))
            pair[1].grid(row=row, column=2, sticky="e")
            self._labels[name] = pair
        self._section(20, "HANDSHAKE")
        self._handshake.grid(row=21, column=0, columnspan=3, sticky="nsew")
        self.rowconfigure(21, weight=1)
        self.columnconfigure(1, weight=1)
        self._handshake.configure(padx=px(6), pady=px(4))
        self._handshake.bind("<Button-1>", lambda _: self._handshake.focus_set())
        self._theme.follow(self._handshake, self._paint)

    def _paint(self) -> None:
        self._theme.paint_text(self._handshake)
        self._handshake.tag_configure("line", font=self._theme.small_bold)
        self._handshake.tag_configure("name", foreground=self._theme.colours.accent)

    def _section(self, row: int, text: str) -> None:
        label = ttk.Label(self, text=text, style="Section.TLabel")
        label.grid(row=row, column=0, sticky="w", pady=(self._theme.px(12), self._theme.px(4)))

    def _show_statistics(self, ws: tkws.WebSocket | None) -> None:
        statistics = tkws.Statistics() if ws is None else ws.statistics
        self._update_rates(statistics)
        since = statistics.connected_since
        duration = time.time() - since if since and self._session.is_open else None
        ratio = statistics.compression_ratio
        shown = {
            "Messages": (f"{statistics.messages_received:,}", f"{statistics.messages_sent:,}"),
            "Bytes": (byte_count(statistics.bytes_received), byte_count(statistics.bytes_sent)),
            "Messages/s": tuple(f"{rate:,.0f}" for rate in self._rates),
            "Pings": (f"{statistics.pings_received:,}", f"{statistics.pings_sent:,}"),
            "Compressed to": ("", f"{ratio:.0%}" if ratio != 1.0 else "-"),
            "Unsent": ("", byte_count(ws.buffered_amount if ws is not None else 0)),
            "Connected for": ("", "-" if duration is None else _format_duration(duration)),
        }
        for name, texts in shown.items():
            for label, text in zip(self._labels[name], texts, strict=True):
                label.configure(text=text)

    def _update_rates(self, statistics: tkws.Statistics) -> None:
        """Compute the messages per second, about once a second."""
        now = time.monotonic()
        before, received, sent = self._last
        elapsed = now - before
        if statistics.messages_received < received or statistics.messages_sent < sent:
            self._rates = (0.0, 0.0)  # this is another connection
        elif elapsed < 0.9:
            return
        elif before:
            self._rates = (
                (statistics.messages_received - received) / elapsed,
                (statistics.messages_sent - sent) / elapsed,
            )
        self._last = (now, statistics.messages_received, statistics.messages_sent)

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
        self._no_handshake.show("" if self.handshake else _NO_HANDSHAKE)

    def _insert_headers(self, line: str, headers: tkws.Headers) -> None:
        self._handshake.insert("end", f"{line}\n", "line")
        for name, value in headers.fields:
            self._handshake.insert("end", name, "name", f": {value}\n")


class LatencyGraph(tk.Canvas):
    """A graph of the last round trips, with the newest one as a number."""

    def __init__(self, parent: tk.Misc) -> None:
        self._theme: Theme = theme_of(parent)
        super().__init__(parent, height=self._theme.px(70), width=self._theme.px(200), borderwidth=0)
        self._line = self.create_line(0, 0, 0, 0, width=self._theme.px(1.5))
        self._newest = self.create_text(0, 0, anchor="nw", font=self._theme.small_bold)
        self._maximum = self.create_text(0, 0, anchor="ne", font=self._theme.small)
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
        maximum = max(values, default=0.0) or 1.0
        step = (width - px(12)) / max(len(values) - 1, 1)
        points = [
            part
            for number, value in enumerate(values)
            for part in (px(6) + number * step, bottom - (bottom - top) * value / maximum)
        ]
        if len(values) == 1:
            points += [width - px(6), points[1]]
        self.coords(self._line, *(points or (0, 0, 0, 0)))
        self.itemconfigure(self._line, fill=colours.accent, state="normal" if points else "hidden")
        self.coords(self._newest, px(6), px(4))
        self.coords(self._maximum, width - px(6), px(4))
        self.itemconfigure(
            self._newest, text=_format_milliseconds(values[-1]) if values else "No pong received yet",
            fill=colours.text if values else colours.faint,
        )  # fmt: skip
        self.itemconfigure(
            self._maximum, text=f"max {_format_milliseconds(maximum)}" if values else "", fill=colours.soft
        )


def _format_milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
