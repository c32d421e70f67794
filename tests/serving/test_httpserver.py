"""A server that listens and speaks HTTP: pages beside the socket, refusals, limits, and its end."""

from __future__ import annotations

import contextlib
import errno
import gc
import logging
import re
import socket
import ssl
import weakref

import pytest

import tkws
from tests.peers import KEY, Log, Peer
from tkws.loop import loop_for
from tkws.net import SocketStream
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock
from tkws.testing.reset import reset_on_close

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
def server(root, log) -> tkws.HTTPServer:
    server = tkws.serve(master=root, handshake_timeout=30)
    server.live("/chat", log)
    server.page("/", "<p>front")
    return server


@pytest.fixture
def peer(server, peers) -> Peer:
    return peers.connect(server)


# ---- where it listens


def test_by_itself_it_listens_on_loopback_and_a_free_port(root):
    server = tkws.serve(master=root)
    assert server.addresses == [("127.0.0.1", server.port)]
    assert server.port > 0
    assert server.url == f"ws://127.0.0.1:{server.port}/"
    assert repr(server) == f"<HTTPServer {server.url} listening>"
    assert not server.closed
    server.close()
    assert server.closed
    assert server.port > 0
    assert repr(server) == f"<HTTPServer {server.url} closed>"


@pytest.mark.parametrize(
    ("host", "url_host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost"), ("", "localhost")],
)
def test_its_url_is_for_this_machine(root, host, url_host, pump_until):
    server = tkws.serve(host, master=root, handler=Log())
    assert server.url == f"ws://{url_host}:{server.port}/"
    log = Log()
    tkws.open(server.url, log, master=root)
    pump_until(lambda: log.open)


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("host", ["::1", "::"])
def test_ipv6(root, host, pump_until):
    heard = Log()
    server = tkws.serve(host, master=root, handler=heard)
    assert server.url == f"ws://[::1]:{server.port}/"
    log = Log()
    ws = tkws.open(server.url, log, master=root)
    pump_until(lambda: log.open and heard.open)
    assert ws.peername[:2] == ("::1", server.port)
    assert heard.ws.request.headers["Host"] == f"[::1]:{server.port}"


def test_tls(root, server_ssl, client_ssl, pump_until):
    heard = Log(text=lambda ws, message: ws.send(message.upper()))
    server = tkws.serve("localhost", master=root, ssl=server_ssl, handler=heard)
    assert server.url == f"wss://localhost:{server.port}/"
    log = Log(connect=lambda ws, message: ws.send("hello"))
    ws = tkws.open(server.url, log, master=root, ssl=client_ssl)
    pump_until(lambda: log.all("text") == ["HELLO"])
    assert heard.ws.url == server.url
    server.close()
    pump_until(lambda: log.over and heard.over)
    assert log.one("close") == (1001, "")
    assert ws.close_code == 1001


def test_a_port_in_use_is_an_error_at_once(root, own_host):
    server = tkws.serve(own_host, master=root)
    with pytest.raises(OSError, match="cannot listen") as refusal:
        tkws.serve(own_host, server.port, master=root)
    assert refusal.value.errno == errno.EADDRINUSE
    server.close()
    again = tkws.serve(own_host, server.port, master=root)
    assert again.port == server.port


def test_a_context_is_a_servers(root, server_ssl, client_ssl):
    server = tkws.serve(master=root, ssl=server_ssl)
    assert server.ssl is server_ssl
    with pytest.raises(ValueError, match="^ssl: a context for a server"):
        server.ssl = client_ssl
    with pytest.raises(TypeError, match="^ssl: an ssl.SSLContext, not NoneType"):
        server.ssl = None
    server.ssl = renewed = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert server.ssl is renewed
    with pytest.raises(ValueError, match="^ssl: this server listens for plain TCP"):
        tkws.serve(master=root).ssl = renewed


# ---- WebSockets


