"""Whatever both ends and the handler do, in whatever order: one life has one beginning and one end.

A seed decides everything but the time that things take. More of them: ``LIVES=1000`` in the environment.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import socket
from typing import Any

import pytest

import tkws
from tests.peers import Log, Peer
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode
from tkws.testing.reset import reset_on_close

LIVES = int(os.environ.get("LIVES", "60"))


# `error` may also tell of messages that were never sent.
_FAILED = "(error|timeout) (error )*disconnect "
_CONNECTED = "connect ((text|binary|ping|pong|error) )*close (error )*disconnect "
_GIVEN_UP = "close (error )*disconnect "
_UNSENT = "(error disconnect )?"  # closed when a `disconnect` had been told, with messages that waited
ONE_LIFE = re.compile(f"(({_FAILED}|{_CONNECTED})retry )*({_FAILED}|{_CONNECTED}|{_GIVEN_UP}){_UNSENT}")


def is_lost(cause: tkws.WebSocketError) -> bool:
    """The rule of a client that tries again, whatever the other end did."""
    return True


class Life:
    """A connection and its other end, both of which do as ``rng`` says."""

    def __init__(self, root, peers, pump_until, seed: int) -> None:
        self.rng = random.Random(seed)
        self.loop = loop_for(root)
        self.pump_until = pump_until
        self.nested = 0
        self.log = Log(**dict.fromkeys(map(str, tkws.Event), self._in_handler))
        self.ws, self.peer = self._begin(root, peers)

    def _begin(self, root, peers) -> tuple[tkws.WebSocket, Peer]:
        rng = self.rng
        options: dict[str, Any] = {
            "close_timeout": 0.02,
            "keepalive": rng.choice([0, 0.005]),
            "pong_timeout": 0.01,
        }
        if rng.random() < 0.6:
            return peers.taken(root, self.log, server=rng.random() < 0.5, **options)
        listening = peers.listen()
        timeout = rng.choice([0.01, 5])
        if rng.random() < 0.5:
            timeout = 0.02
            options["reconnect"] = tkws.Backoff(initial=0.001, jitter=0, factor=1, attempts=3, retry=is_lost)
            options["offline_buffer"] = rng.choice([0, 20])
        ws = tkws.open(listening.url, self.log, master=root, timeout=timeout, **options)
        if rng.random() < 0.3:
            self.act(ws)
        self.pump_until(lambda: ws.state is not tkws.State.CONNECTING or listening.waiting())
        if not listening.waiting():
            return ws, Peer(peers.keep(socket.socket()), self.pump_until, client=False)
        peer = listening.accept()
        if rng.random() < 0.7:
            self.pump_until(lambda: b"\r\n\r\n" in peer.read() or peer.at_eof or peer.reset)
            if b"\r\n\r\n" in peer.received:
                with contextlib.suppress(OSError):
                    peer.accept()
        return ws, peer

    def turn(self) -> None:
        done: list[bool] = []
        self.loop.call_later(self.rng.choice([0, 0, 0.001, 0.004]), done.append, True)
        self.pump_until(lambda: done)

    def _in_handler(self, ws, message) -> None:
        if self.rng.random() < 0.5:
            self.act(ws)
        if self.rng.random() < 0.02:
            raise ZeroDivisionError

    def _nest(self) -> None:
        if self.nested < 3:
            self.nested += 1
            self.turn()
            self.nested -= 1

    def act(self, ws) -> None:
        """Does something with this end."""
        rng = self.rng
        actions = [
            lambda: ws.send("x" * rng.choice([1, 10, 100_000])),
            lambda: ws.send("y", final=rng.random() < 0.5),
            lambda: ws.ping("p"),
            lambda: ws.close(rng.choice([1000, 4000]), "reason"),
            ws.pause,
            ws.resume,
            ws.reconnect_now,
            self._nest,
            lambda: ws.configure(keepalive=rng.choice([0, 0.001, 5]), pong_timeout=rng.choice([0.001, 1])),
            lambda: ws.configure(reentrant=rng.random() < 0.5),
            lambda: ws.configure(high_water=rng.choice([0, 10, 100_000]), low_water=0),
        ]
        with contextlib.suppress(tkws.StateError):
            rng.choice(actions)()

    def act_afar(self) -> None:
        """Does something with the other end."""
        peer, rng = self.peer, self.rng
        usual = [
            lambda: peer.text(*["m"] * rng.choice([1, 3, 300])),
            lambda: peer.say(Opcode.PING, b"q"),
            lambda: peer.say(Opcode.PONG),
            peer.read,
        ]
        rare = [
            peer.bye,
            peer.sock.close,
            lambda: peer.send(b"\xff\xff\xff"),
            lambda: reset_on_close(peer.sock),
        ]
        with contextlib.suppress(OSError, AssertionError):  # it is closed, or nobody reads
            rng.choice(rare if rng.random() < 0.1 else usual)()

    def live(self) -> None:
        for _ in range(self.rng.randrange(1, 25)):
            self.act_afar()
            if self.rng.random() < 0.3:
                self.act(self.ws)
            if self.rng.random() < 0.9:
                self.turn()
        self.ws.close()
        self.peer.sock.close()
        self.pump_until(self._is_over)
        self.turn()

    def _is_over(self) -> bool:
        self.ws.resume()
        return self.ws.state is tkws.State.CLOSED and self.log.types[-1:] == ["disconnect"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(LIVES))
def test_a_life(root, peers, pump_until, callback_errors, seed):
    life = Life(root, peers, pump_until, seed)
    life.live()
    types = "".join(f"{type} " for type in life.log.types if type != "drain")
    assert ONE_LIFE.fullmatch(types), types
    assert tkws.find() == []
    assert all(type(error) is ZeroDivisionError for error in callback_errors)
    callback_errors.clear()
