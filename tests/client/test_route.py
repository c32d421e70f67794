"""Where `tkws.open` connects to, from where, by which name in TLS, and what it says of itself on the way."""

from __future__ import annotations

import socket
import ssl
import sys

import pytest

import tkws
import tkws.aio
from tests.client.test_proxies import ESTABLISHED, Played
from tests.peers import Log
from tkws.http.answers import USER_AGENT

AGENT = f"User-Agent: {USER_AGENT}\r\n".encode()


@pytest.fixture
def proxy(peers) -> Played:
    return Played(peers.listen())


# ---- connect_to


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.test", "Elsewhere.TEST."])
def test_each_attempt_connects_to_it(notifier, root, peers, log, pump_until, system_resolver, host):
    system_resolver["elsewhere.test"] = system_resolver["elsewhere.test."] = ["127.0.0.1"]
    listening = peers.listen()
    rule = tkws.Backoff(initial=0.001)
    ws = tkws.open(
        "ws://server.test:99/feed", log, master=root, connect_to=(host, listening.port), reconnect=rule
    )
    for number in (1, 2):
        peer = listening.accept()
        assert b"\r\nHost: server.test:99\r\n" in peer.accept()
        pump_until(lambda number=number: log.types.count("connect") == number)
        assert (ws.url, ws.peername) == ("ws://server.test:99/feed", ("127.0.0.1", listening.port))
        peer.sock.close()
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


def test_a_name_that_is_unknown(root, log, pump_until, system_resolver):
    tkws.open("ws://127.0.0.1:9/", log, master=root, connect_to=("nowhere.test", 80))
    pump_until(lambda: log.over)
    assert log.one("error").phase == "resolve"
    assert "cannot resolve 'nowhere.test'" in str(log.one("error"))


def test_a_proxy_is_asked_for_it(root, log, pump_until, proxy):
    tkws.open("ws://server.test/", log, master=root, proxy=proxy.place, connect_to=("Other.test", 99))
    server = proxy.answer(ESTABLISHED)
    assert proxy.asked.startswith(b"CONNECT other.test:99 HTTP/1.1\r\nHost: other.test:99\r\n")
    assert b"\r\nHost: server.test\r\n" in server.accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_an_address_of_ipv6(root, log, proxy):
    tkws.open("ws://server.test/", log, master=root, proxy=proxy.place, connect_to=("::1", 99))
    proxy.answer(b"HTTP/1.1 503 X\r\n\r\n")
    assert proxy.asked.startswith(b"CONNECT [::1]:99 HTTP/1.1\r\n")


