"""A client's connection together with its conversation.

Knows no widget: the window and the terminal both stand on it. Whatever is sent or received is in
the log before anybody is told. One connection at a time is the session's; an older one that is
still closing only writes its end into the log.
"""

from __future__ import annotations

import time
import tkinter
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import tkws
from tkws.console.filesending import FileSending
from tkws.console.log import Direction, Log
from tkws.console.target import MOST_REDIRECTS, Target, redirect_of
from tkws.loop import Timer

_LATENCIES = 240
_OWN_PING = b"tkws console "


class Latency(NamedTuple):
    """A ping that was answered."""

    when: float
    """Unix time, in seconds."""
    seconds: float


class Session:
    """What one console does.

    Args:
        log: Where the conversation goes.
        master: Any widget, ``Tk`` or ``Tcl()``.
        told: Called with each event after it is in the log, as ``told(type, message)``.

    Attributes:
        ws: The connection, or the last one; None before the first.
        target: What it was opened with.
        latencies: The round trips of its pings, the newest last.
        error: Why it failed or broke; None where it did not.
        opened: Whether it has ever been open.
        sending: The file that is on its way; None for none.
    """

    def __init__(
        self, log: Log, master: tkinter.Misc, told: Callable[[str, Any], object] = lambda *_: None
    ) -> None:
        self.log = log
        self.ws: tkws.WebSocket | None = None
        self.target: Target | None = None
        self.latencies: deque[Latency] = deque(maxlen=_LATENCIES)
        self.error: Exception | None = None
        self.opened = False
        self.sending: FileSending | None = None
        self._master = master
        self._told = told
        self._probe_timer: Timer | None = None
        self._probes = 0
        self._redirects = 0
        self._following: Target | None = None  # where a redirect leads to, until its connection has ended

    # What is done with it

    @property
    def state(self) -> tkws.State:
        """The connection's; CLOSED where there is none."""
        return tkws.State.CLOSED if self.ws is None else self.ws.state

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self.state is tkws.State.OPEN

    @property
    def is_unverified(self) -> bool:
        """Whether it talks to a server over TLS that may be anybody."""
        if self.target is None or self.state is tkws.State.CLOSED:
            return False
        return self.target.url.startswith("wss:") and not self.target.verify

    def connect(self, target: Target) -> None:
        """Connect, after closing what is connected; see `Target.open` for what it raises."""
        self._connect(target)
        self._redirects = 0

    def _connect(self, target: Target) -> None:
        ws = target.open(self._on_event, self._master)
        self.disconnect()
        self._end_connection("")
        self.ws, self.target = ws, target
        self.error = None
        self.opened = False
        self.latencies.clear()
        self.log.add(Direction.NOTE, "open", f"Connecting to {ws.url}")
        self._told("open", ws.url)

    def disconnect(self, code: int | None = 1000, reason: str = "") -> None:
        """Begin the closing handshake, or give up connecting; see `tkws.WebSocket.close`."""
        self._following = None
        if self.ws is not None:
            self.ws.close(code, reason)

    def send(self, message: str | bytes) -> None:
        """Send a message.

        Raises:
            StateError: Nothing is connected, or a file is on its way.
            ValueError: For text that cannot be encoded.
        """
        ws = self._require_open()
        if self.sending is not None:
            raise tkws.StateError("A file is on its way, and a message cannot go into the middle of another")
        ws.send(message)
        self.log.add(Direction.OUT, "text" if isinstance(message, str) else "binary", message)
        self._told("sent", message)

    def ping(self, payload: bytes = b"") -> None:
        """Send a ping of at most 125 bytes; its pong comes into the log.

        Raises:
            StateError: Nothing is connected.
            ValueError: For a longer payload.
        """
        self._require_open().ping(payload)
        self.log.add(Direction.OUT, "ping", payload)
        self._told("sent", payload)

    def send_file(self, path: Path) -> None:
        """Begin to send a file as one binary message; ``told("file", sending)`` follows its progress.

        Raises:
            OSError: The file cannot be read.
            StateError: Nothing is connected, or another file is on its way.
        """
        ws = self._require_open()
        if self.sending is not None:
            raise tkws.StateError("Another file is on its way")
        self.sending = FileSending(ws, path, self._file_moved)
        self.log.add(Direction.OUT, "file", f"{path.name}, {self.sending.size:,} bytes")
        self._told("file", self.sending)

    def _require_open(self) -> tkws.WebSocket:
        if self.ws is None or not self.is_open:
            raise tkws.StateError("Not connected")
        return self.ws

    # What happens

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is self.ws and type == "error":
            message = self._redirected(message)
            if message is None:
                return
        if ws is self.ws and type == "disconnect" and self._following is not None:
            self._connect(self._following)
            return
        if type in ("text", "binary"):
            self.log.add(Direction.IN, "text" if type == "text" else "binary", message)
        elif type in ("ping", "pong"):
            if type == "pong" and ws is self.ws:
                self._pong_received(ws)
            if message.startswith(_OWN_PING):
                return
            self.log.add(Direction.IN, str(type), message)
        elif type == "drain":
            if self.sending is not None:
                self.sending.go_on()
            return
        else:
            self._note(ws, type, message)
        if ws is self.ws:
            self._told(type, message)

    def _redirected(self, error: Exception) -> Exception | None:
        """Begin to follow a redirect that `Target.open` left to us.

        Returns:
            None where it is followed, after ``disconnect``; else the error to tell.
        """
        location = redirect_of(error)
        if location is None or self.target is None or not self.target.is_bound:
            return error
        assert isinstance(error, tkws.OpenError)
        try:
            if self._redirects == MOST_REDIRECTS:
                raise ValueError(f"{MOST_REDIRECTS} were followed before it")
            self._following = self.target.redirected(location)
        except ValueError as cause:
            said = f"The server answered {error.status}: the redirect is not followed: {cause}"
            return tkws.HandshakeError(
                said, part="http", status=error.status, headers=error.headers, body=error.body
            )
        self._redirects += 1
        self.log.add(Direction.NOTE, "redirect", f"{error.status}: redirected to {self._following.url}")
        self._told("redirect", self._following.url)
        return None

    def _note(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        self.log.add(Direction.NOTE, str(type), describe(ws, type, message))
        if ws is not self.ws:
            return
        if type == "connect":
            self.opened = True
            self.error = None
            self._probe_later(ws)
        elif type in ("error", "timeout"):
            self.error = message
        elif type in ("close", "disconnect", "retry"):
            self._end_connection("The connection was closed before the end of the file")

    def _end_connection(self, why: str) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
            self._probe_timer = None
        if self.sending is not None:
            self.sending.give_up(why)

    def _file_moved(self, sending: FileSending) -> None:
        if sending.over:
            self.sending = None
            if sending.failure:
                self.log.add(Direction.NOTE, "error", f"{sending.path.name}: {sending.failure}")
        self._told("file", sending)

    # The latency

    def _probe_later(self, ws: tkws.WebSocket) -> None:
        interval = self.target.ping_interval if self.target is not None else 0.0
        if interval > 0:
            self._probe_timer = ws.loop.call_later(interval, self._probe, ws)
            if not self._probes or not self.latencies:
                self._send_probe(ws)

    def _probe(self, ws: tkws.WebSocket) -> None:
        if ws is self.ws and ws.state is tkws.State.OPEN:
            self._send_probe(ws)
            self._probe_later(ws)

    def _send_probe(self, ws: tkws.WebSocket) -> None:
        self._probes += 1
        ws.ping(_OWN_PING + str(self._probes).encode())

    def _pong_received(self, ws: tkws.WebSocket) -> None:
        if ws.latency is not None:
            self.latencies.append(Latency(time.time(), ws.latency))


def describe(ws: tkws.WebSocket, type: str, message: Any) -> str:
    """Return what an event that is no message means, in words."""
    if type == "connect":
        agreed = f", subprotocol {ws.protocol}" if ws.protocol else ""
        extensions = ws.response.headers.get("Sec-WebSocket-Extensions", "") if ws.response else ""
        return f"Connected to {ws.url}{agreed}{f', {extensions}' if extensions else ''}"
    if type == "close":
        code, reason = message
        return f"Closed: {code} {reason}".rstrip()
    if type == "retry":
        attempt, delay, cause = message
        return f"Attempt {attempt} in {delay:.1f} s, since: {cause}"
    if isinstance(message, tkws.OpenError) and message.status is not None:
        body = message.body.decode(errors="replace").strip()
        fields = "\n".join(f"{name}: {value}" for name, value in message.headers.items())
        return "\n".join(part for part in (str(message), "", fields, "", body) if part or fields)
    return str(message)
