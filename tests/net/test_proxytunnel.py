"""A stream through a proxy that is played by hand: opened, refused, cut and cancelled, over TLS too."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import threading
import weakref

import pytest

from tests.net.owner import Recorder
from tests.peers import Peer
from tests.resolver import Resolver
from tkws.errors import OpenError
from tkws.http.answers import USER_AGENT
from tkws.net import SocketStream, Stream, TLSStream
from tkws.net.proxytunnel import ProxyTunnel
from tkws.net.proxyurl import parse_proxy
from tkws.testing.reset import reset_on_close

CONNECT = (
    b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"
    b"User-Agent: %s\r\n\r\n" % USER_AGENT.encode()
)
ESTABLISHED = b"HTTP/1.1 200 OK\r\n\r\n"
GRANTED_BY_4 = b"\x00\x5a" + b"\x00" * 6
GRANTED_BY_5 = b"\x05\x00\x00\x01" + b"\x00" * 6

HTTP = "http://proxy:3128"
HTTPS = "https://localhost:3129"

# What is asked for example.org, and what is answered, in turn.
DIALOGUES = {
    HTTP: [CONNECT, ESTABLISHED],
    "socks4a://proxy": [b"\x04\x01\x01\xbb\x00\x00\x00\xff\x00example.org\x00", GRANTED_BY_4],
    "socks5h://proxy": [
        b"\x05\x01\x00", b"\x05\x00", b"\x05\x01\x00\x03\x0bexample.org\x01\xbb", GRANTED_BY_5
    ],
}  # fmt: skip

every_dialogue = pytest.mark.parametrize(("url", "lines"), DIALOGUES.items(), ids=DIALOGUES.keys())


class Try:
    """A tunnel, what it said, and the proxy: a `Peer`, or a stream with its owner where TLS is spoken.

    Attributes:
        stream: The stream of the opened tunnel, whose owner is ``owner``.
        rest: What came with it.
        error: Why it failed.
    """

    def __init__(self, loop, near, url, host, context, resolver) -> None:
        self.owner = Recorder()
        self.stream: Stream | None = None
        self.rest = b""
        self.error: OpenError | None = None
        self.below = SocketStream(loop, near)
        self.tunnel = ProxyTunnel(
            self.below,
            parse_proxy(url),
            host,
            443,
            ssl_context=context,
            explain=lambda cause: f"explained, {cause}",
            on_open=self._opened,
            on_failed=self._failed,
            look_up=resolver.look_up,
        )
        assert not self.over

    @property
    def over(self) -> bool:
        return self.stream is not None or self.error is not None

    def _opened(self, stream: Stream, rest: bytes) -> None:
        assert not self.over
        self.stream = stream
        self.rest = rest
        stream.set_owner(self.owner)

    def _failed(self, error: OpenError) -> None:
        assert not self.over
        self.error = error


@pytest.fixture
def resolver() -> Resolver:
    """What a tunnel asks for the addresses of names."""
    return Resolver()


@pytest.fixture
def attempt(loop, socket_pair, pump_until, resolver):
    """``attempt(url, host, context)``: a tunnel that was begun, and the proxy's `Peer`."""
    made: list[Try] = []

    def begin(url: str = HTTP, host: str = "example.org", context: ssl.SSLContext | None = None):
        near, far = socket_pair()
        made.append(Try(loop, near, url, host, context, resolver))
        return made[-1], Peer(far, pump_until, client=False)

    yield begin
    for each in made:
        each.below.abort()


@pytest.fixture
def secure_attempt(loop, socket_pair, client_ssl, server_ssl, resolver):
    """A tunnel that was begun by TLS with the proxy, the proxy's stream and that one's owner."""
    near, far = socket_pair()
    proxy_owner = Recorder()
    proxy = TLSStream(SocketStream(loop, far), server_ssl, proxy_owner, server_side=True)
    ours = Try(loop, near, HTTPS, "example.org", client_ssl, resolver)
    yield ours, proxy, proxy_owner
    ours.tunnel.cancel()
    ours.below.abort()
    proxy.abort()


