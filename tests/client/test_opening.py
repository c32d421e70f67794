"""Opening a connection: every way in which it succeeds, fails or takes too long, in every phase."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import socket
import ssl
import threading
from functools import partial
from http.cookiejar import CookieJar

import pytest
import trustme

import tkws
from tests.peers import Log, Peer
from tkws.loop import loop_for
from tkws.net import default_ssl_context
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock
from tkws.testing.reset import reset_on_close


@pytest.fixture
def listening(peers):
    return peers.listen()


@pytest.fixture
def failed(root, log, pump_until):
    """``failed(url, **arguments)``: waits for the failure of an opening, and looks at all it tells."""

    loop = loop_for(root)

    def failed(url, **arguments):
        watched = set(loop._readiness.watches)
        ws = tkws.open(url, log, master=root, **arguments)
        pump_until(lambda: log.over)
        assert log.types[-1] == "disconnect"
        assert log.types in (["error", "disconnect"], ["timeout", "disconnect"])
        assert log.one("disconnect")
        assert ws.state is tkws.State.CLOSED
        assert tkws.find() == []
        pump_until(lambda: loop._readiness.watches.keys() <= watched)
        return log.events[0][1]

    return failed


def break_off(peer) -> None:
    """Closes a peer's socket so that the other end sees a reset."""
    reset_on_close(peer.sock)
    peer.sock.close()


@pytest.fixture
def serving(root, listening, pump_until):
    """``serving(act)``: ``act(peer)`` is called from the loop for the next connection."""

    def serving(act):
        def look():
            try:
                sock = listening.sock.accept()[0]
            except BlockingIOError:
                loop_for(root).call_later(0.002, look)
                return
            peer = Peer(listening._peers.keep(sock), pump_until, client=False)
            act(peer)

        loop_for(root).call_soon(look)

    return serving


# ---- it opens


