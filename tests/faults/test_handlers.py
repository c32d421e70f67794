"""Whatever a handler does, in whichever event: every action of a program in every event of a connection.

Each test sends numbered messages around the action, and sees that all came, once and in order; that the
handler was never called while it ran; that `disconnect` came last and once; that after the end of the
window nobody was told anything.
"""

from __future__ import annotations

import socket
import time
import tkinter
from tkinter import simpledialog
from types import SimpleNamespace
from typing import Any

import pytest

import tkws
from tests.ledger import Ledger
from tests.peers import Log
from tkws.protocol.frames import Opcode

HIGH_WATER = 1 << 20

# A connection that goes on after the event; the others end with it, or never were.
GOES_ON = ("connect", "text", "binary", "value", "part", "ping", "pong", "drain")
NEVER_OPEN = ("timeout", "error", "retry")


# What brings an event about that does not come otherwise.
OPTIONS: dict[str, dict[str, Any]] = {
    "drain": {"high_water": HIGH_WATER, "low_water": 0},
    "value": {"codec": tkws.Codec(str, lambda message: message)},
    "part": {"stream": True},
}


class Failure(Exception):
    """What a handler raises."""


class Scene:
    """A connection of which the handler does something in one event."""

    def __init__(self, root, peers, pump_until, event, action) -> None:
        self.root = root
        self.peers = peers
        self.pump_until = pump_until
        self.books = Ledger()
        self.others: list[Log] = []
        self.acted = False
        self.peer: Any = None
        self.ws: Any = None
        self.log = Log(**{event: self._act})
        self._action = action
        self._server: tkws.HTTPServer | None = None

    def __call__(self, ws, type, message) -> None:
        self.ws = ws
        self.books.receiving(ws, *_as_message(type, message))
        self.log(ws, type, message)

    def _act(self, ws, message) -> None:
        if not self.acted:
            self.acted = True
            self._action(self, ws)

    def say(self, *kinds: str) -> None:
        """Sends numbered messages, together."""
        frames: list[bytes] = []
        for kind in kinds:
            opcode = Opcode.TEXT if kind == "text" else Opcode.BINARY
            send = lambda payload, opcode=opcode: frames.append(self.peer.frame(opcode, payload))  # noqa: E731 - as short as its neighbours
            self.books.send(SimpleNamespace(send=send))
        self.peer.send(b"".join(frames))

    def bring_about(self, event: str) -> None:
        """Has the event come."""
        if event in NEVER_OPEN:
            self._fail_to_open(event)
            return
        ws, self.peer = self.peers.taken(self.root, self, **OPTIONS.get(event, {}))
        if event in ("text", "binary", "value", "part"):
            self.say("binary" if event == "binary" else "text", "text", "binary")
        elif event in ("ping", "pong"):
            self.peer.say(Opcode[event.upper()])
        elif event == "drain":
            ws.send(bytes(8 * HIGH_WATER))
        elif event == "close":
            self.say("text", "binary")
            self.peer.bye()
        elif event == "disconnect":
            self.say("text", "binary")
            self.peer.sock.close()

    def wait(self) -> None:
        """Waits for the action, and reads meanwhile, so that the buffer drains."""
        read = self.peer.read if "drain" in self.log.actions else bytes
        self.pump_until(lambda: (read(), self.acted)[1])

    def _fail_to_open(self, event: str) -> None:
        listening = self.peers.listen()
        reconnect = tkws.Backoff(initial=60) if event == "retry" else None
        timeout = 0.05 if event == "timeout" else 5
        tkws.open(listening.url, self, master=self.root, timeout=timeout, reconnect=reconnect)
        peer = listening.accept()
        if event == "error":
            peer.take_until()
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        elif event == "retry":
            peer.sock.close()

    def serve(self) -> str:
        """A server to open a connection to."""
        self._server = tkws.serve(master=self.root, handler=Log())
        return self._server.url

    def end(self, event: str) -> None:
        """Ends what still lives, and waits for it."""
        if event in GOES_ON and self.ws.state is tkws.State.OPEN:
            self.say("text", "binary", "text")
            self.pump_until(lambda: self.books.delivered == self.books.sent)
        if event == "retry":
            self.ws.close()
            self.pump_until(lambda: self.log.types[-2:] == ["close", "disconnect"])
        if self.peer is not None:
            self.peer.sock.close()
        for other in self.others:
            self.pump_until(lambda other=other: other.open)
            other.ws.close()  # type: ignore[union-attr] # it has opened
        self.pump_until(lambda: self.log.over)
        if self._server is not None:
            self._server.close()
        self.pump_until(lambda: not tkws.find())


