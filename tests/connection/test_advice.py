"""Calls that need an open connection, in every state: what the error advises is true, and works."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tests.peers import Log
from tkws.protocol.frames import Opcode

WAIT = "is CONNECTING, not OPEN: wait for its `connect` event$"
WAIT_OR_BUFFER = "is CONNECTING, not OPEN: wait for its `connect` event, or set the option offline_buffer$"
CLOSING = "is CLOSING, not OPEN: nothing can be sent after close.*; send on the next connection$"
CLOSED = "is CLOSED, not OPEN: it is over; open another one, or wait until the client does$"

BUFFERED: dict[str, Callable[[Any], object]] = {
    "send": lambda ws: ws.send("x"),
    "send_json": lambda ws: ws.send_json(1),
    "send_value": lambda ws: ws.send_value(1),
    "notify": lambda ws: ws.notify("m"),
}
UNBUFFERED: dict[str, Callable[[Any], object]] = {
    "a fragment": lambda ws: ws.send("x", final=False),
    "expires": lambda ws: ws.send("x", expires=9),
    "send_stream": lambda ws: ws.send_stream(io.BytesIO(b"x")),
    "call": lambda ws: ws.call("m"),
    "ping": lambda ws: ws.ping(),
    "pong": lambda ws: ws.pong(),
}
CALLS = BUFFERED | UNBUFFERED


@pytest.fixture
def opened(root, peers, log):
    """``opened(**options)``: a client whose handler is `log`, before it is open, and its server."""

    def opened(**options):
        listening = peers.listen()
        handler = tkws.JSONRPC(log)
        options = {"codec": tkws.JSON, "compression": False} | options
        return tkws.open(listening.url, handler, master=root, **options), listening

    return opened


def refused(call: Callable[[], object], advice: str) -> None:
    with pytest.raises(tkws.StateError, match=advice):
        call()


@pytest.mark.parametrize("name", CALLS)
def test_before_it_is_open(opened, log, pump_until, name):
    ws, listening = opened()
    call = CALLS[name]
    refused(lambda: call(ws), WAIT_OR_BUFFER if name in BUFFERED else WAIT)
    if name in BUFFERED:
        ws["offline_buffer"] = 1000
        call(ws)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    call(ws)
    assert len(peer.hear(2 if name in BUFFERED else 1)) == (2 if name in BUFFERED else 1)


@pytest.mark.parametrize("name", UNBUFFERED)
def test_what_the_offline_buffer_does_not_keep_is_not_sent_to_it(opened, name):
    ws, _ = opened(offline_buffer=1000)
    refused(lambda: UNBUFFERED[name](ws), WAIT)


@pytest.mark.parametrize("name", CALLS)
def test_when_it_closes_and_when_it_is_over(opened, log, pump_until, name):
    ws, listening = opened(offline_buffer=1000)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    ws.close()
    refused(lambda: CALLS[name](ws), CLOSING)
    peer.sock.close()
    pump_until(lambda: log.over)
    refused(lambda: CALLS[name](ws), CLOSED)


def test_an_expiring_message_is_refused_when_the_connection_closes_within_a_stream(taken):
    ws, _ = taken
    ws.send_stream(io.BytesIO(bytes(1000)))
    ws.close()
    refused(lambda: ws.send("x", expires=9), CLOSING)


# ---- fragments


@pytest.mark.parametrize(
    "call",
    [
        lambda ws: ws.send(b"x"),
        lambda ws: ws.send("x", expires=9),
        lambda ws: ws.send(b"x", expires=9),
        lambda ws: ws.send_stream(io.BytesIO(b"x")),
        lambda ws: ws.send_stream(io.BytesIO(b"x"), text=True),
    ],
)
def test_an_unfinished_message_is_finished_first(taken, pump_until, call):
    ws, peer = taken
    ws.send("Hel", final=False)
    refused(lambda: call(ws), "An unfinished text message must be finished first, by its last fragment")
    ws.send("lo")
    call(ws)
    assert [payload for _, payload in peer.hear(3)] == [b"Hel", b"lo", b"x"]


def test_a_fragment_does_not_wait_for_a_stream_but_a_whole_message_does(taken):
    ws, peer = taken
    ws.send_stream(io.BytesIO(b"stream"))
    refused(
        lambda: ws.send("x", final=False),
        "while another is being sent, such as a stream: wait for its end, or send it whole",
    )
    ws.send("x")
    assert peer.hear(2) == [(Opcode.BINARY, b"stream"), (Opcode.TEXT, b"x")]


def test_a_fragment_does_not_wait_for_connect_but_a_whole_message_does(root, peers, pump_until):
    log = Log()
    ws, peer = peers.taken(root, log, offline_buffer=100)
    refused(lambda: ws.send("x", final=False), "before `connect` was delivered: wait until its handler has")
    ws.send("whole")
    pump_until(lambda: log.open)
    ws.send("x", final=False)
    ws.send("y")
    assert [payload for _, payload in peer.hear(3)] == [b"whole", b"x", b"y"]


def test_half_a_message_is_sent_again_after_its_last_fragment(opened, log, pump_until):
    ws, listening = opened(reconnect=tkws.Backoff(initial=0.001, jitter=0))
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    ws.send("Hel", final=False)
    peer.hear()
    peer.sock.close()
    pump_until(lambda: log.all("disconnect"))
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: len(log.all("connect")) == 2)
    lost = re.escape(
        "with its connection: after its last fragment, which is refused too, send all of it again"
    )
    for final in (False, True):
        refused(lambda: ws.send("lo", final=final), lost)
    ws.send("Hello")
    assert peer.hear() == [(Opcode.TEXT, b"Hello")]


# ---- the handler of calls


def test_a_connection_without_json_rpc_says_how_to_have_one(opened, root, peers, log, pump_until):
    ws, _ = peers.taken(root, Log())
    refused(
        lambda: ws.call("m"), r"open or serve it with one, as in tkws.open\(url, tkws.JSONRPC\(handler\)\)"
    )
    ws, listening = opened()
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    assert ws.call("m").method == "m"