def test_what_is_asked_and_what_is_told(root, listening, log, pump_until):
    ws = tkws.open(
        f"{listening.url}room?name=Zoë",
        log,
        master=root,
        protocols=["v2", "v1"],
        headers={"X-Token": "secret"},
        origin="https://example.org",
    )
    assert ws.state is tkws.State.CONNECTING
    assert log.events == []
    peer = listening.accept()
    lines = peer.accept("Sec-WebSocket-Protocol: v1", "X-Answer: yes").decode().split("\r\n")
    assert lines[0] == "GET /room?name=Zo%C3%AB HTTP/1.1"
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    key = fields.pop("Sec-WebSocket-Key")
    assert len(key) == 24
    assert fields == {
        "Host": f"127.0.0.1:{listening.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "v2, v1",
        "Sec-WebSocket-Extensions": fields["Sec-WebSocket-Extensions"],
        "Origin": "https://example.org",
        "User-Agent": f"tkws/{tkws.__version__}",
        "Accept-Encoding": "gzip, deflate",
        "X-Token": "secret",
    }
    assert fields["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
    pump_until(lambda: log.open)
    assert log.events == [("connect", "v1")]
    assert ws.state is tkws.State.OPEN
    assert (ws.protocol, ws.url) == ("v1", f"{listening.url}room?name=Zo%C3%AB")
    assert ws.response.headers["x-answer"] == "yes"
    assert ws.request.headers["X-Token"] == "secret"
    assert ws.peername == ("127.0.0.1", listening.port)


def test_two_openings_ask_with_different_keys(root, listening, log):
    keys = set()
    for _ in range(2):
        tkws.open(listening.url, log, master=root)
        keys.update(line for line in listening.accept().take_until().split(b"\r\n") if b"-Key:" in line)
    assert len(keys) == 2


def test_without_compression_none_is_offered(root, listening, log):
    tkws.open(listening.url, log, master=root, compression=False)
    assert b"Extensions" not in listening.accept().take_until()


def test_iterators_are_read_once(root, listening, log, pump_until):
    tkws.open(listening.url, log, master=root, protocols=iter(["a", "b"]), headers=iter([("X-Y", "z")]))
    head = listening.accept().take_until()
    assert b"Sec-WebSocket-Protocol: a, b\r\n" in head
    assert b"X-Y: z\r\n" in head


def test_messages_may_come_with_the_answer(root, listening, log, pump_until):
    tkws.open(listening.url, log, master=root)
    peer = listening.accept()
    head = peer.take_until()
    key = next(line for line in head.decode().split("\r\n") if "-Key" in line).partition(": ")[2]
    answer = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    accept = f"Sec-WebSocket-Accept: {tkws.sec_websocket_accept(key)}\r\n\r\n".encode()
    peer.send(answer)
    peer.send(accept + peer.frame(Opcode.TEXT, b"early"))
    pump_until(lambda: log.all("text"))
    assert log.events == [("connect", ""), ("text", "early")]


def test_over_a_given_socket(root, peers, log, pump_until):
    near, far = peers.sockets()
    ws = tkws.open("ws://example.org/path", log, master=root, sock=near)
    assert near.fileno() == -1
    head = Peer(far, pump_until, client=False).accept()
    assert b"Host: example.org\r\n" in head
    pump_until(lambda: log.open)
    assert ws.peername == far.getsockname()


def test_a_given_socket_is_closed_where_nothing_comes_of_it(root, peers, log, pump_until):
    for end in ("close", "loop"):
        near, far = peers.sockets()
        ws = tkws.open("ws://example.org/", log, master=root, sock=near)
        ws.close() if end == "close" else ws.loop.close()
        Peer(far, pump_until, client=False).wait_for_end()


def test_over_a_unix_socket(root, tmp_path, peers, log, pump_until):
    path = tmp_path / "socket"
    sock = peers.keep(socket.socket(socket.AF_UNIX))
    sock.bind(os.fspath(path))
    sock.listen()
    sock.setblocking(False)
    for unix in (path, os.fspath(path)):
        ws = tkws.open("ws://example.org/", log, master=root, unix=unix)
        accepted = []

        def accepts():
            with contextlib.suppress(BlockingIOError):
                accepted.append(peers.keep(sock.accept()[0]))
            return accepted

        pump_until(accepts)
        assert b"Host: example.org\r\n" in Peer(accepted[0], pump_until, client=False).accept()
        pump_until(lambda: ws.state is tkws.State.OPEN)
        assert ws.peername == os.fspath(path)


def test_by_name(root, log, pump_until):
    heard = Log()
    server = tkws.serve("localhost", master=root, handler=heard)
    tkws.open(server.url, log, master=root)
    pump_until(lambda: log.open and heard.open)
    assert heard.ws.request.headers["Host"] == f"localhost:{server.port}"


def test_credentials_of_the_url(root, listening, log):
    ws = tkws.open(f"ws://user:pass@127.0.0.1:{listening.port}/", log, master=root)
    assert b"Authorization: Basic dXNlcjpwYXNz\r\n" in listening.accept().take_until()
    assert "pass" not in ws.url + repr(ws)


# ---- it is refused


def test_nobody_listens(failed, listening):
    listening.sock.close()
    error = failed(listening.url)
    assert type(error) is tkws.OpenError
    assert (error.phase, error.status) == ("connect", None)
    assert f"127.0.0.1:{listening.port}" in str(error)
    assert error.__cause__.errno == errno.ECONNREFUSED


def test_no_such_unix_socket(failed, tmp_path):
    error = failed("ws://example.org/", unix=tmp_path / "nothing")
    assert (error.phase, error.__cause__.errno) == ("connect", errno.ENOENT)


def test_an_unknown_name(failed, system_resolver):
    error = failed("ws://nobody.invalid/")
    assert (error.phase, str(error)) == (
        "resolve",
        "cannot resolve 'nobody.invalid': Name or service not known",
    )
    assert isinstance(error.__cause__, socket.gaierror)


def answer(text: str):
    def act(peer):
        peer.take_until()
        peer.send(text.replace("\n", "\r\n").encode())
        peer.sock.shutdown(socket.SHUT_WR)

    return act


@pytest.mark.parametrize(
    ("status", "head", "body"),
    [
        (401, "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic\nContent-Length: 9\n\n", "sign in: \n"),
        (403, "HTTP/1.1 403 Forbidden\n\n", "until the end"),
        (500, "HTTP/1.1 500 Oops\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", ""),
        (200, "HTTP/1.1 200 OK\nContent-Length: 0\n\n", ""),
        (302, "HTTP/1.1 302 Found\nContent-Length: 0\n\n", ""),
        (404, "HTTP/1.0 404 Not Found\n\n", ""),
    ],
)
def test_another_answer_than_101(failed, serving, listening, status, head, body):
    serving(answer(head + body))
    error = failed(listening.url)
    assert isinstance(error, tkws.HandshakeError)
    assert (error.phase, error.part, error.status) == ("handshake", "http", status)
    assert str(status) in str(error)
    if status == 401:
        assert error.headers["WWW-Authenticate"] == "Basic"
        assert error.body == b"sign in: "
    if status == 403:
        assert error.body == b"until the end"
    if status == 500:
        assert error.body == b"hello"


SWITCH = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (SWITCH + "Sec-WebSocket-Accept: bm90IHRoZSBrZXkgdGhhdCB3YXM=\n\n", "accept"),
        (SWITCH + "\n", "accept"),
        ("HTTP/1.1 101 X\nConnection: Upgrade\n\n", "upgrade"),
        ("HTTP/1.1 101 X\nUpgrade: h2c\nConnection: Upgrade\n\n", "upgrade"),
        ("HTTP/1.1 101 X\nUpgrade: websocket\n\n", "connection"),
        ("SSH-2.0-OpenSSH_9.2\n\n", "http"),
        ("\n\n\n\n", "http"),
        ("", "http"),
        ("HTTP/1.1 101 Switch", "http"),
        ("HTTP/1.1 200 OK\nX: " + "a" * 100_000, "http"),
    ],
)
def test_an_answer_that_is_no_handshake(failed, serving, listening, text, part):
    serving(answer(text))
    error = failed(listening.url)
    assert isinstance(error, tkws.HandshakeError)
    assert (error.phase, error.part) == ("handshake", part)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Sec-WebSocket-Protocol: other", "protocol"),
        ("Sec-WebSocket-Extensions: x-unheard-of", "extension"),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99", "extension"),
    ],
)
def test_an_agreement_that_was_not_offered(failed, serving, listening, line, part):
    serving(lambda peer: peer.accept(line))
    assert failed(listening.url, protocols=["mine"]).part == part