def reset(peer: Peer) -> None:
    reset_on_close(peer.sock)
    peer.sock.close()


# ---- a way that opens


@every_dialogue
def test_the_stream_leads_to_the_server(attempt, pump_until, url, lines):
    ours, proxy = attempt(url)
    for line, answer in zip(lines[::2], lines[1::2], strict=True):
        assert not ours.over
        assert proxy.take(len(line)) == line
        proxy.send(answer)
    pump_until(lambda: ours.over)
    assert ours.stream is ours.below
    assert ours.rest == b""
    ours.stream.write(b"to the server")
    assert proxy.take(13) == b"to the server"
    proxy.send(b"from the server")
    pump_until(lambda: ours.owner.received == b"from the server")
    proxy.sock.close()
    pump_until(lambda: ours.owner.at_eof)


@every_dialogue
def test_what_the_server_says_at_once_comes_along(attempt, pump_until, url, lines):
    ours, proxy = attempt(url)
    for line, answer in zip(lines[::2], lines[1::2], strict=True):
        proxy.take(len(line))
        proxy.send(answer + b"at once" * (answer is lines[-1]))
    pump_until(lambda: ours.over)
    assert ours.rest == b"at once"


def test_a_tunnel_shows_where_it_stands_and_no_password(attempt, pump_until):
    ours, proxy = attempt("http://ann:hunter2@proxy:3128", "::1")
    assert repr(ours.tunnel) == "<ProxyTunnel asking: http://proxy:3128 for [::1]:443>"
    proxy.send(ESTABLISHED)
    pump_until(lambda: ours.over)
    assert repr(ours.tunnel) == "<ProxyTunnel over: http://proxy:3128 for [::1]:443>"


def test_an_open_tunnel_is_held_by_nobody(attempt, pump_until):
    ours, proxy = attempt()
    proxy.send(ESTABLISHED)
    pump_until(lambda: ours.over)
    tunnel = weakref.ref(ours.tunnel)
    del ours.tunnel
    gc.collect()
    assert tunnel() is None


# ---- TLS with the proxy


def test_tls_is_spoken_with_the_proxy_first(secure_attempt, pump_until):
    ours, proxy, proxy_owner = secure_attempt
    pump_until(lambda: proxy_owner.received == CONNECT)
    proxy.write(ESTABLISHED + b"at once")
    pump_until(lambda: ours.over)
    assert isinstance(ours.stream, TLSStream)
    assert ours.rest == b"at once"
    ours.stream.write(b"to the server")
    pump_until(lambda: proxy_owner.received.endswith(b"to the server"))


def test_tls_with_the_server_goes_through_tls_with_the_proxy(
    secure_attempt, pump_until, client_ssl, server_ssl
):
    ours, proxy, proxy_owner = secure_attempt
    pump_until(lambda: proxy_owner.received == CONNECT)
    proxy.write(ESTABLISHED)
    pump_until(lambda: ours.over)
    near, far = Recorder(), Recorder()
    server = TLSStream(proxy, server_ssl, far, server_side=True)
    client = TLSStream(ours.stream, client_ssl, near, server_hostname="localhost")
    client.write(b"hello")
    pump_until(lambda: far.received == b"hello")
    server.write(b"hello yourself")
    pump_until(lambda: near.received == b"hello yourself")
    client.abort()


def test_a_refusal_comes_through_tls_with_its_body(secure_attempt, pump_until):
    ours, proxy, proxy_owner = secure_attempt
    pump_until(lambda: proxy_owner.received == CONNECT)
    proxy.write(b"HTTP/1.1 403 Forbidden\r\n\r\nNot there")
    proxy.close()
    pump_until(lambda: ours.over)
    assert (ours.error.status, ours.error.body) == (403, b"Not there")


