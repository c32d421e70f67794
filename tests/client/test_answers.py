"""A head that is complete decides an opening, whatever becomes of the connection and of the body."""

from __future__ import annotations

import contextlib
import gzip
import socket

import pytest

import tkws
from tests.peers import Log, Peer, Secured
from tkws.loop import loop_for
from tkws.testing.reset import reset_on_close

pytestmark = pytest.mark.thorough

HEAD = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n"
STREAM = HEAD + b"Content-Type: text/event-stream\r\n\r\ndata: 1\n\n"
CUT = HEAD + b"Content-Length: 100\r\n\r\npart"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"
BARE = HEAD + b"\r\n"

# The head has come; then the peer waits, or ends by FIN, by RST or, over TLS, without close_notify.
ENDS = ("stays", "ends", "breaks")


def finish(peer: Peer, end: str) -> None:
    if end == "ends":
        peer.sock.shutdown(socket.SHUT_WR)
    elif end == "breaks":
        reset_on_close(peer.sock)
        peer.sock.close()


@pytest.fixture(params=[False, True], ids=["TCP", "TLS"])
def visited(request, root, peers, pump_until, log, client_ssl, server_ssl):
    """``visited(**arguments)`` opens a connection and returns the peer that has its request."""
    listening = peers.listen()
    url = f"{'wss' if request.param else 'ws'}://localhost:{listening.port}/"

    def visited(path: str = "", **arguments) -> Peer:
        if path is not None:
            tkws.open(url + path, log, master=root, ssl=client_ssl if request.param else None, **arguments)
        peer = listening.accept()
        peer = Secured(peer, server_ssl) if request.param else peer
        peer.take_until()
        return peer

    return visited


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("answer", "body"), [(STREAM, b"data: 1\n\n"), (CUT, b"part"), (CHUNKED, b"part"), (BARE, b"")]
)
def test_a_refusal_has_its_status_soon(root, visited, log, pump_until, answer, body, end):
    peer = visited(reconnect=True)
    now = loop_for(root).now()
    peer.send(answer)
    if end == "breaks":  # a reset may overtake what was sent
        pump_until(lambda: peer.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0)
        turned = []
        loop_for(root).call_later(0.05, turned.append, True)
        pump_until(lambda: turned)
    finish(peer, end)
    pump_until(lambda: log.over)
    assert loop_for(root).now() - now < 4  # two seconds, on a machine that may be busy
    assert log.types == ["error", "disconnect"]  # a token that is wrong stays so
    error = log.one("error")
    assert isinstance(error, tkws.HandshakeError)
    assert (error.status, error.body) == (401, body)
    assert error.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.slow