@pytest.mark.parametrize("location", ["http://[", "http://localhost:99999/", "ws://a b/", "//#x"])
def test_a_redirect_to_what_is_no_url(failed, serving, listening, location):
    serving(answer(f"HTTP/1.1 302 Found\nLocation: {location}\nContent-Length: 0\n\n"))
    error = failed(listening.url)
    assert error.status == 302
    assert "is not followed" in str(error)


@pytest.mark.parametrize("when", ["before", "behind"])
def test_a_connection_that_breaks(failed, serving, listening, when):
    def act(peer):
        peer.take_until()
        if when == "behind":
            peer.send(b"HTTP/1.1 101 Swit")
        break_off(peer)

    serving(act)
    error = failed(listening.url)
    assert error.phase == "handshake"
    assert isinstance(error.__cause__, ConnectionResetError)


def test_a_fault_of_the_headers_own_making_is_reported(failed, callback_errors):
    def headers():
        raise LookupError("no token")

    error = failed("ws://127.0.0.1:1/", headers=headers)
    assert "The headers could not be made: no token" in str(error)
    assert [type(each) for each in callback_errors] == [LookupError]
    callback_errors.clear()


# ---- it takes too long


def test_while_the_name_is_looked_up(failed, system_resolver):
    go_on = threading.Event()
    system_resolver["slow.invalid"] = lambda: ["192.0.2.1"] if go_on.wait(10) else []
    try:
        error = failed("ws://slow.invalid/", timeout=0.05)
    finally:
        go_on.set()
    assert isinstance(error, tkws.OpenTimeout)
    assert isinstance(error, TimeoutError)
    assert error.phase == "resolve"
    expected = "Timeout when connecting to ws://slow.invalid/: 0.05 seconds passed while finding its address"
    assert str(error) == expected


