"""Credentials, tokens and cookies are said nowhere: not in a log, not in an error, not in a `repr`.

Each way in which an opening can fail is taken with secrets in every place where one can be, at the log level
``debug``; then all that a program could have printed is searched for them.
"""

from __future__ import annotations

import base64
from http.cookiejar import CookieJar

import pytest

import tkws
from tests.hostile.conftest import said
from tests.peers import KEY, Log
from tkws.net.proxyurl import parse_proxy
from tkws.protocol.uri import parse_uri

pytestmark = pytest.mark.thorough

PASSWORD, TOKEN, COOKIE, BEARER, PROXY = "Passw0rd", "T0ken", "C00kie", "Bear3r", "Pr0xy"
SECRETS = (PASSWORD, TOKEN, COOKIE, BEARER, PROXY)
ENCODED = tuple(base64.b64encode(f"user:{secret}".encode()).decode() for secret in (PASSWORD, PROXY))

HEADERS = {"Cookie": f"id={COOKIE}", "X-Trace": "1"}


def tell_tale(shown: str) -> list[str]:
    """The secrets in a text."""
    return [secret for secret in SECRETS + ENCODED if secret in shown]


def secret_url(port: int, scheme: str = "ws") -> str:
    return f"{scheme}://user:{PASSWORD}@127.0.0.1:{port}/feed?token={TOKEN}"


@pytest.fixture
def failing(root, pump_until, overheard, capfd):
    """Opens, lets ``meanwhile`` play the other end, and searches all that was told for secrets."""

    def failing(url: str, meanwhile=lambda: None, **options) -> BaseException:
        log = Log()
        headers = options.pop("headers", HEADERS)
        ws = tkws.open(url, log, master=root, headers=headers, **options)
        shown = said(ws)
        meanwhile()
        pump_until(lambda: log.over)
        shown += said(ws) + "".join(said(message) for _, message in log.events) + said(ws.request)
        shown += "".join(overheard) + "".join(capfd.readouterr())
        assert tell_tale(shown) == []
        return log.events[0][1]

    return failing


ANSWERS = {
    "refused": f"HTTP/1.1 401 Unauthorized\r\nSet-Cookie: id={COOKIE}\r\nContent-Length: 0\r\n\r\n",
    "not HTTP": "SSH-2.0-OpenSSH\r\n",
    "a wrong accept": (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {KEY}\r\nSet-Cookie: id={COOKIE}\r\n\r\n"
    ),
    "an end": "",
    "a redirect to nowhere": (
        f"HTTP/1.1 302 Found\r\nLocation: ftp://user:{PASSWORD}@127.0.0.1/?token={TOKEN}\r\n"
        "Content-Length: 0\r\n\r\n"
    ),
    "a redirect that cannot be read": (
        f"HTTP/1.1 302 Found\r\nLocation: ws://user:{PASSWORD}/x@127.0.0.1/?token={TOKEN}\r\n"
        "Content-Length: 0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_no_websocket(peers, failing, answer):
    listening = peers.listen()

    def reply():
        peer = listening.accept()
        head = peer.take_until().decode()
        assert set(tell_tale(head)) == {TOKEN, COOKIE, ENCODED[0]}  # they were sent, to the server
        peer.send(answer.encode())
        peer.sock.close()

    assert isinstance(failing(secret_url(listening.port), reply, cookies=CookieJar()), tkws.OpenError)


def test_nobody_there(peers, failing):
    listening = peers.listen()
    listening.sock.close()
    error = failing(secret_url(listening.port))
    assert error.phase == "connect"


def test_a_name_that_is_none(failing):
    error = failing(f"ws://user:{PASSWORD}@nobody.invalid/?token={TOKEN}")
    assert error.phase == "resolve"


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_silence(peers, failing, client_ssl, scheme):
    options = {"ssl": client_ssl} if scheme == "wss" else {}
    error = failing(secret_url(peers.listen().port, scheme), timeout=0.05, **options)
    assert isinstance(error, tkws.OpenTimeout)
    assert "/feed" in str(error)


def test_a_server_that_speaks_no_tls(root, failing, client_ssl):
    server = tkws.serve(master=root)
    assert failing(secret_url(server.port, "wss"), ssl=client_ssl).phase == "tls"
    server.close()


def test_a_certificate_of_somebody_else(root, failing, server_ssl):
    server = tkws.serve(master=root, ssl=server_ssl)
    assert failing(secret_url(server.port, "wss")).phase == "tls"
    server.close()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", b"\x05\xff", b""])
def test_a_proxy_that_refuses(peers, failing, scheme, answer):
    listening = peers.listen()

    def reply():
        peer = listening.accept()
        peer.take(3)
        peer.send(answer)
        peer.sock.close()

    error = failing(secret_url(80), reply, proxy=f"{scheme}://user:{PROXY}@127.0.0.1:{listening.port}")
    assert error.phase == "proxy"


def test_a_proxy_that_is_not_there(peers, failing):
    listening = peers.listen()
    listening.sock.close()
    error = failing(secret_url(80), proxy=f"http://user:{PROXY}@127.0.0.1:{listening.port}")
    assert error.phase == "proxy"


def test_an_opening_that_is_given_up(root, peers, pump_until, overheard):
    log = Log()
    ws = tkws.open(secret_url(peers.listen().port), log, master=root, headers=HEADERS)
    ws.close()
    pump_until(lambda: log.over)
    assert tell_tale(said(ws) + said(log.events) + "".join(overheard)) == []


@pytest.mark.parametrize(
    "url",
    [
        f"ws://user:{PASSWORD}/x@127.0.0.1/",
        f"ws://user:{PASSWORD}?x@127.0.0.1/",
        f"ws://user:{PASSWORD}#x@127.0.0.1/",
        f"ws://user:{PASSWORD}\n@127.0.0.1/",
        f"ws://user%3A:{PASSWORD}@127.0.0.1/",
        f"ws://user:{PASSWORD}%ff@127.0.0.1/",
        f"ws://user:{PASSWORD}@[/?token={TOKEN}",
        f"ws://user:{PASSWORD}@127.0.0.1:port/?token={TOKEN}",
        f"ws://user:{PASSWORD}@a..b/?token={TOKEN}",
        f"ftp://user:{PASSWORD}@127.0.0.1/?token={TOKEN}",
    ],
)
def test_a_url_that_is_refused(root, url):
    with pytest.raises(tkws.URLError) as caught:
        tkws.open(url, print, master=root)
    assert tell_tale(f"{caught.value}{caught.value!r}") == []


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": f"Bearer {BEARER}\r\nX: y"}},
        {"headers": {"Authorization": f"Bearer {BEARER}\u20ac"}},
        {"headers": [("Cookie", COOKIE.encode())]},
        {"proxy": f"http://user:{PROXY}/x@127.0.0.1"},
        {"proxy": f"socks4://user:{PROXY}@127.0.0.1"},
        {"proxy": f"mailto://user:{PROXY}@127.0.0.1:port"},
    ],
)
def test_an_argument_that_is_refused(root, options):
    with pytest.raises((TypeError, ValueError)) as caught:
        tkws.open(f"ws://127.0.0.1/?token={TOKEN}", print, master=root, **options)
    assert tell_tale(f"{caught.value}{caught.value!r}") == []