def test_what_the_server_can_mend_is_tried_again(visited, log, pump_until):
    peer = visited(reconnect=tkws.Backoff(initial=0.01))
    peer.send(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 100\r\n\r\npart")
    finish(peer, "ends")
    pump_until(lambda: "retry" in log.types)
    assert log.one("error").status == 503
    log.ws.close()
    pump_until(lambda: log.ws.state is tkws.State.CLOSED)


@pytest.mark.parametrize("end", ENDS[:2])
@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked", "X: y"])
def test_a_redirect_is_followed_by_its_head(visited, log, pump_until, end, framing):
    peer = visited()
    peer.send(f"HTTP/1.1 302 Found\r\nLocation: /there\r\n{framing}\r\n\r\n".encode())
    if end == "ends":
        with contextlib.suppress(OSError):  # the client may have hung up already
            finish(peer, end)
    second = visited(None)
    second.send(BARE)
    finish(second, "ends")
    pump_until(lambda: log.over)
    assert log.one("error").status == 401


def test_the_timeout_of_the_opening_does_not_hide_an_answer(visited, log, pump_until):
    visited(timeout=0.2).send(STREAM)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert (log.one("error").status, log.one("error").body) == (401, b"data: 1\n\n")


def test_a_status_line_decides_where_nothing_more_comes(visited, log, pump_until):
    visited(timeout=0.2, reconnect=True).send(HEAD)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert log.one("error").status == 401


def test_an_answer_that_does_not_begin_is_a_timeout_still(visited, log, pump_until):
    visited(timeout=0.2).send(b"HTTP/1.1 4")
    pump_until(lambda: log.over)
    assert log.types == ["timeout", "disconnect"]


def test_closing_while_the_body_is_awaited(root, visited, log, pump_until):
    peer = visited()
    peer.send(STREAM)
    turned = []
    loop_for(root).call_later(0.05, turned.append, True)
    pump_until(lambda: turned)
    tkws.find()[0].close()
    pump_until(lambda: log.over)
    assert log.types == ["close", "disconnect"]
    peer.wait_for_end()


def test_a_coded_body_is_readable(visited, log, pump_until):
    body = gzip.compress(b"The token has expired.")
    visited().send(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    pump_until(lambda: log.over)
    assert log.one("error").body == b"The token has expired."


def test_what_looks_like_an_alert_of_tls_may_be_in_a_body(root, peers, log, pump_until):
    listening = peers.listen()
    tkws.open(listening.url, log, master=root)
    peer = listening.accept()
    peer.take_until()
    peer.send(HEAD + b"Content-Length: 9\r\n\r\n1234")
    turned = []
    loop_for(root).call_later(0.05, turned.append, True)
    pump_until(lambda: turned)
    peer.send(b"\x15\x03\x01\x02\x03")
    pump_until(lambda: log.over)
    assert log.one("error").body == b"1234\x15\x03\x01\x02\x03"


def test_what_looks_like_an_alert_of_tls_may_be_in_the_body_of_a_proxy(root, peers, log, pump_until):
    listening = peers.listen()
    proxy = f"http://127.0.0.1:{listening.port}"
    tkws.open("ws://server.test/", log, master=root, proxy=proxy, reconnect=True)
    peer = listening.accept()
    peer.take_until()
    peer.send(REFUSAL + b"Content-Length: 9\r\n\r\n1234")
    turned = []
    loop_for(root).call_later(0.05, turned.append, True)
    pump_until(lambda: turned)
    peer.send(b"\x15\x03\x01\x02\x03")
    pump_until(lambda: log.over)
    assert (log.one("error").status, log.one("error").body) == (407, b"1234\x15\x03\x01\x02\x03")


REFUSAL = b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n'


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("rest", [b"Content-Length: 100\r\n\r\npart", b"\r\npart"])
def test_a_proxys_refusal_has_its_status_soon(
    root, peers, log, pump_until, client_ssl, server_ssl, secure, end, rest
):
    listening = peers.listen()
    proxy = f"{'https' if secure else 'http'}://localhost:{listening.port}"
    tkws.open("ws://server.test/", log, master=root, proxy=proxy, proxy_ssl=client_ssl, reconnect=True)
    peer = listening.accept()
    peer = Secured(peer, server_ssl) if secure else peer
    peer.take_until()
    peer.send(REFUSAL + rest)
    turned = []
    loop_for(root).call_later(0.05, turned.append, True)
    pump_until(lambda: turned)
    finish(peer, end)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    error = log.one("error")
    assert (error.phase, error.status, error.body) == ("proxy", 407, b"part")
    assert "wants a user and a password" in str(error)


def test_the_timeout_does_not_hide_a_proxys_refusal(root, peers, log, pump_until):
    listening = peers.listen()
    tkws.open("ws://s.test/", log, master=root, proxy=f"http://127.0.0.1:{listening.port}", timeout=0.2)
    peer = listening.accept()
    peer.take_until()
    peer.send(REFUSAL + b"Content-Length: 100\r\n\r\n")
    pump_until(lambda: log.over)
    assert log.one("error").status == 407


def test_a_redirect_to_two_places_is_not_followed(root, pump_until):
    server = tkws.serve(master=root)
    log = Log()
    server.page("/", tkws.Response(302, headers=[("Location", "/a"), ("Location", "/b")]))
    tkws.open(server.url, log, master=root)
    pump_until(lambda: log.over)
    assert "it is one of several" in str(log.one("error"))
    server.close()