@pytest.mark.parametrize(("url", "to"), [("ws://server.test/", "here"), ("here", ("server.test", 80))])
def test_no_proxy_is_about_it(root, peers, log, pump_until, proxy, monkeypatch, url, to):
    """This machine is reached directly: where the connection leads to decides, not the name in the URL."""
    monkeypatch.setenv("all_proxy", proxy.place)
    for name in ("ws_proxy", "socks_proxy", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    listening = peers.listen()
    to = ("127.0.0.1", listening.port) if to == "here" else to
    tkws.open(listening.url if url == "here" else url, log, master=root, connect_to=to)
    if to == ("server.test", 80):
        proxy.answer(ESTABLISHED).accept()
        assert proxy.asked.startswith(b"CONNECT server.test:80 ")
    else:
        listening.accept().accept()
    pump_until(lambda: log.open)
    log.ws.close()


@pytest.mark.parametrize("location", ["/there", "ws://server.test:80/there"])
def test_a_redirect_within_the_server_goes_there_again(root, peers, log, pump_until, location):
    listening = peers.listen()
    to = ("127.0.0.1", listening.port)
    tkws.open("ws://server.test/", log, master=root, connect_to=to)
    peer = listening.accept()
    peer.take_until()
    peer.send(f"HTTP/1.1 307 X\r\nLocation: {location}\r\n\r\n".encode())
    assert listening.accept().accept().startswith(b"GET /there ")
    pump_until(lambda: log.open)
    log.ws.close()


def test_a_redirect_elsewhere_is_not_followed(root, peers, log, pump_until):
    listening, elsewhere = peers.listen(), peers.listen()
    tkws.open("ws://server.test/", log, master=root, connect_to=("127.0.0.1", listening.port))
    peer = listening.accept()
    peer.take_until()
    peer.send(f"HTTP/1.1 307 X\r\nLocation: {elsewhere.url}\r\n\r\n".encode())
    pump_until(lambda: log.over)
    assert "than http://server.test, to which connect_to leads" in str(log.one("error"))
    assert not elsewhere.waiting()


# ---- server_hostname


def test_tls_asks_for_it_and_checks_it(root, log, pump_until, server_ssl, client_ssl):
    asked = []
    server_ssl.sni_callback = lambda sock, name, context: asked.append(name)
    server = tkws.serve(master=root, ssl=server_ssl, handler=Log(), hosts=["*"])
    url = f"wss://other.test:{server.port}/"
    hosts = {"ssl": client_ssl, "connect_to": ("127.0.0.1", server.port)}
    ws = tkws.open(url, log, master=root, server_hostname="LocalHost.", **hosts)
    pump_until(lambda: log.open)
    assert asked == ["localhost"]
    assert ws.tls.version.startswith("TLS")
    ws.close()
    pump_until(lambda: log.over)

    wrong = Log()
    tkws.open(url, wrong, master=root, **hosts)
    pump_until(lambda: wrong.over)
    assert wrong.one("error").phase == "tls"
    assert isinstance(wrong.one("error").__cause__, ssl.SSLCertVerificationError)
    assert asked == ["localhost", "other.test"]

    unlike = Log()
    tkws.open(server.url, unlike, master=root, ssl=client_ssl, server_hostname="other.test")
    pump_until(lambda: unlike.over)
    assert isinstance(unlike.one("error").__cause__, ssl.SSLCertVerificationError)


def test_on_a_socket_of_the_programs(root, log, pump_until, server_ssl, client_ssl):
    server = tkws.serve(master=root, ssl=server_ssl, handler=Log(), hosts=["*"])
    sock = socket.create_connection(("127.0.0.1", server.port))
    names = {"ssl": client_ssl, "server_hostname": "localhost"}
    tkws.open("wss://other.test/", log, master=root, sock=sock, **names)
    pump_until(lambda: log.open)
    assert log.ws.request.headers["Host"] == "other.test"
    log.ws.close()


def test_a_url_made_later_needs_tls_for_it(root, log, pump_until, callback_errors):
    tkws.open(lambda: "ws://127.0.0.1:1/", log, master=root, server_hostname="localhost")
    pump_until(lambda: log.over)
    assert "is not a wss: URL, and there is an argument server_hostname" in str(log.one("error"))
    callback_errors.clear()


# ---- local_addr


def test_it_connects_from_there(notifier, root, peers, log, pump_until):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, local_addr=("127.0.0.1", 0))
    listening.accept().accept()
    pump_until(lambda: log.open)
    assert ws.sockname[0] == "127.0.0.1"
    ws.close()


@pytest.mark.skipif(sys.platform != "linux", reason="one loopback address only")
def test_another_address_of_this_machine(root, peers, log, pump_until):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, local_addr=("127.0.0.2", 0))
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    assert ws.sockname[0] == peer.sock.getpeername()[0] == "127.0.0.2"
    ws.close()


def test_each_attempt_comes_from_the_same_port(root, peers, log, pump_until):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    listening = peers.listen()
    rule = tkws.Backoff(initial=0.001, retry=lambda cause: True)
    ws = tkws.open(
        listening.url, log, master=root, local_addr=("127.0.0.1", port), reconnect=rule, timeout=60
    )
    for number in (1, 2):
        peer = listening.accept()
        peer.accept()
        pump_until(lambda number=number: log.types.count("connect") == number)
        assert ws.sockname == ("127.0.0.1", port)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.sock.close()
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


