"""A decider decides on requests, at once or later; meanwhile the client waits, for a limited time."""

from __future__ import annotations

import socket

import pytest

import tkws
from tests.peers import KEY, Log, Peer
from tkws.serving.decision import PendingRequest
from tkws.testing import FakeClock

UPGRADE = (
    "GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
PAGE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def asked() -> list[PendingRequest]:
    return []


@pytest.fixture
def server(root, log, asked) -> tkws.HTTPServer:
    server = tkws.serve(master=root, handshake_timeout=30)
    server.live("/chat", log)
    server.page("/", "front")
    server.decider = asked.append
    return server


@pytest.fixture
def peer(server, peers) -> Peer:
    return peers.connect(server)


def test_a_request_is_accepted_later(server, peer, log, asked, pump_until):
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    assert not log.events
    assert asked[0].request.path == "/chat"
    asked[0].accept({"Set-Cookie": "a=b"})
    answer = peer.take_until()
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"Set-Cookie: a=b\r\n" in answer
    pump_until(lambda: log.open)
    asked[0].refuse(tkws.Response(403))  # the first call counts
    peer.text("hello")
    pump_until(lambda: log.all("text") == ["hello"])


def test_a_request_is_accepted_for_another_handler(server, peer, log, asked, pump_until):
    other = Log()
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    asked[0].accept(handler=other)
    pump_until(lambda: other.open)
    assert not log.events


@pytest.mark.parametrize("later", [True, False])
def test_a_request_is_refused(server, peer, log, asked, pump_until, later):
    refusal = tkws.Response(401, headers={"WWW-Authenticate": "Basic"}, body=b"who are you?")
    if not later:
        server.decider = lambda pending: pending.refuse(refusal)
    peer.send(UPGRADE)
    if later:
        pump_until(lambda: asked)
        asked[0].refuse(refusal)
    answer = peer.take_until()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"WWW-Authenticate: Basic\r\n" in answer
    assert b"Connection: close\r\n" in answer
    pump_until(lambda: peer.read() == b"who are you?" and peer.at_eof)
    assert not log.events


@pytest.mark.parametrize("later", [True, False])
def test_pages_are_decided_on_as_well_one_after_the_other(server, peer, asked, pump_until, later):
    if not later:
        server.decider = PendingRequest.accept
    peer.send(PAGE + PAGE)
    for number in range(2):
        if later:
            pump_until(lambda number=number: len(asked) == number + 1)
            asked[number].accept()
        assert peer.take_until().startswith(b"HTTP/1.1 200 ")
        assert peer.take(5) == b"front"
    assert len(asked) == 2 * later


def test_a_client_that_ends_its_side_gets_its_page(server, peer, asked, pump_until):
    peer.send(PAGE)
    peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: asked)
    asked[0].accept()
    assert peer.take_until().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("how", ["client", "server", "interpreter"])
def test_no_decision_is_needed_any_more(server, peer, log, asked, pump_until, how):
    ended = []
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    asked[0].on_cancel(lambda: ended.append(1))
    if how == "client":
        peer.sock.close()
    elif how == "server":
        server.close()
    else:
        server.loop.close()
    pump_until(lambda: ended) if how == "client" else None
    assert ended == [1]
    asked[0].accept()
    assert not server.connections
    assert not log.events


def test_a_decision_at_the_end_of_the_interpreter(server, peer, log, asked, pump_until):
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    server.loop.cancel_on_close(server._abandon)
    server.loop.on_close(asked[0].accept)
    server.loop.on_close(server._abandon)
    server.loop.close()
    assert not server.connections
    assert not log.events


def test_a_decision_that_takes_too_long(root, peers, pump_until):
    clock = FakeClock(root)
    asked, ended = [], []
    server = tkws.serve(master=root, handshake_timeout=5, handler=Log())
    server.decider = asked.append
    peer = peers.connect(server)
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    asked[0].on_cancel(lambda: ended.append(1))
    clock.advance(5.1)
    assert peer.take_until().startswith(b"HTTP/1.1 503 ")
    assert ended == [1]
    asked[0].accept()
    assert not server.connections


def test_a_gate_that_fails(server, peer, log, pump_until, callback_errors):
    server.decider = lambda pending: 1 / 0
    peer.send(UPGRADE)
    assert peer.take_until().startswith(b"HTTP/1.1 500 ")
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


@pytest.mark.parametrize("headers", [{"Upgrade": "x"}, {"X": "a\nb"}, 5])
def test_fields_that_cannot_travel(server, peer, asked, pump_until, callback_errors, headers):
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    asked[0].accept(headers)
    assert peer.take_until().startswith(b"HTTP/1.1 500 ")
    assert len(callback_errors) == 1
    callback_errors.clear()


def test_the_servers_own_checks_come_first_and_again_at_the_end(server, peers, asked, pump_until):
    stranger = peers.connect(server)
    stranger.send(UPGRADE.replace(b"Upgrade: w", b"Origin: http://evil.example\r\nUpgrade: w"))
    assert stranger.take_until().startswith(b"HTTP/1.1 403 ")
    assert not asked
    server.configure(max_connections=1)
    first, second = peers.connect(server), peers.connect(server)
    first.send(UPGRADE)
    second.send(UPGRADE)
    pump_until(lambda: len(asked) == 2)
    asked[0].accept()
    asked[1].accept()
    assert first.take_until().startswith(b"HTTP/1.1 101 ")
    assert second.take_until().startswith(b"HTTP/1.1 503 ")


def test_what_a_client_sends_meanwhile_is_bounded_and_kept(server, peer, log, asked, pump_until):
    server.configure(max_header_bytes=500)
    text = "x" * 400
    peer.send(UPGRADE)
    pump_until(lambda: asked)
    for _ in range(4):
        peer.text(text)
    [connection] = server._http_connections
    pump_until(lambda: connection._stream._paused)
    asked[0].accept()
    pump_until(lambda: log.all("text") == [text] * 4)
