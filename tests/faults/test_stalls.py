"""A program that is busy past a deadline: nobody is refused, given up or cut off for that."""

from __future__ import annotations

import socket
import sys
import threading
from typing import Any

import pytest

import tkws
from tests.peers import Log

pytestmark = pytest.mark.slow

# Seconds of a timeout, and of a stall that is longer.
TIMEOUT = 0.3
STALL = 0.45


def visitors_of(server: Any) -> int:
    """Connections of a server that are not WebSockets, or not yet."""
    return len(server._http_connections)


def stall(seconds: float = STALL) -> None:
    """Keeps the thread of the interpreter from everything, as a program that computes does; others go on."""
    threading.Event().wait(seconds)


# An echo server in a process of its own, which goes on while this one is busy.
SERVER = """
import ssl, sys, tkinter
import tkws
root = tkinter.Tcl()
context = None
if sys.argv[1:]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1])
server = tkws.serve("localhost", master=root, ssl=context)

@server.live("*")
def echo(ws, type, message):
    if type == "text":
        ws.send(message)

print(server.url, flush=True)
root.mainloop(-1)
"""


@pytest.fixture(params=["ws", "wss"])
def elsewhere(request, child, certificate, client_ssl, tmp_path) -> tuple[str, dict[str, Any]]:
    """The URL of `SERVER`, and the options that a client needs."""
    arguments: list[str] = []
    options: dict[str, Any] = {}
    if request.param == "wss":
        pem = tmp_path / "server.pem"
        pem.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
        arguments, options = [str(pem)], {"ssl": client_ssl}
    process = child([sys.executable, "-c", SERVER, *arguments])
    return process.stdout.readline().strip(), options


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize("begun", [False, True])
def test_an_opening_outlives_a_stall(root, elsewhere, pump_until, pieces, begun) -> None:
    """Finding the name, dialling, TLS and the handshake need the loop several times each."""
    log = Log()
    url, options = elsewhere
    ws = tkws.open(url, log, master=root, timeout=TIMEOUT, **options)
    if begun:
        pump_until(lambda: ws.request is not None)
    for _ in range(pieces):
        stall()
        root.update()
    pump_until(lambda: log.events)
    assert log.types == ["connect"]
    ws.close()
    pump_until(lambda: log.over)


def test_an_opening_that_nobody_answers_ends_in_time_all_the_same(root, peers, pump_until) -> None:
    log = Log()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tkws.open(f"ws://127.0.0.1:{silent.getsockname()[1]}/", log, master=root, timeout=TIMEOUT)
        stall()
        pump_until(lambda: log.over)
    assert log.types[0] == "timeout"
    assert log.one("timeout").phase == "handshake"


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_visitor_outlives_a_stall(root, pump_until, pieces) -> None:
    log = Log()
    server = tkws.serve(master=root, handler=log, handshake_timeout=TIMEOUT)
    request = (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as visitor:
        pump_until(lambda: visitors_of(server))
        cut = len(request) // pieces + 1
        for at in range(0, len(request), cut):
            visitor.sendall(request[at : at + cut])
            stall()
            root.update()
        pump_until(lambda: log.open)
        visitor.settimeout(5)
        assert visitor.recv(99).startswith(b"HTTP/1.1 101")
        server.close()
        pump_until(lambda: b"\x88" in visitor.recv(999))
    pump_until(lambda: log.over)


def test_a_visitor_that_says_nothing_is_cut_off_all_the_same(root, pump_until) -> None:
    server = tkws.serve(master=root, handshake_timeout=TIMEOUT)
    with socket.create_connection(("127.0.0.1", server.port)) as visitor:
        pump_until(lambda: visitors_of(server))
        stall()
        pump_until(lambda: not visitors_of(server))
        assert visitor.recv(9) == b""
    server.close()


def test_a_closing_handshake_outlives_a_stall(root, elsewhere, pump_until) -> None:
    log = Log()
    url, options = elsewhere
    ws = tkws.open(url, log, master=root, close_timeout=TIMEOUT, **options)
    pump_until(lambda: log.open)
    ws.close(1000, "done")
    stall()
    pump_until(lambda: log.over)
    assert log.one("close")[0] == 1000


def test_a_pong_outlives_a_stall(root, elsewhere, pump_until) -> None:
    log = Log()
    url, options = elsewhere
    ws = tkws.open(url, log, master=root, keepalive=0.02, pong_timeout=TIMEOUT, **options)
    pump_until(lambda: log.open and ws.statistics.pings_sent > 1)
    for _ in range(3):
        stall()
        root.update()
    ws.send("still here")
    pump_until(lambda: "text" in log.types)
    assert "close" not in log.types
    ws.close()
    pump_until(lambda: log.over)