@pytest.mark.skipif(os.name != "posix" or not hasattr(os, "eventfd"), reason="how to be silent is Linux's")
def test_while_connecting(failed, peers):
    deaf = peers.keep(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(2):  # one that is accepted and one that waits: the next is not answered
        other = peers.keep(socket.socket())
        other.setblocking(False)
        other.connect_ex(deaf.getsockname())
    error = failed(f"ws://127.0.0.1:{deaf.getsockname()[1]}/", timeout=0.05)
    assert (type(error), error.phase) == (tkws.OpenTimeout, "connect")


def test_while_tls_is_agreed_on(failed, listening, client_ssl):
    error = failed(f"wss://localhost:{listening.port}/", timeout=0.05, ssl=client_ssl)
    assert (type(error), error.phase) == (tkws.OpenTimeout, "tls")


@pytest.mark.parametrize("begun", [False, True])
def test_while_the_answer_is_awaited(failed, listening, serving, begun):
    if begun:
        serving(lambda peer: peer.send(b"HTTP/1.1 101 "))
    error = failed(listening.url, timeout=0.05)
    assert (type(error), error.phase) == (tkws.OpenTimeout, "handshake")
    assert (error.status, error.headers, error.body) == (None, {}, b"")


def test_the_timeout_covers_all_of_it(root, listening, log, pump_until):
    began = loop_for(root).now()
    tkws.open(listening.url, log, master=root, timeout=0.2)
    peer = listening.accept()
    while not log.over:  # each byte comes in good time, the whole does not
        with contextlib.suppress(OSError):
            peer.send(b"H")
        done = []
        loop_for(root).call_later(0.02, done.append, True)
        pump_until(lambda: done)
        if loop_for(root).now() - began > 60:
            pytest.fail("it goes on for ever")
    assert log.types in (["timeout", "disconnect"], ["error", "disconnect"])


def test_a_timeout_is_forgotten_once_it_is_open(root, listening, log, pump_until):
    clock = FakeClock(root)
    tkws.open(listening.url, log, master=root, timeout=60)
    listening.accept().accept()
    pump_until(lambda: log.open)
    clock.advance(100)
    assert log.types == ["connect"]


# ---- TLS


@pytest.fixture
def secure(root):
    """``secure(leaf)``: a server that shows a certificate."""

    def secure(leaf):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return tkws.serve("localhost", master=root, ssl=context, handler=Log())

    return secure


def test_a_good_certificate(root, secure, certificate, client_ssl, log, pump_until):
    ws = tkws.open(secure(certificate).url, log, master=root, ssl=client_ssl)
    pump_until(lambda: log.open)
    assert ws.url.startswith("wss://localhost:")


def test_the_default_context_trusts_the_system_alone(failed, secure, certificate):
    error = failed(secure(certificate).url)
    assert error.phase == "tls"
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)


@pytest.mark.parametrize("fault", ["expired", "wrong host", "unknown authority", "self-signed"])
def test_a_bad_certificate(failed, secure, ca, client_ssl, fault):
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    leaf = {
        "expired": lambda: ca.issue_cert("localhost", not_after=yesterday),
        "wrong host": lambda: ca.issue_cert("example.org"),
        "unknown authority": lambda: trustme.CA().issue_cert("localhost"),
        "self-signed": lambda: trustme.CA().issue_cert("localhost"),
    }[fault]()
    error = failed(secure(leaf).url, ssl=client_ssl)
    assert type(error) is tkws.OpenError
    assert error.phase == "tls"
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert "certificate" in str(error)


@pytest.mark.parametrize("how", ["end", "reset", "plain"])
def test_a_server_that_does_not_speak_tls(failed, serving, listening, client_ssl, how):
    def act(peer):
        if how == "plain":
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        elif how == "reset":
            peer.take(1)  # so that it is known to be connected
            break_off(peer)
        else:
            peer.sock.shutdown(socket.SHUT_WR)

    serving(act)
    error = failed(f"wss://localhost:{listening.port}/", ssl=client_ssl)
    assert error.phase == "tls"
    assert isinstance(error.__cause__, OSError)


def test_a_context_that_cannot_be_loaded(failed, listening, monkeypatch):
    def load():
        raise ssl.SSLError("no authorities here")

    default_ssl_context.cache_clear()
    monkeypatch.setattr(ssl, "create_default_context", load)
    error = failed(f"wss://localhost:{listening.port}/")
    assert error.phase == "tls"
    assert "no authorities here" in str(error)


# ---- the program is left in the midst of it


class Leaves(CookieJar):
    """A jar in which the program is left: in the method of this name."""

    def __init__(self, method: str, kind: type[BaseException]) -> None:
        super().__init__()
        setattr(self, method, lambda *_: leave(kind))


def leave(kind: type[BaseException]) -> None:
    raise kind


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("option", "value"), [("headers", leave), ("cookies", partial(Leaves, "add_cookie_header"))]
)
def test_leaving_the_program_before_the_request_is_an_error(
    root, listening, log, pump_until, option, value, kind
):
    options = {option: partial(value, kind) if option == "headers" else value(kind)}
    ws = tkws.open(listening.url, log, master=root, **options)
    with pytest.raises(kind):
        pump_until(lambda: False)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert str(log.one("error")) == f"The headers could not be made: {kind.__name__}"
    assert ws.state is tkws.State.CLOSED


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("status", ["401 Unauthorized", "302 Found\r\nLocation: /there"])
def test_leaving_the_program_at_an_answer_keeps_the_answer(
    root, listening, log, pump_until, serving, status, kind
):
    def refuse(peer):
        peer.sock.sendall(f"HTTP/1.1 {status}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n".encode())

    serving(refuse)
    jar = Leaves("extract_cookies", kind)
    tkws.open(listening.url, log, master=root, cookies=jar, max_redirects=0)
    with pytest.raises(kind):
        pump_until(lambda: False)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert log.one("error").status == int(status[:3])
