"""A client's connection with its conversation.

Knows no widget: the window and the terminal both use it. Everything that is sent or received is logged before
the owner is notified. A session has one connection at a time; an older one that is still closing only logs
its end.
"""

from __future__ import annotations

import time
import tkinter
from collections import deque
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, NamedTuple

import tkws
from tkws.console.client.advice import advise
from tkws.console.client.target import MAX_REDIRECTS, Target, origin_of, redirect_location, uri_of
from tkws.console.log.events import describe
from tkws.console.log.log import Direction, Log
from tkws.console.text.payload import kind_of
from tkws.loop import Timer
from tkws.plurals import counted

_MAX_LATENCIES = 240
_PROBE_PREFIX = b"tkws console "


class Latency(NamedTuple):
    """A ping that has been answered."""

    when: float
    """The Unix time of the pong, in seconds."""
    seconds: float
    """The round-trip time."""


class Session:
    """The connection of one console.

    Args:
        log: The log for the conversation.
        master: Any widget, ``Tk`` or ``Tcl()``.
        on_event: Called as ``on_event(type, message)`` for each event after it has been logged.
        every_event: Whether to log every event; if not, one row tells each happening.

    Attributes:
        cookies: The cookies that servers have set, for targets that keep them.
        ws: The current or last connection; None before the first.
        target: The target of that connection.
        latencies: The round trips of its pings, the newest last.
        error: The reason why it failed or was lost; None if it did not and was not.
        opened: Whether it has been open.
        cancelled: Whether `disconnect` ended it before it was open.
        request_sent: Whether its request has left this machine.
        over: Whether its end has been told, after which nothing comes.
        upload: The file that is being sent; None otherwise.
        upload_name: The name of that file, or of the last one.
    """

    def __init__(
        self,
        log: Log,
        master: tkinter.Misc,
        on_event: Callable[[str, Any], object] = lambda *_: None,
        *,
        every_event: bool = True,
    ) -> None:
        self.log = log
        self.cookies: CookieJar = CookieJar()
        self.ws: tkws.WebSocket | None = None
        self.target: Target | None = None
        self.latencies: deque[Latency] = deque(maxlen=_MAX_LATENCIES)
        self.error: Exception | None = None
        self.opened: bool = False
        self.cancelled: bool = False
        self.request_sent: bool = False
        self.over: bool = False
        self.upload: tkws.Upload | None = None
        self.upload_name: str = ""
        self._master = master
        self._notify = on_event
        self._every_event = every_event
        self._connections = 0
        self._probe_timer: Timer | None = None
        self._probes = 0
        self._redirects = 0
        self._redirect: Target | None = None  # where to connect to once the present connection has ended

    # Actions

    @property
    def state(self) -> tkws.State:
        """The state of the connection; CLOSED before the first."""
        return tkws.State.CLOSED if self.ws is None else self.ws.state

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""
        return self.state is tkws.State.OPEN

    @property
    def latency(self) -> float | None:
        """The last round trip of the present connection's pings, in seconds; None without one."""
        return self.latencies[-1].seconds if self.latencies else None

    @property
    def is_unverified(self) -> bool:
        """Whether the connection uses TLS without verifying the server."""
        if self.target is None or self.state is tkws.State.CLOSED:
            return False
        return uri_of(self.target.url).secure and not self.target.verify

    def forget_cookies(self, url: str | None) -> None:
        """Forget the cookies that a URL's server gets, or all of them if ``url`` is None."""
        origin = None if url is None else origin_of(url)
        for cookie in list(self.cookies):
            domain = cookie.domain.removeprefix(".").removesuffix(".local")
            if url is None or (origin is not None and f".{origin[1]}".endswith(f".{domain}")):
                self.cookies.clear(cookie.domain, cookie.path, cookie.name)

    def connect(self, target: Target) -> None:
        """Connect, and close the present connection; see `Target.open` for exceptions."""
        self._connect(target)
        self._redirects = 0

    def _connect(self, target: Target) -> None:
        ws = target.open(self._on_event, self._master, self.cookies)
        self.disconnect()
        self._stop_probing()
        self.upload = None
        self.ws, self.target = ws, target
        self.error = None
        self.opened = False
        self.latencies.clear()
        self.cancelled = self.request_sent = self.over = False
        self._connections += 1
        number = "" if self._every_event else f"Connection {self._connections}: c"
        self.log.add(Direction.NOTE, "open", f"{number or 'C'}onnecting to {ws.url}")
        self._notify("open", ws.url)

    def disconnect(self, code: int | None = 1000, reason: str = "") -> None:
        """Start the closing handshake, or cancel the opening; see `tkws.WebSocket.close`."""
        self._redirect = None
        if self.ws is not None:
            self.cancelled = self.cancelled or self.state is tkws.State.CONNECTING
            self.ws.close(code, reason)

    def send(self, message: str | bytes) -> None:
        """Send a message.

        Raises:
            StateError: The connection is not open, or a file is being sent.
            ValueError: The text cannot be encoded.
        """
        ws = self._require_open()
        if self.upload is not None:
            raise tkws.StateError("A file is being sent; wait until it is complete")
        ws.send(message)
        self.log.add(Direction.OUT, kind_of(message), message)
        self._notify("sent", message)

    def ping(self, payload: bytes = b"") -> None:
        """Send a ping of at most 125 bytes; its pong will be logged.

        Raises:
            StateError: The connection is not open.
            ValueError: The payload is longer.
        """
        self._require_open().ping(payload)
        self.log.add(Direction.OUT, "ping", payload)
        self._notify("sent", payload)

    def pong(self, payload: bytes = b"") -> None:
        """Send a pong of at most 125 bytes that no ping asked for.

        Raises:
            StateError: The connection is not open.
            ValueError: The payload is longer.
        """
        self._require_open().pong(payload)
        self.log.add(Direction.OUT, "pong", payload)
        self._notify("sent", payload)

    def send_fragments(self, message: str | bytes, size: int) -> None:
        """Send a message in fragments of at most ``size`` bytes.

        Raises:
            StateError: The connection is not open, or a file is being sent.
            ValueError: The text cannot be encoded, or ``size`` is out of range.
        """
        ws = self._require_open()
        if self.upload is not None:
            raise tkws.StateError("A file is being sent; wait until it is complete")
        data = message.encode() if isinstance(message, str) else message
        ws.send_stream([data], text=isinstance(message, str), size=len(data), fragment_size=size)
        self.log.add(Direction.OUT, kind_of(message), message)
        self._notify("sent", message)

    def send_file(self, path: Path) -> None:
        """Start to send a file as one binary message; ``on_event("file", upload)`` reports its progress.

        Raises:
            OSError: The file cannot be read.
            StateError: The connection is not open, or another file is being sent.
        """
        ws = self._require_open()
        if self.upload is not None:
            raise tkws.StateError("Another file is being sent")
        file = open(path, "rb")  # noqa: SIM115 - closed at the end of the upload
        self.upload = ws.send_stream(file, on_progress=self._upload_progressed, on_end=self._upload_ended)
        self.upload_name = path.name
        size = counted(self.upload.total or 0, "byte", style=",")
        self.log.add(Direction.OUT, "file", f"{path.name}, {size}")
        self._notify("file", self.upload)

    def _require_open(self) -> tkws.WebSocket:
        if self.ws is None or not self.is_open:
            raise tkws.StateError("Not connected")
        return self.ws

    # Events

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is self.ws and type == "error":
            message = self._follow_redirect(message)
            if message is None:
                return
        if ws is self.ws and type == "disconnect" and self._redirect is not None:
            self._connect(self._redirect)
            return
        if type in ("text", "binary"):
            self.log.add(Direction.IN, "text" if type == "text" else "binary", message)
        elif type in ("ping", "pong"):
            if type == "pong" and ws is self.ws:
                self._pong_received(ws)
            if message.startswith(_PROBE_PREFIX):
                return
            self.log.add(Direction.IN, str(type), message)
        elif type == "drain":
            return
        else:
            self._log_event(ws, type, message)
        if ws is self.ws:
            self._notify(type, message)

    def _follow_redirect(self, error: Exception) -> Exception | None:
        """Prepare to follow a redirect that `Target.open` did not follow.

        Returns:
            None if it will be followed, after ``disconnect``; otherwise the error to report.
        """
        location = redirect_location(error)
        if location is None or self.target is None or not self.target.is_origin_bound:
            return error
        assert isinstance(error, tkws.OpenError)
        try:
            if self._redirects == MAX_REDIRECTS:
                raise ValueError(f"{MAX_REDIRECTS} redirects have been followed already")
            self._redirect = self.target.redirected(location)
        except ValueError as cause:
            text = f"The server answered {error.status}: the redirect is not followed: {cause}"
            return tkws.HandshakeError(
                text, part="http", status=error.status, headers=error.headers, body=error.body
            )
        self._redirects += 1
        self.log.add(Direction.NOTE, "redirect", f"{error.status}: redirected to {self._redirect.url}")
        self._notify("redirect", self._redirect.url)
        return None

    def _log_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if self._every_event or type != "disconnect":
            self.log.add(Direction.NOTE, str(type), self._describe(ws, type, message))
        if ws is not self.ws:
            return
        self.over = type == "disconnect"
        if type == "connect":
            self.opened = self.request_sent = True
            self.error = None
            self._probe_later(ws)
            self._greet()
        elif type in ("error", "timeout"):
            self.error = message
            self.request_sent = getattr(message, "phase", "handshake") == "handshake"
        elif type in ("close", "disconnect", "retry"):
            self._stop_probing()

    def _greet(self) -> None:
        """Send the messages with which each connection begins."""
        for message in self.target.greetings if self.target is not None else ():
            if self.is_open:
                self.send(message)

    def _describe(self, ws: tkws.WebSocket, type: str, message: Any) -> str:
        if not self._every_event and ws is self.ws:
            if type == "close" and self.cancelled:
                return "Cancelled"
            if type == "retry":
                return f"Attempt {message[0]} in {message[1]:.1f} s"
            if type in ("error", "timeout") and getattr(message, "status", None) is None:
                return advise(message, self.target)[0]
        return describe(ws, type, message)

    def _stop_probing(self) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
            self._probe_timer = None

    def _upload_progressed(self, upload: tkws.Upload) -> None:
        if upload is self.upload:
            self._notify("file", upload)

    def _upload_ended(self, upload: tkws.Upload) -> None:
        if upload is not self.upload:  # of an earlier connection
            return
        self.upload = None
        if upload.error is not None:
            self.log.add(Direction.NOTE, "error", f"{self.upload_name}: {upload.error}")
        self._notify("file", upload)

    # Latency

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
        ws.ping(_PROBE_PREFIX + str(self._probes).encode())

    def _pong_received(self, ws: tkws.WebSocket) -> None:
        if ws.latency is not None:
            self.latencies.append(Latency(time.time(), ws.latency))
