"""A server that echoes, relays or answers messages, or plays a recording, with its conversation.

Knows no widget: the server's window and its terminal both use it. Each connection has a number, ``#1`` and so
on, which is its name in the log.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import tkws
from tkws.console.log.events import describe
from tkws.console.log.log import Direction, Log
from tkws.console.server.answers import Answers, Player
from tkws.console.server.playback import Playback
from tkws.console.server.recording import Recording
from tkws.console.server.refusals import Refusal, RefusalWatch
from tkws.console.text.payload import kind_of
from tkws.plurals import counted

_MAX_BUFFERED = 16 << 20  # bytes that may be unsent for a peer that does not read


class Mode(StrEnum):
    """The way in which the server handles messages."""

    ECHO = "echo"
    """Send it back."""
    CHAT = "chat"
    """Send it to all other connections."""
    ANSWERS = "answers"
    """Answer as rules or a script say (`tkws.console.server.answers`)."""
    SILENT = "silent"
    """Do not answer, as while a recording is played."""


class ServerSession:
    """A server that accepts connections on every path, with every subprotocol; it starts at once.

    Args:
        log: The log for the conversation.
        mode: The way to handle messages.
        master: Any widget, ``Tk`` or ``Tcl()``.
        on_event: Called as ``on_event(name, type, message)`` for each event after it has been logged.
        answers: The answers in `Mode.ANSWERS`, and the greeting of each connection in every mode.
        recording: The recording to play to each client, in every mode; see `play`.
        speed: As for `play`.
        repeats: As for `play`.
        host: See `tkws.serve`.
        port: See `tkws.serve`.
        **options: See `tkws.serve`.

    Attributes:
        server: The server.
        mode: As above; may be changed.
        names: The name of each connection.
        playback: The present playing of a recording; None without one.

    Raises:
        OSError: The server cannot listen on the address.
    """

    def __init__(
        self,
        log: Log,
        mode: Mode,
        master: tkinter.Misc,
        on_event: Callable[[str, str, Any], object],
        *,
        answers: Answers | None = None,
        recording: Recording | None = None,
        speed: float = 1.0,
        repeats: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self.log = log
        self.mode = mode
        self.names: dict[tkws.WebSocket, str] = {}
        self._notify = on_event
        self._player = None if answers is None else Player(answers, self._send_answer, self._report)
        self._count = 0
        self.playback: Playback | None = None
        self.server: tkws.HTTPServer = tkws.serve(
            host, port, master=master, handler=self._on_event, **options
        )
        log.add(Direction.NOTE, "open", f"Listening at {self.server.url}")
        self._watch = RefusalWatch(self._on_refusal)
        if recording is not None:
            self._play(recording, speed, repeats)

    def send(self, message: str | bytes, to: tkws.WebSocket | None = None) -> int:
        """Send a message to one connection or to all, and return how many got it."""
        peers = list(self.names) if to is None else [to]
        count = sum(self._send_to(ws, message) for ws in peers)
        self.log.add(
            Direction.OUT, kind_of(message), message, "all" if to is None else self.names.get(to, "")
        )
        self._notify("", "sent", message)
        return count

    def admit(self, refusal: Refusal) -> None:
        """Admit from now on what was refused: pages of its origin, or requests to its host name."""
        option, names = "origins", [refusal.origin]
        if refusal.host:
            option, names = "hosts", [refusal.host, "localhost", "127.0.0.1", "::1"]
        admitted = [*(self.server.cget(option) or ()), *names]
        self.server.configure(**{option: list(dict.fromkeys(admitted))})
        what = f"Pages of {names[0]} may connect" if refusal.origin else f"The host {names[0]} is served"
        self.log.add(Direction.NOTE, "admit", f"{what} from now on")
        self._notify("", "admit", names[0])

    def play(self, recording: Recording, *, speed: float = 1.0, repeats: bool = False) -> None:
        """Play a recording to each client, from now on to those that are connected; see `Playback`."""
        self.stop_playing()
        self._play(recording, speed, repeats)
        self._notify("", "play", recording)

    def stop_playing(self) -> None:
        """Stop to play; a no-op without a recording."""
        if self.playback is not None:
            self.playback.close()
            self.playback = None
            self._notify("", "play", None)

    def close(self, code: int = tkws.CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Stop listening, and start to close all connections; see `tkws.HTTPServer.close` for exceptions."""
        self.server.close(code, reason)
        self._watch.close()
        self.stop_playing()

    def _play(self, recording: Recording, speed: float, repeats: bool) -> None:
        self.playback = Playback(recording, self._send_played, self._played, speed=speed, repeats=repeats)
        messages = counted(len(recording.cues), "message", style=",")
        self.log.add(Direction.NOTE, "play", f"Playing {recording.name}, {messages}, to each client")
        for ws in self.names:
            self.playback.add(ws)

    def _on_refusal(self, refusal: Refusal) -> None:
        answer = f" with {refusal.status}" if refusal.status else ""
        who = _show_address(refusal.peer)
        self.log.add(Direction.NOTE, "refused", f"{who} was refused{answer}: {refusal.why}")
        self._notify("", "refused", refusal)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        name = self._name_of(ws)
        if type in ("text", "binary"):
            self.log.add(Direction.IN, str(type), message, name)
            self._handle(ws, name, message)
        elif type in ("ping", "pong"):
            if type == "ping":
                self.log.add(Direction.IN, "ping", message, name)
        elif type == "drain":
            ws.resume()
            if self.playback is not None:
                self.playback.drained(ws)
        else:
            text = _describe_opening(ws) if type == "connect" else describe(ws, type, message)
            self.log.add(Direction.NOTE, str(type), text, name)
            if type == "disconnect":
                del self.names[ws]
            self._greet_or_forget(ws, type)
        self._notify(name, type, message)

    def _greet_or_forget(self, ws: tkws.WebSocket, type: str) -> None:
        """Begin to talk to a client that has connected; end it with one that has gone."""
        if type == "connect":
            if self._player is not None:
                self._player.connected(ws)
            if self.playback is not None:
                self.playback.add(ws)
        elif type == "disconnect":
            if self._player is not None:
                self._player.disconnected(ws)
            if self.playback is not None:
                self.playback.remove(ws)

    def _name_of(self, ws: tkws.WebSocket) -> str:
        if ws not in self.names:
            self._count += 1
            self.names[ws] = f"#{self._count}"
        return self.names[ws]

    def _handle(self, ws: tkws.WebSocket, name: str, message: str | bytes) -> None:
        if self.mode is Mode.ANSWERS:
            if self._player is not None:
                self._player.received(ws, message)
        elif self.mode is Mode.ECHO:
            self._send_answer(ws, message)
        elif self.mode is Mode.CHAT:
            others = [other for other in self.names if other is not ws]
            if sum(self._send_to(other, message) for other in others):
                self.log.add(Direction.OUT, kind_of(message), message, f"from {name}")

    def _send_played(self, ws: tkws.WebSocket, message: str | bytes) -> None:
        self._send_logged(ws, message)
        self._notify(self.names.get(ws, ""), "played", message)

    def _played(self, ws: tkws.WebSocket) -> None:
        name = "" if self.playback is None else self.playback.recording.name
        self.log.add(Direction.NOTE, "play", f"{name} has been played", self.names.get(ws, ""))
        self._notify(self.names.get(ws, ""), "play", None)

    def _send_answer(self, ws: tkws.WebSocket, message: str | bytes) -> None:
        if ws.state is not tkws.State.OPEN:
            return
        self._send_logged(ws, message)
        if ws.buffered_amount > ws.cget("high_water"):
            ws.pause()  # until the peer has read its answers

    def _send_logged(self, ws: tkws.WebSocket, message: str | bytes) -> None:
        ws.send(message)
        self.log.add(Direction.OUT, kind_of(message), message, self.names.get(ws, ""))

    def _report(self, ws: tkws.WebSocket, text: str) -> None:
        self.log.add(Direction.NOTE, "error", text, self.names.get(ws, ""))
        self._notify(self.names.get(ws, ""), "answer_failed", text)

    def _send_to(self, ws: tkws.WebSocket, message: str | bytes) -> bool:
        if ws.state is not tkws.State.OPEN:
            return False
        if ws.buffered_amount > _MAX_BUFFERED:
            ws.close(1008, "Too slow")
            return False
        ws.send(message)
        return True


def _describe_opening(ws: tkws.WebSocket) -> str:
    """Return who connected to what, and the head of the request."""
    agreed = f", subprotocol {ws.protocol}" if ws.protocol else ""
    request = ws.request
    if request is None:
        return f"{peer_of(ws)} connected to /{agreed}"
    fields = "\n".join(f"{name}: {value}" for name, value in request.headers.fields)
    line = f"{request.method} {request.target} HTTP/{request.version}"
    return f"{peer_of(ws)} connected to {request.target}{agreed}\n\n{line}\n{fields}"


def peer_of(ws: tkws.WebSocket) -> str:
    """Return the address of a peer as ``host:port``."""
    return _show_address(ws.peername)


def _show_address(address: object) -> str:
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return str(address or "")