def _as_message(type: str, message: Any) -> tuple[str, Any]:
    """The event that tells of the same message without an option; each message here is a single part."""
    if type == "part":
        return "text" if message.text else "binary", message.data
    if type == "value":
        return "text" if isinstance(message, str) else "binary", message
    return type, message


def fail(scene: Scene, ws: tkws.WebSocket) -> None:
    raise Failure


def compute(scene: Scene, ws: tkws.WebSocket) -> None:
    until = time.monotonic() + 0.03
    while time.monotonic() < until:
        pass


def update(scene: Scene, ws: tkws.WebSocket) -> None:
    scene.root.update()


def wait_variable(scene: Scene, ws: tkws.WebSocket) -> None:
    answer = tkinter.BooleanVar(scene.root)
    scene.root.after(20, answer.set, True)
    scene.root.wait_variable(answer)
    del answer


def open_dialog(scene: Scene, ws: tkws.WebSocket) -> None:
    class Question(simpledialog.Dialog):
        def body(self, master: tkinter.Frame) -> None:
            tkinter.Label(master, text="Go on?").pack()
            self.after(20, self.leave)

        def leave(self) -> None:
            if self.grab_status():  # it is being waited for
                self.cancel()
            else:
                self.after(20, self.leave)

    Question(scene.root)


def close(scene: Scene, ws: tkws.WebSocket) -> None:
    ws.close(4000, "enough")


def open_another(scene: Scene, ws: tkws.WebSocket) -> None:
    scene.others.append(Log())
    tkws.open(scene.serve(), scene.others[-1], master=scene.root)


def take_over(scene: Scene, ws: tkws.WebSocket) -> None:
    for sock, server in zip(socket.socketpair(), (True, False), strict=True):
        scene.others.append(Log())
        tkws.takeover(sock, scene.others[-1], server, master=scene.root)


def destroy(scene: Scene, ws: tkws.WebSocket) -> None:
    scene.root.destroy()


def leave(scene: Scene, ws: tkws.WebSocket) -> None:
    raise SystemExit(3)


ACTIONS: list[Any] = [
    fail, compute, update, wait_variable, open_dialog, close, open_another, take_over, destroy, leave,
]  # fmt: skip


@pytest.mark.parametrize("event", [str(event) for event in tkws.Event])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_an_action_in_an_event(display_root, peers, pump_until, callback_errors, event, action):
    scene = Scene(display_root, peers, pump_until, event, action)
    scene.bring_about(event)
    if action is leave:
        with pytest.raises(SystemExit, match="3"):
            scene.wait()
    else:
        scene.wait()
    if action is destroy:
        seen = scene.log.types.copy()
        if scene.peer is not None and event != "disconnect":
            scene.peer.wait_for_end()
        assert seen[-1] == event
    else:
        scene.end(event)
        seen = scene.log.types
        assert seen[-1] == "disconnect"
        assert seen.count("disconnect") == 1 + (event == "retry")
        tally = scene.books.tally()
        assert tally.sent == tally.delivered or action is close
    assert [type(error) for error in callback_errors] == ([Failure] if action is fail else [])
    callback_errors.clear()
    assert scene.log.deepest == 1
    assert scene.log.types == seen
    assert tkws.find() == []