def test_an_unknown_authority_is_told(attempt, loop, pump_until, server_ssl):
    ours, peer = attempt(HTTPS, context=ssl.create_default_context())
    theirs = Recorder()
    TLSStream(SocketStream(loop, peer.sock.dup()), server_ssl, theirs, server_side=True)
    peer.sock.close()
    pump_until(lambda: ours.over and theirs.lost)
    assert ours.error.phase == "proxy"
    assert isinstance(ours.error.__cause__, ssl.SSLCertVerificationError)
    assert f"The connection to the proxy {HTTPS} was closed: explained, [SSL: " in str(ours.error)


def test_a_proxy_without_tls_is_told(attempt, pump_until, client_ssl):
    ours, peer = attempt(HTTPS, context=client_ssl)
    peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    pump_until(lambda: ours.over)
    assert isinstance(ours.error.__cause__, ssl.SSLError)


def test_a_cut_within_tls_is_told(secure_attempt, pump_until):
    ours, proxy, proxy_owner = secure_attempt
    pump_until(lambda: proxy_owner.received == CONNECT)
    proxy.socket.shutdown(socket.SHUT_RDWR)
    pump_until(lambda: ours.over)
    assert ours.error.phase == "proxy"
    assert "was closed: explained, " in str(ours.error)


def test_tls_with_the_proxy_needs_a_context(loop, socket_pair):
    stream = SocketStream(loop, socket_pair()[0], Recorder())
    with pytest.raises(ValueError, match="ssl_context: needed for TLS with https://localhost:3129"):
        ProxyTunnel(
            stream, parse_proxy(HTTPS), "example.org", 443, on_open=pytest.fail, on_failed=pytest.fail
        )
    stream.abort()


# ---- who resolves the name


@pytest.mark.parametrize(
    ("url", "addresses", "request_sent"),
    [
        (
            "socks5://proxy",
            ["2001:db8::1", "192.0.2.1"],
            b"\x04\x20\x01\x0d\xb8" + b"\x00" * 11 + b"\x01\x01\xbb",
        ),
        ("socks5://proxy", ["192.0.2.1", "2001:db8::1"], b"\x01\xc0\x00\x02\x01\x01\xbb"),
    ],
)
def test_socks5_resolves_here_on_another_thread(attempt, pump_until, resolver, url, addresses, request_sent):
    resolver["example.org"] = addresses
    ours, proxy = attempt(url)
    assert proxy.take(3) == b"\x05\x01\x00"
    assert resolver.threads.pop() is not threading.current_thread()
    proxy.send(b"\x05\x00")
    assert proxy.take(3 + len(request_sent)) == b"\x05\x01\x00" + request_sent
    proxy.send(GRANTED_BY_5)
    pump_until(lambda: ours.over)
    assert ours.stream is ours.below


def test_socks4_takes_the_first_ipv4_address(attempt, resolver):
    resolver["example.org"] = ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
    _, proxy = attempt("socks4://proxy")
    assert proxy.take(9) == b"\x04\x01\x01\xbb\xc0\x00\x02\x01\x00"


@pytest.mark.parametrize(
    ("url", "host"), [("socks4://proxy", "example.org"), ("socks4a://proxy", "2001:db8::1")]
)
def test_socks4_says_that_it_knows_no_ipv6(attempt, pump_until, resolver, url, host):
    resolver["example.org"] = ["2001:db8::1"]
    ours, _ = attempt(url, host)
    pump_until(lambda: ours.over)
    assert ours.error.phase == "proxy"
    assert f"cannot connect to {host}: SOCKS4 does not support IPv6" in str(ours.error)


def test_a_name_that_cannot_be_resolved_here_is_told(attempt, pump_until, resolver):
    ours, proxy = attempt("socks5://proxy")
    pump_until(lambda: ours.over)
    assert ours.error.phase == "resolve"
    assert "cannot resolve 'example.org'" in str(ours.error)
    proxy.wait_for_end()
    assert not proxy.received


@pytest.mark.parametrize("url", ["socks4a://proxy", "socks5h://proxy"])
def test_an_address_needs_no_resolver(attempt, resolver, url):
    _, proxy = attempt(url, "192.0.2.1")
    assert proxy.take(3)[0] == int(url[5])
    assert not resolver.threads


# ---- a way that does not open