@pytest.mark.parametrize(
    ("local_addr", "why"),
    [(("192.0.2.1", 0), "from 192.0.2.1:0"), (("::1", 0), r"not to be reached from [::1]:0")],
)
def test_an_address_that_cannot_be_used_is_an_event(root, peers, log, pump_until, local_addr, why):
    listening = peers.listen()
    tkws.open(listening.url, log, master=root, local_addr=local_addr)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    error = log.one("error")
    assert error.phase == "connect"
    assert f"cannot connect to 127.0.0.1:{listening.port} ({why}" in str(error)
    assert isinstance(error.__cause__, OSError)
    assert not listening.waiting()


def test_the_family_of_it_decides_which_address_is_tried(root, peers, log, pump_until, system_resolver):
    system_resolver["both.test"] = ["::1", "127.0.0.1"]
    listening = peers.listen()
    tkws.open(f"ws://both.test:{listening.port}/", log, master=root, local_addr=("127.0.0.1", 0))
    listening.accept().accept()
    pump_until(lambda: log.open)
    log.ws.close()


def test_the_connection_to_a_proxy_comes_from_there(root, log, pump_until, proxy):
    tkws.open("ws://server.test/", log, master=root, proxy=proxy.place, local_addr=("127.0.0.1", 0))
    proxy.answer(ESTABLISHED).accept()
    pump_until(lambda: log.open)
    log.ws.close()


# ---- user_agent and proxy_headers


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, AGENT),
        ({"user_agent": "monitor/2 (kitchen)"}, b"User-Agent: monitor/2 (kitchen)\r\n"),
        ({"user_agent": None}, b""),
        ({"user_agent": "a", "headers": {"user-agent": "b"}}, b"user-agent: b\r\n"),
        ({"user_agent": ""}, b"User-Agent: \r\n"),
    ],
)
def test_the_name_that_the_client_gives_itself(root, peers, log, pump_until, arguments, said):
    listening = peers.listen()
    tkws.open(listening.url, log, master=root, **arguments)
    request = listening.accept().accept()
    assert said in request
    assert request.lower().count(b"user-agent") == bool(said)
    pump_until(lambda: log.open)
    log.ws.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, [AGENT]),
        ({"user_agent": "monitor/2"}, [b"User-Agent: monitor/2\r\n"]),
        ({"user_agent": None}, []),
        ({"proxy_headers": {"user-agent": "p", "X-Desk": "9"}}, [b"user-agent: p\r\n", b"X-Desk: 9\r\n"]),
        ({"proxy_headers": iter([("X", "1"), ("X", "2")])}, [AGENT, b"X: 1\r\nX: 2\r\n"]),
    ],
)
def test_what_a_proxy_is_told_and_the_server_is_not(root, log, pump_until, proxy, arguments, said):
    tkws.open("ws://server.test/", log, master=root, proxy=proxy.place, **arguments)
    request = proxy.answer(ESTABLISHED).accept()
    assert all(fields in proxy.asked for fields in said)
    assert proxy.asked.lower().count(b"user-agent") == (
        "user_agent" not in arguments or b"monitor" in proxy.asked
    )
    assert b"X-Desk" not in request
    assert b"X: 1" not in request
    pump_until(lambda: log.open)
    log.ws.close()


def test_a_token_for_the_proxy_goes_before_the_password(root, peers, log, pump_until):
    listening = peers.listen()
    proxy = Played(listening)
    rule = tkws.Backoff(initial=0.001)
    headers = {"proxy-authorization": "Bearer t0ken"}
    url = f"http://ann:secret@{proxy.place}"
    tkws.open("ws://server.test/", log, master=root, proxy=url, proxy_headers=headers, reconnect=rule)
    for number in (1, 2):  # each attempt
        server = proxy.answer(ESTABLISHED)
        server.accept()
        assert proxy.asked.lower().count(b"proxy-authorization") == 1
        assert b"proxy-authorization: Bearer t0ken\r\n" in proxy.asked
        pump_until(lambda number=number: log.types.count("connect") == number)
        server.sock.close()
    log.ws.close()
    pump_until(lambda: log.ws.state is tkws.State.CLOSED)


# ---- mistakes, and awaited