def test_what_holds_a_secret_does_not_show_it():
    uri = parse_uri(secret_url(80))
    request = tkws.Request("GET", f"/feed?token={TOKEN}", tkws.Headers(HEADERS), ("127.0.0.1", 1))
    response = tkws.Response(200, headers={"Set-Cookie": COOKIE}, body=TOKEN.encode())
    shown = "".join(map(said, (request, response, request.headers, parse_proxy(f"http://user:{PROXY}@h"))))
    assert tell_tale(shown + repr(uri) + uri.redacted) == []
    assert "/feed" in repr(request)
    assert "/feed" in uri.redacted


SERVED = {
    "a foreign page": ("/feed", "Origin: http://evil.example"),
    "a foreign name": ("/feed", "Host: evil.example"),
    "no such path": ("/nothing", "X: y"),
    "a version that is none": ("/feed", "Sec-WebSocket-Version: 12"),
    "a header that is none": ("/feed", "bad header"),
    "too many headers": ("/feed", *(f"X-{n}: y" for n in range(200))),
    "too large": ("/feed", f"X: {'y' * 20_000}"),
    "admitted": ("/feed", "X: y"),
}


@pytest.mark.parametrize(("path", "lines"), [(path, lines) for path, *lines in SERVED.values()], ids=SERVED)
def test_what_a_server_was_told(root, peers, pump_until, overheard, path, lines):
    server = tkws.serve(master=root)
    server.live("/feed", log := Log())
    peer = peers.connect(server)
    secret = (
        f"Authorization: Bearer {BEARER}",
        f"Cookie: id={COOKIE}",
        f"Proxy-Authorization: Basic {PROXY}",
    )
    peer.ask(f"{path}?token={TOKEN}", *secret, *lines)
    answer = peer.take_until().decode("latin-1")
    server.close()
    if "101" in answer:
        peer.bye(1001)
    peer.wait_for_end()
    peer.sock.close()
    pump_until(lambda: not log.open or log.over)
    shown = answer + peer.received.decode("latin-1") + "".join(overheard) + said(log.events) + said(log.ws)
    assert tell_tale(shown) == []


def test_what_a_program_asks_about(root, peers, pump_until, overheard):
    server = tkws.server(peers.listen().sock, master=root)
    near, _ = peers.sockets()
    assert not tkws.test(server, near, f"/feed?token={TOKEN}", {"Authorization": f"Bearer {BEARER}"})
    pump_until(lambda: "/feed" in "".join(overheard))
    assert tell_tale("".join(overheard)) == []