@pytest.mark.parametrize(
    ("url", "answer", "words"),
    [
        (HTTP, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nNope", "403 Forbidden"),
        (HTTP, b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n", "a user and a password"),
        (HTTP, b"220 mail.example ESMTP\r\n\r\n", "does not speak HTTP"),
        ("socks5h://proxy", b"\x05\xff", "a user and a password"),
        ("socks5h://proxy", b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SOCKS"),
        ("socks4a://proxy", b"\x00\x5b\x00\x00\x00\x00\x00\x00", "rejected or failed"),
    ],
)
def test_a_refusal_is_told_once_and_the_stream_closed(attempt, pump_until, url, answer, words):
    ours, proxy = attempt(url)
    proxy.send(answer)
    pump_until(lambda: ours.over)
    assert ours.error.phase == "proxy"
    assert words in str(ours.error)
    assert ours.below.closed
    proxy.wait_for_end()
    ours.tunnel.connection_lost(None)  # which the stream tells, and which is no news


@pytest.mark.parametrize("url", [*DIALOGUES, HTTPS])
def test_an_end_without_an_answer_is_told(attempt, pump_until, url, client_ssl):
    ours, proxy = attempt(url, context=client_ssl)
    proxy.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: ours.over)
    assert ours.error.phase == "proxy"
    assert "proxy" in str(ours.error)


def test_an_end_that_ends_a_body_is_told_as_the_answer(attempt, pump_until):
    ours, proxy = attempt()
    proxy.send(b"HTTP/1.0 503 Busy\r\nRetry-After: 7\r\n\r\nLater")
    proxy.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: ours.over)
    assert (ours.error.status, ours.error.headers["Retry-After"], ours.error.body) == (503, "7", b"Later")


@pytest.mark.parametrize("url", [*DIALOGUES, HTTPS])
def test_a_reset_is_told_with_its_cause(attempt, pump_until, url, client_ssl):
    ours, proxy = attempt(url, context=client_ssl)
    reset(proxy)
    pump_until(lambda: ours.over)
    assert ours.error.phase == "proxy"
    assert isinstance(ours.error.__cause__, OSError)
    assert ours.error.__cause__.errno in (errno.ECONNRESET, errno.EPIPE)
    assert str(ours.error).startswith("The connection to the proxy ")


# ---- cancelling


@every_dialogue
def test_a_cancel_at_any_moment_is_silent(attempt, pump_until, url, lines):
    for heard in range(len(lines) // 2):
        ours, proxy = attempt(url)
        for line, answer in zip(lines[: 2 * heard : 2], lines[1 : 2 * heard : 2], strict=True):
            proxy.take(len(line))
            proxy.send(answer)
        proxy.take(len(lines[2 * heard]))
        ours.tunnel.cancel()
        ours.tunnel.cancel()
        proxy.wait_for_end()
        assert not ours.over


def test_a_cancel_while_tls_is_agreed_on_is_silent(attempt, client_ssl):
    ours, proxy = attempt(HTTPS, context=client_ssl)
    proxy.take(5)
    ours.tunnel.cancel()
    proxy.wait_for_end()
    assert not ours.over


def test_a_cancel_while_a_name_is_resolved_is_silent(attempt, resolver):
    resolver["example.org"] = ["192.0.2.1"]
    ours, proxy = attempt("socks5://proxy")
    ours.tunnel.cancel()
    proxy.wait_for_end()
    assert not ours.over
    assert not proxy.received


def test_a_cancel_when_it_is_open_does_no_harm(attempt, pump_until):
    ours, proxy = attempt()
    proxy.send(ESTABLISHED)
    pump_until(lambda: ours.over)
    ours.tunnel.cancel()
    ours.stream.write(b"still there")
    proxy.take_until(b"still there")


def test_what_the_stream_never_asks_for_is_refused(attempt):
    ours, _ = attempt()
    ours.tunnel.pause_writing()
    ours.tunnel.resume_writing()
    with pytest.raises(AssertionError, match="get_buffer"):
        ours.tunnel.buffer_updated(1)