URL = "wss://localhost/"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        *[
            ({name: value}, TypeError, rf"{name}: a pair \(host, port\), not ")
            for name in ("connect_to", "local_addr")
            for value in ("localhost:80", b"x", 5, {"localhost": 80}, {"a", "b"}, object())
        ],
        *[
            ({name: value}, ValueError, rf"{name}: a pair \(host, port\), not {len(value)} items?$")
            for name in ("connect_to", "local_addr")
            for value in ((), ("localhost",), ("::1", 80, 0, 0), [1, 2, 3])
        ],
        *[({name: (5, 80)}, TypeError, f"{name}: str, not int") for name in ("connect_to", "local_addr")],
        *[
            ({name: ("127.0.0.1", port)}, kind, f"{name}: ")
            for name in ("connect_to", "local_addr")
            for port, kind in [("80", TypeError), (True, TypeError), (None, TypeError), (80.0, TypeError)]
            + [(-1, ValueError), (65536, ValueError), (10**400, ValueError)]
        ],
        ({"connect_to": ("127.0.0.1", 0)}, ValueError, "connect_to: 1 to 65535, not 0"),
        *[
            ({"connect_to": (host, 80)}, ValueError, "connect_to: ")
            for host in ("", "a b", "u@h", "h:80", "[::1]", "a/b", "\0", "x" * 300, "a..b", "\ud800", "%zz")
        ],
        *[
            ({"local_addr": (host, 0)}, ValueError, "local_addr: a numeric address of this machine")
            for host in ("", "localhost", "eth0", "127.0.0.1:80", "\0", "\ud800", "x" * 70000)
        ],
        ({"connect_to": ("localhost", 80), "unix": "/x"}, ValueError, "connect_to, unix, sock: only one"),
        ({"local_addr": ("127.0.0.1", 0), "unix": "/x"}, ValueError, "local_addr, unix, sock: only one"),
        *[({"server_hostname": name}, TypeError, "server_hostname: str, not ") for name in (5, b"x", ["x"])],
        *[
            ({"server_hostname": name}, ValueError, "server_hostname: ")
            for name in ("", ".", "a b", "u@h", "h:443", "*.example.org", "\0", "x" * 300)
        ],
        (
            {"url": "ws://localhost/", "server_hostname": "x"},
            ValueError,
            "server_hostname: ws://localhost/ is not a wss: URL",
        ),
        *[({"user_agent": name}, TypeError, "user_agent: str, not ") for name in (5, b"x", False)],
        *[({"user_agent": name}, ValueError, "user_agent: ") for name in ("a\r\nb", "\0", "\u20ac")],
        *[({"proxy_headers": value}, TypeError, "proxy_headers: ") for value in (None, 5, "abc", {"X": 5})],
        *[
            ({"proxy_headers": {name: "1"}}, ValueError, f"proxy_headers: .*{name}")
            for name in ("Host", "hOST", "Content-Length", "Transfer-Encoding", "a b")
        ],
        ({"proxy_headers": {"X": "a\nb"}}, ValueError, "proxy_headers: the value of X"),
    ],
)
def test_a_mistake_raises_at_the_call(root, arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        tkws.open(**{"url": URL, "handler": print, "master": root, **arguments})
    assert tkws.find() == []


@pytest.mark.parametrize("name", ["connect_to", "local_addr"])
def test_a_socket_excludes_them(root, peers, name):
    near, _ = peers.sockets()
    with pytest.raises(ValueError, match=f"^{name}, unix, sock: only one of them"):
        tkws.open(URL, print, master=root, sock=near, **{name: ("127.0.0.1", 80)})
    near.close()


def test_awaited(root):
    async def greet(connection):
        await connection.send(str(sorted(connection.request.headers.items())))

    async def main():
        async with tkws.aio.serve(greet) as server:
            async with tkws.aio.connect(
                "ws://localhost:1/",
                connect_to=("127.0.0.1", server.port),
                local_addr=("127.0.0.1", 0),
                user_agent_header="kitchen",
            ) as ws:
                heard = await ws.recv()
            with pytest.raises(TypeError, match="^connect_to: a pair"):
                await tkws.aio.connect("ws://localhost/", connect_to="localhost")
            return heard

    heard = tkws.aio.run(main(), master=root)
    assert "('Host', 'localhost:1')" in heard
    assert "('User-Agent', 'kitchen')" in heard
