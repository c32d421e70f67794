"""`tkws.open` through proxies that are played by hand: which one, what comes of it, and in which phase."""

from __future__ import annotations

import socket
import ssl
import sys

import pytest

import tkws
from tests.peers import Log, Peer
from tkws.testing import FakeClock

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("environment")]

ESTABLISHED = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def refused_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class Played:
    """A proxy played by hand.

    Attributes:
        place: Its host and port.
        asked: What it was asked.
    """

    def __init__(self, listening) -> None:
        self.place = f"127.0.0.1:{listening.port}"
        self.asked = b""
        self._listening = listening

    def answer(self, answer: bytes) -> Peer:
        """Waits for a CONNECT and answers it."""
        peer = self._listening.accept()
        self.asked = peer.take_until()
        peer.send(answer)
        return peer


@pytest.fixture
def proxy(peers) -> Played:
    return Played(peers.listen())


def begin(root, url: str, **options) -> Log:
    tkws.open(url, log := Log(), master=root, **options)
    return log


def failure(log: Log, pump_until, type: str = "error") -> tkws.OpenError:
    """What an opening failed by."""
    pump_until(lambda: log.over)
    assert log.types == [type, "disconnect"]
    return log.one(type)


# ---- which proxy


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_given_proxy_is_gone_through_even_to_this_machine(root, pump_until, proxy, scheme):
    log = begin(root, "ws://127.0.0.1:9/", proxy=f"{scheme}ann:p%40w@{proxy.place}")
    server = proxy.answer(ESTABLISHED)
    assert proxy.asked.startswith(b"CONNECT 127.0.0.1:9 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n")
    assert b"Proxy-Authorization: Basic YW5uOnBAdw==\r\n" in proxy.asked
    assert b"Proxy-Authorization" not in server.accept()
    pump_until(lambda: log.open)
    server.text("through")
    pump_until(lambda: log.all("text") == ["through"])
    log.ws.close()
    server.hear()
    server.bye()
    server.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]


def test_the_environment_names_a_proxy(root, pump_until, proxy, environment, system_resolver):
    environment.setenv("all_proxy", proxy.place)
    log = begin(root, "ws://server.test/")
    proxy.answer(ESTABLISHED).accept()
    assert proxy.asked.startswith(b"CONNECT server.test:80 ")
    pump_until(lambda: log.open)
    log.ws.close()


@pytest.mark.parametrize("setting", [None, False])
def test_no_proxy_at_all(root, pump_until, peers, environment, system_resolver, refused_port, setting):
    environment.setenv("all_proxy", f"127.0.0.1:{refused_port}")
    system_resolver["server.test"] = ["127.0.0.1"]
    server = peers.listen()
    log = begin(root, f"ws://server.test:{server.port}/", proxy=setting)
    server.accept().accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_an_exception_in_the_environment(root, pump_until, peers, environment, system_resolver, refused_port):
    environment.setenv("all_proxy", f"127.0.0.1:{refused_port}")
    environment.setenv("no_proxy", ".test")
    system_resolver["server.test"] = ["127.0.0.1"]
    server = peers.listen()
    log = begin(root, f"ws://server.test:{server.port}/")
    server.accept().accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_this_machine_is_reached_directly(root, pump_until, peers, environment, refused_port):
    environment.setenv("all_proxy", f"127.0.0.1:{refused_port}")
    server = peers.listen()
    log = begin(root, server.url)
    server.accept().accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_a_socket_is_used_as_it_is(root, pump_until, peers, environment, refused_port):
    environment.setenv("all_proxy", f"127.0.0.1:{refused_port}")
    near, far = peers.sockets()
    log = begin(root, "ws://server.test/", sock=near)
    Peer(far, pump_until, client=False).accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_a_redirect_goes_through_the_same_proxy(root, pump_until, proxy):
    log = begin(root, "ws://one.test/", proxy=f"http://{proxy.place}")
    first = proxy.answer(ESTABLISHED)
    first.take_until()
    first.send(b"HTTP/1.1 302 Found\r\nLocation: http://two.test/\r\nContent-Length: 0\r\n\r\n")
    second = proxy.answer(ESTABLISHED)
    assert proxy.asked.startswith(b"CONNECT two.test:80 ")
    second.accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_a_redirect_to_where_the_environment_is_wrong(root, pump_until, peers, environment):
    environment.setenv("all_proxy", "ftp://ann:hunter2@proxy")
    server = peers.listen()
    log = begin(root, server.url)
    peer = server.accept()
    peer.take_until()
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: http://two.test/\r\nContent-Length: 0\r\n\r\n")
    error = failure(log, pump_until)
    assert error.phase == "proxy"
    assert "in all_proxy of the environment" in str(error)
    assert "hunter2" not in str(error)


# ---- mistakes


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"proxy": "ftp://proxy"}, ValueError, "proxy: "),
        ({"proxy": ""}, ValueError, "proxy: "),
        ({"proxy": 3128}, TypeError, "proxy: "),
        ({"proxy": "http://proxy", "unix": "/run/socket"}, ValueError, "proxy, unix, sock: only one"),
        ({"proxy": "http://proxy", "sock": object()}, ValueError, "proxy, unix, sock: only one"),
        ({"proxy_ssl": True}, TypeError, "proxy_ssl: "),
    ],
)
def test_a_mistake_raises_at_the_call(root, options, error, words):
    with pytest.raises(error, match=words):
        begin(root, "ws://server.test/", **options)