def test_a_request_becomes_a_websocket(server, peer, log, pump_until):
    peer.ask("/chat?name=Zo%C3%AB", "X-Extra: yes")
    status, fields, _ = peer.answer()
    assert (status, fields["sec-websocket-accept"]) == (101, tkws.sec_websocket_accept(KEY))
    pump_until(lambda: log.open)
    request = log.one("connect")
    assert (request.path, request.query) == ("/chat", (("name", "Zoë"),))
    assert request.headers["x-extra"] == "yes"
    assert request.peer == peer.sock.getsockname()
    assert log.ws.url == "ws://localhost/chat"
    assert log.ws.role is tkws.Role.SERVER
    assert server.connections == [log.ws]


def test_messages_may_come_with_the_request(server, peer, log, pump_until):
    request = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    fields = f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    peer.send((request + fields).encode() + peer.frame(Opcode.TEXT, b"early"))
    pump_until(lambda: log.all("text"))
    assert log.types == ["connect", "text"]


def test_an_answer_that_the_system_does_not_take_at_once(server, peer, log, pump_until, monkeypatch):
    """As where the client has not read the page before: the WebSocket reads and writes all the same."""
    real = SocketStream.write

    def write(stream, data):
        if bytes(data).startswith(b"HTTP/1.1 101"):
            stream._outgoing.append(data)
            stream._watch()
            stream._check_water_marks()
        else:
            real(stream, data)

    monkeypatch.setattr(SocketStream, "write", write)
    log.actions["text"] = lambda ws, message: ws.send(message)
    peer.ask("/chat")
    peer.text("hello")
    assert peer.answer()[0] == 101
    assert peer.hear() == [(Opcode.TEXT, b"hello")]
    assert log.types == ["connect", "text"]


def test_a_request_may_come_in_pieces_and_after_pages(server, peer, log, pump_until):
    peer.request("/")
    assert peer.answer()[0] == 200
    half, rest = (
        b"GET /chat HTTP/1.1\r\nHost: local",
        b"host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    )
    peer.send(half)
    done = []
    server.loop.call_later(0.01, done.append, True)
    pump_until(lambda: done)
    peer.send(rest + f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    assert peer.answer()[0] == 101


@pytest.mark.parametrize(
    ("target", "lines", "host", "status"),
    [
        ("/nothing", [], "localhost", 404),
        ("/chat", ["Origin: https://example.org"], "localhost", 403),
        ("/chat", ["Origin: null"], "localhost", 403),
        ("/chat", [], "example.org", 403),
        ("/chat", ["Sec-WebSocket-Protocol: a b"], "localhost", 400),
        ("/chat", ["Sec-WebSocket-Version: 13"], "localhost", 426),
    ],
)
def test_a_refusal_says_why_and_ends_the_connection(server, peer, target, lines, host, status):
    peer.ask(target, *lines, host=host)
    answer, fields, body = peer.answer()
    assert answer == status
    assert body.strip()
    if status != 404:
        assert fields["connection"].endswith("close")
        peer.wait_for_end()
        assert not peer.reset
    assert server.connections == []


def test_a_page_of_this_server_may_connect(server, peer):
    peer.ask("/chat", f"Origin: http://localhost:{server.port}", host=f"localhost:{server.port}")
    assert peer.answer()[0] == 101


@pytest.mark.parametrize("suffix", ["", ".local", "."])
def test_a_page_that_was_opened_by_the_name_of_this_machine_may_connect(server, peers, monkeypatch, suffix):
    monkeypatch.setattr(socket, "gethostname", lambda: "MyBox")
    name = f"mybox{suffix}:{server.port}"
    for host, origin, status in (
        (name, name, 101),
        (f"127.0.0.1:{server.port}", name, 101),
        (name, f"localhost:{server.port}", 101),
        (name, f"mybox{suffix}:1", 403),
        (name, f"evil.example:{server.port}", 403),
        (f"mybox.evil.example:{server.port}", name, 403),
    ):
        peer = peers.connect(server)
        peer.ask("/chat", f"Origin: http://{origin}", host=host)
        assert peer.answer()[0] == status
    reader = peers.connect(server)
    reader.request("/", host=name)
    assert reader.answer()[0] == 200


def test_a_post_is_no_handshake(server, peer):
    fields = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
    )
    peer.request("/chat", *fields, "Content-Length: 0", method="POST")
    status, fields, _ = peer.answer()
    assert (status, fields["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("limit", "status"), [("max_connections", 503), ("max_connections_per_address", 429)]
)
def test_limits_of_connections(server, peers, log, pump_until, limit, status):
    server[limit] = 1
    first, second = peers.connect(server), peers.connect(server)
    first.ask("/chat")
    assert first.answer()[0] == 101
    second.ask("/chat")
    assert second.answer()[0] == status
    pump_until(lambda: log.open)
    first.sock.close()
    pump_until(lambda: not server.connections)
    third = peers.connect(server)
    third.ask("/chat")
    assert third.answer()[0] == 101


def test_visitors_are_limited_too(server, peers):
    server["max_connections"] = 1
    visitors = [peers.connect(server) for _ in range(66)]
    visitors[-1].wait_for_end()
    visitors[-2].request("/")
    assert visitors[-2].answer()[0] == 200


def test_one_address_does_not_take_every_place_of_a_visitor(server, peers, log):
    server["max_connections_per_address"] = 1
    visitors = [peers.connect(server) for _ in range(10)]
    visitors[-1].wait_for_end()
    assert len(server._http_connections) == 9
    other = socket.create_connection(("127.0.0.1", server.port), source_address=("127.0.0.2", 0))
    other_peer = Peer(peers.keep(other), peers._pump_until, client=True)
    other_peer.ask("/chat")
    assert other_peer.answer()[0] == 101
    visitors[0].ask("/chat")  # becomes a WebSocket, which frees its place
    assert visitors[0].answer()[0] == 101
    again = peers.connect(server)
    again.request("/")
    assert again.answer()[0] == 200


def test_the_places_of_an_address_are_free_again(server, peers, pump_until):
    server["max_connections_per_address"] = 1
    for _ in range(3):
        visitors = [peers.connect(server) for _ in range(9)]
        pump_until(lambda: len(server._http_connections) == 9)
        for visitor in visitors:
            visitor.sock.close()
        pump_until(lambda: not server._http_connections)
    assert not server._http_connections_by_address


def test_refusals_are_logged_for_who_wants_to_know(server, peer, caplog):
    with caplog.at_level(logging.INFO, "tkws"):
        peer.ask("/chat", "Origin: https://example.org")
        peer.answer()
    [record] = [record for record in caplog.records if "refused" in record.getMessage()]
    assert "https://example.org" in record.getMessage()
    assert "127.0.0.1" in record.getMessage()


def test_a_refusal_is_sent_although_its_logging_raises(server, peer, pump_until, callback_errors):
    def emit(record):
        raise LookupError("of a logging handler")

    logger, handler = logging.getLogger("tkws"), logging.Handler()
    handler.emit = emit
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        peer.ask("/chat", "Origin: https://example.org")
        assert peer.answer()[0] == 403
        pump_until(lambda: len(callback_errors) == 2)  # of "accepted" and "refused"
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert [type(error) for error in callback_errors] == [LookupError, LookupError]
    callback_errors.clear()


# ---- pages


def test_a_page_and_the_next_one(server, peer):
    for _ in range(3):
        peer.request("/")
        status, fields, body = peer.answer()
        assert (status, body, fields["content-type"]) == (200, b"<p>front", "text/html; charset=utf-8")
        assert "connection" not in fields  # it stays


def test_a_client_that_wants_no_other_page(server, peer):
    peer.request("/", "Connection: close")
    status, fields, body = peer.answer()
    assert (status, body, fields["connection"]) == (200, b"<p>front", "close")
    peer.wait_for_end()
    assert not peer.reset


@pytest.mark.parametrize(
    "behind", [b"\r\n", b"\r\n\r\n", b"\n", b"junk", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_what_follows_the_last_request_changes_nothing(server, peer, behind):
    peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + behind)
    status, fields, body = peer.answer()
    assert (status, body, fields["connection"]) == (200, b"<p>front", "close")
    peer.wait_for_end()
    assert not peer.received
    assert not peer.reset


def test_an_empty_line_may_come_between_requests(server, peer):
    get = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    peer.send(get + b"\r\n" + get + b"\r\n" + get)
    assert [peer.answer()[0] for _ in range(3)] == [200, 200, 200]


def test_the_host_of_an_absolute_target_counts(server, peers):
    """RFC 9112, 3.2.2: or a page of a rebound name would be shown by way of Host."""
    for target, host, status in (
        ("http://localhost/", "evil.example", 200),
        ("http://evil.example/", "localhost", 403),
    ):
        peer = peers.connect(server)
        peer.request(target, host=host)
        assert peer.answer()[0] == status


@pytest.fixture
def answers_to(server, peers, log, pump_until, tmp_path):
    """``answers_to(*segments)``: all that the server says, dates aside, until it ends the connection."""
    (tmp_path / "file.bin").write_bytes(bytes(range(256)) * 1024)
    server.directory("/files", tmp_path)
    server.configure(compression=False)
    log.actions["text"] = lambda ws, message: ws.send(message.upper())

    def answers_to(*segments):
        peer = peers.connect(server)
        for segment in segments:
            turned = []
            peer.send(segment)
            server.loop.call_later(0.002, turned.append, True)
            pump_until(lambda: turned)
        peer.wait_for_end()
        assert not peer.reset
        return re.sub(rb"Date: .*\r\n", b"", bytes(peer.received))

    return answers_to


def conversation(peer_frame) -> bytes:
    """Pages, a file, a body, and a WebSocket in which a message and a Close are sent at once."""
    host = b"Host: localhost\r\n"
    upgrade = (
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY.encode() + b"\r\n"
    )
    return b"".join(
        (
            b"\r\nGET / HTTP/1.1\r\n" + host + b"\r\n",
            b"\r\nGET /files/file.bin HTTP/1.1\r\n" + host + b"Range: bytes=5-200000\r\n\r\n",
            b"HEAD / HTTP/1.1\r\n" + host + b"\r\n",
            b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 7\r\n\r\nGET / H",
            b"GET /chat HTTP/1.1\r\n" + host + upgrade + b"\r\n",
            peer_frame(Opcode.TEXT, b"hello"),
            peer_frame(Opcode.CLOSE, b"\x03\xe8"),
        )
    )


@pytest.mark.slow
def test_two_segments_are_answered_as_one(peer, answers_to):
    data = conversation(peer.frame)
    whole = answers_to(data)
    assert [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", whole)] == [200, 206, 200, 405, 101]
    assert whole.endswith(b"\x81\x05HELLO\x88\x02\x03\xe8")
    for cut in range(1, len(data), 9):
        assert answers_to(data[:cut], data[cut:]) == whole


def test_http_1_0_has_one_page(server, peer):
    peer.send(b"GET / HTTP/1.0\r\n\r\n")
    assert peer.answer()[2] == b"<p>front"
    peer.wait_for_end()


def test_head_has_no_body(server, peer):
    peer.request("/", method="HEAD")
    head = peer.take_until()
    assert b"Content-Length: 8\r\n" in head or b"content-length: 8\r\n" in head.lower()
    peer.request("/")
    assert peer.answer()[2] == b"<p>front"


def test_where_a_websocket_is_there_is_no_page(server, peer):
    peer.request("/chat")
    status, fields, _ = peer.answer()
    assert (status, fields["upgrade"], fields["connection"]) == (426, "websocket", "Upgrade")
    peer.request("/nothing")
    assert peer.answer()[0] == 404
    peer.request("/", method="PUT")
    assert peer.answer()[0] == 405


def test_a_page_and_a_websocket_at_one_address(server, peers, log):
    server.page("/chat", "a page")
    reader, talker = peers.connect(server), peers.connect(server)
    reader.request("/chat")
    assert reader.answer()[2] == b"a page"
    talker.ask("/chat")
    assert talker.answer()[0] == 101


def test_a_page_is_for_the_hosts_of_the_server_alone(server, peer):
    peer.request("/", host="example.org")
    assert peer.answer()[0] == 403


def test_a_page_is_made_of_its_request(server, peer):
    server.page("/made", lambda request: f"{request.query} {request.peer == peer.sock.getsockname()}")
    peer.request("/made?a=b")
    assert peer.answer()[2] == b"(('a', 'b'),) True"


def test_a_folder(server, peer, tmp_path):
    (tmp_path / "a.css").write_text("p {}", encoding="utf-8")
    server.directory("/files", tmp_path)
    peer.request("/files/a.css")
    assert peer.answer()[2] == b"p {}"
    peer.request("/files/../a.css")
    assert peer.answer()[0] == 404
    peer.request("/files/%2e%2e/%2e%2e/etc/passwd")
    assert peer.answer()[0] == 404


def failing(request):
    return {}[request.path]


@pytest.mark.parametrize(
    "page",
    [
        failing,
        lambda request: None,
        lambda request: tkws.Response(101),
        lambda request: tkws.Response(200, "two\r\nlines"),
    ],
)
def test_a_page_that_fails_is_a_500_and_reported(server, peer, callback_errors, page):
    server.page("/fails", page)
    peer.request("/fails")
    status, _, body = peer.answer()
    assert (status, body) == (500, b"This page failed\n")
    assert len(callback_errors) == 1
    callback_errors.clear()
    peer.request("/")
    assert peer.answer()[0] == 200


def test_requests_that_come_together_are_answered_in_order(server, peer):
    server.page("/2", "two")
    get = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n".format
    peer.send("".join(map(get, ("/", "/2", "/"))).encode())
    assert [peer.answer()[2] for _ in range(3)] == [b"<p>front", b"two", b"<p>front"]


def test_requests_are_answered_no_faster_than_the_answers_are_read(server, peer, pump_until):
    made = []
    server.page("/large", lambda request: made.append(request) or bytes(MIB))
    count = 100
    peer.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n" * count)
    settled = []
    server.loop.call_later(0.1, settled.append, True)
    pump_until(lambda: settled)
    assert len(made) < 20  # what the system and the high-water mark take
    for _ in range(count):
        assert len(peer.answer()[2]) == MIB
    assert len(made) == count


def test_the_answers_still_come_when_the_client_has_said_all(server, peer):
    server.page("/large", bytes(MIB))
    peer.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
    peer.sock.shutdown(socket.SHUT_WR)
    for _ in range(20):
        assert len(peer.answer()[2]) == MIB
    peer.wait_for_end()
    assert not peer.reset


def test_a_last_answer_is_sent_to_its_end_when_the_client_has_said_all(server, peer):
    server.page("/large", bytes(8 * MIB))
    peer.request("/large", "Connection: close")
    peer.sock.shutdown(socket.SHUT_WR)
    assert len(peer.answer()[2]) == 8 * MIB
    peer.wait_for_end()
    assert not peer.reset


def test_a_client_that_says_nothing_and_ends(server, peer, pump_until):
    pump_until(lambda: server._http_connections)
    peer.sock.shutdown(socket.SHUT_WR)
    peer.wait_for_end()
    pump_until(lambda: not server._http_connections)


# ---- what is no HTTP, or too much of it


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000, 431),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_a_fault_is_answered_and_ends_the_connection(server, peer, data, status):
    peer.send(data)
    assert peer.answer()[0] == status
    peer.wait_for_end()
    assert not peer.reset


def test_the_limit_of_the_header_is_an_option(server, peers):
    server["max_header_bytes"] = 200
    peer = peers.connect(server)
    peer.request("/", "X: " + "a" * 300)
    assert peer.answer()[0] == 431


def test_data_behind_the_last_answer_is_not_looked_at(server, peer, log):
    peer.send(b"nonsense\r\n\r\n")
    assert peer.answer()[0] == 400
    peer.ask("/chat")
    peer.wait_for_end()
    assert not peer.received
    assert log.events == []


def test_a_client_that_is_silent_is_dropped_in_time(root, peers):
    server = tkws.serve(master=root, handshake_timeout=0.05)
    silent, slow = peers.connect(server), peers.connect(server)
    slow.send(b"GET / HT")
    silent.wait_for_end()
    slow.wait_for_end()
    assert not server._http_connections


def test_a_silent_client_of_tls_is_dropped_in_time(root, peers, server_ssl):
    server = tkws.serve(master=root, handshake_timeout=0.05, ssl=server_ssl)
    silent = peers.connect(server)
    silent.wait_for_end()
    assert not server._http_connections


def test_a_client_that_speaks_no_tls_is_dropped(root, peers, server_ssl, pump_until):
    server = tkws.serve(master=root, ssl=server_ssl)
    peer = peers.connect(server)
    peer.request("/")
    peer.wait_for_end()
    pump_until(lambda: not server._http_connections)


def test_a_client_that_stays_is_dropped_in_time_after_its_last_page(server, peers, pump_until):
    peer = peers.connect(server)
    server["handshake_timeout"] = 0.05
    peer.request("/")
    assert peer.answer()[0] == 200
    peer.wait_for_end()
    refused = peers.connect(server)
    refused.send(b"nonsense\r\n\r\n")
    assert refused.answer()[0] == 400
    pump_until(lambda: not server._http_connections)  # though the client's end is still open


def test_who_reads_nothing_of_its_page_is_dropped(server, peer, pump_until):
    server.configure(handshake_timeout=0.05)
    server.page("/large", bytes(16 * MIB))
    peer.request("/large")
    pump_until(lambda: server._http_connections)
    pump_until(lambda: not server._http_connections)


@pytest.fixture
def reading(root, peers, pump_until):
    """``reading(size)``: a client that has asked for a page, and a clock; 60 KiB a minute are to be read.

    The system takes 32 KiB at a time of what goes over loopback.
    """

    def reading(size):
        clock = FakeClock(root)
        server = tkws.serve(master=root, handshake_timeout=60)
        server.page("/large", bytes(size))
        peer = peers.connect(server)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        pump_until(lambda: server._http_connections)
        [visitor] = server._http_connections
        visitor._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        peer.request("/large")
        pump_until(lambda: visitor._stream.buffered_amount)
        return server, visitor, peer, clock

    return reading


def take(peer, visitor, count, pump_until):
    """Reads until the server has sent ``count`` bytes more, or all."""
    goal = max(visitor._stream.buffered_amount - count, 0)

    def has_taken():
        with contextlib.suppress(BlockingIOError):
            peer.received += peer.sock.recv(4096)
        return visitor._stream.buffered_amount <= goal

    pump_until(has_taken)


def test_who_takes_a_little_of_its_page_now_and_then_is_dropped(reading, pump_until):
    server, visitor, peer, clock = reading(MIB)
    turns = 0
    while server._http_connections:
        left = visitor._stream.buffered_amount
        take(peer, visitor, 1, pump_until)
        clock.advance(60)
        turns += 1
    assert turns < 4
    assert left > MIB // 2


@pytest.mark.slow
def test_who_takes_a_page_at_the_least_rate_gets_all_of_it(reading, pump_until):
    server, visitor, peer, clock = reading(500 * KIB)
    turns = 0
    while visitor._stream.buffered_amount:
        take(peer, visitor, 61 * KIB, pump_until)
        clock.advance(60)
        turns += 1
        assert server._http_connections
    assert turns > 4
    assert peer.answer()[2] == bytes(500 * KIB)


# ---- pages that run Tk's loop


@pytest.fixture
def nested(server, pump_until):
    """``nested(condition)``: shows a page at /nested that runs Tk's loop until ``condition()``."""

    def nested(condition):
        def page(request):
            pump_until(condition)
            return "done"

        server.page("/nested", page)

    return nested


def test_what_comes_meanwhile_waits_for_the_page(server, peer, nested):
    turns = []
    server.loop.call_later(0.05, turns.append, True)
    nested(lambda: turns)
    peer.request("/nested")
    peer.request("/")
    assert [peer.answer()[2] for _ in range(2)] == [b"done", b"<p>front"]


def test_other_clients_are_served_meanwhile(server, peers, peer, nested):
    other = peers.connect(server)
    nested(lambda: b"front" in other.read())
    peer.request("/nested")
    other.request("/")
    assert peer.answer()[2] == b"done"


def test_the_client_goes_meanwhile(server, peer, pump_until):
    done = []

    def page(request):
        reset_on_close(peer.sock)
        peer.sock.close()
        pump_until(lambda: not server._http_connections)
        done.append(True)
        return "nobody is there any more"

    server.page("/nested", page)
    peer.request("/nested")
    pump_until(lambda: done)


def test_the_client_says_all_meanwhile(server, peer, nested):
    nested(lambda: any(visitor._at_eof for visitor in server._http_connections))
    peer.request("/nested")
    peer.sock.shutdown(socket.SHUT_WR)
    assert peer.answer()[2] == b"done"
    peer.wait_for_end()


def test_the_page_takes_longer_than_the_client_may(server, peer, nested, pump_until):
    server["handshake_timeout"] = 0.05
    nested(lambda: not server._http_connections)
    peer.request("/nested")
    peer.wait_for_end()
    assert not peer.received


@pytest.mark.parametrize("end", ["server", "loop"])
def test_the_server_goes_meanwhile(server, peer, end):
    server.page("/end", lambda request: (server.close() if end == "server" else server.loop.close()) or "")
    peer.request("/end")
    peer.wait_for_end()
    assert not peer.received
    assert server.closed


def test_leaving_the_program_in_a_page(server, peer, pump_until):
    def leave(request):
        raise SystemExit

    server.page("/leave", leave)
    peer.request("/leave")
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    assert peer.answer()[0] == 500
    peer.wait_for_end()


# ---- the end


def test_close_ends_all_and_frees_the_port(peers, log, root, own_host, pump_until):
    server = tkws.serve(own_host, master=root)
    server.live("/chat", log)
    talker, visitor = peers.connect(server), peers.connect(server)
    talker.ask("/chat")
    assert talker.answer()[0] == 101
    pump_until(lambda: len(server._http_connections) == 1)
    server.close(1012, "restart")
    server.close()
    assert talker.hear() == [(Opcode.CLOSE, b"\x03\xf4restart")]
    visitor.wait_for_end()
    talker.bye(1012)
    talker.sock.close()
    pump_until(lambda: log.over)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((own_host, server.port))
    tkws.serve(own_host, server.port, master=root)


def test_a_close_that_is_refused_closes_nothing(server, peer):
    with pytest.raises(ValueError, match="^code: "):
        server.close(5)
    assert not server.closed
    peer.request("/")
    assert peer.answer()[0] == 200


def test_the_loop_closes(server, peers, log):
    talker, visitor = peers.connect(server), peers.connect(server)
    talker.ask("/chat")
    assert talker.answer()[0] == 101
    server.loop.close()
    assert server.closed
    assert server.connections == []
    assert talker.hear() == [(Opcode.CLOSE, b"\x03\xe9")]
    visitor.wait_for_end()
    server.close()


def test_a_closed_server_is_forgotten(root, pump_until):
    server = tkws.serve(master=root, handler=Log())
    loop = loop_for(root)
    server.close()
    gone = weakref.ref(server)
    del server
    gc.collect()
    assert gone() is None
    assert loop._readiness.watches.keys() == {loop._wakeup.fileno()}