@pytest.mark.parametrize(
    "setting", ["http://ann:hunter2@proxy:port", "ftp://proxy", "http://", "http://%ff@proxy", "http://a b"]
)
@pytest.mark.parametrize("reconnect", [False, True])
def test_a_mistake_in_the_environment_is_an_event(root, pump_until, environment, setting, reconnect):
    environment.setenv("https_proxy", setting)
    error = failure(begin(root, "wss://server.test/", reconnect=reconnect), pump_until)
    assert error.phase == "proxy"
    assert "https_proxy of the environment" in str(error)
    assert "hunter2" not in str(error)


def test_socks_in_the_environment_without_the_extra_is_an_event(root, pump_until, environment):
    environment.setitem(sys.modules, "socksio", None)
    environment.setenv("all_proxy", "socks5h://proxy")
    error = failure(begin(root, "ws://server.test/", reconnect=True), pump_until)
    assert "tkws[socks]" in str(error)


def test_socks_without_the_extra_raises_at_the_call(root, environment):
    environment.setitem(sys.modules, "socksio", None)
    with pytest.raises(ImportError, match=r"tkws\[socks\]"):
        begin(root, "ws://server.test/", proxy="socks5h://proxy")


# ---- what goes wrong


def test_a_proxy_that_nobody_runs(root, pump_until, refused_port):
    place = f"http://127.0.0.1:{refused_port}"
    error = failure(begin(root, "ws://server.test/", proxy=place), pump_until)
    assert error.phase == "proxy"
    assert str(error).startswith(f"Cannot reach the proxy {place}: cannot connect to ")


def test_a_proxy_whose_name_is_unknown(root, pump_until, system_resolver):
    error = failure(begin(root, "ws://server.test/", proxy="http://proxy.test"), pump_until)
    assert error.phase == "proxy"
    assert str(error).startswith("Cannot reach the proxy http://proxy.test:80: cannot resolve 'proxy.test'")


def test_a_refusal_has_status_headers_and_body(root, pump_until, proxy):
    log = begin(root, "ws://server.test/", proxy=proxy.place)
    proxy.answer(b"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 5\r\n\r\nLater")
    error = failure(log, pump_until)
    assert (error.phase, error.status, error.body) == ("proxy", 503, b"Later")
    assert error.headers["retry-after"] == "9"


def test_a_name_that_socks5_has_resolved_here(root, pump_until, peers, system_resolver):
    listening = peers.listen()
    log = begin(root, "ws://server.test/", proxy=f"socks5://127.0.0.1:{listening.port}")
    listening.accept()
    error = failure(log, pump_until)
    assert error.phase == "resolve"


@pytest.mark.parametrize("scheme", ["http", "https", "socks4a", "socks5", "socks5h"])
def test_a_silent_proxy_is_told_by_the_timeout(root, pump_until, peers, system_resolver, scheme):
    system_resolver["server.test"] = ["192.0.2.1"]
    listening, clock = peers.listen(), FakeClock(root)
    log = begin(root, "ws://server.test/", proxy=f"{scheme}://127.0.0.1:{listening.port}", timeout=60)
    peer = listening.accept()
    peer.take(1)
    clock.advance(60)
    error = failure(log, pump_until, "timeout")
    assert error.phase == "proxy"
    assert str(error).endswith("passed while finding a way through the proxy")
    peer.wait_for_end()


@pytest.mark.parametrize("scheme", ["http", "https", "socks4a", "socks5h"])
def test_a_close_while_the_proxy_is_silent(root, pump_until, peers, scheme):
    listening = peers.listen()
    log = begin(root, "ws://server.test/", proxy=f"{scheme}://127.0.0.1:{listening.port}")
    peer = listening.accept()
    peer.take(1)
    ws = tkws.find("server.test")[0]
    ws.close()
    peer.wait_for_end()
    pump_until(lambda: log.over)
    assert log.types.count("disconnect") == 1


# ---- the server behind it


def test_what_a_plain_server_says_at_once_is_its_own(root, pump_until, proxy):
    log = begin(root, "ws://server.test/", proxy=proxy.place)
    proxy.answer(ESTABLISHED + b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nBusy")
    error = failure(log, pump_until)
    assert (error.phase, error.status, error.body) == ("handshake", 503, b"Busy")


def test_what_a_server_of_tls_says_at_once_is_its_own(root, pump_until, proxy):
    log = begin(root, "wss://server.test/", proxy=proxy.place, ssl=ssl.create_default_context())
    proxy.answer(ESTABLISHED + b"HTTP/1.1 400 Bad Request\r\n\r\n")
    error = failure(log, pump_until)
    assert error.phase == "tls"
    assert isinstance(error.__cause__, ssl.SSLError)


def test_the_default_context_is_loaded_for_the_proxy_too(root, pump_until, peers):
    listening = peers.listen()
    log = begin(root, "ws://server.test/", proxy=f"https://127.0.0.1:{listening.port}")
    hello = listening.accept()
    assert hello.take(1) == b"\x16"
    hello.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    error = failure(log, pump_until)
    assert error.phase == "proxy"
    assert "The proxy does not speak TLS on this port: use http: or another port" in str(error)
