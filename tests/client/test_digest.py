"""Digest authentication of `tkws.open`, to servers and proxies: what is asked again, how often, with what."""

from __future__ import annotations

import hashlib

import pytest

import tkws
import tkws.aio
from tests.client.test_proxies import ESTABLISHED, Played
from tests.peers import Log
from tkws.http.digest import digest_authorization, parse_challenges
from tkws.testing import FakeClock

CHALLENGE = 'Digest realm="room", nonce="first", qop="auth", algorithm=SHA-256'
REFUSAL = f"HTTP/1.1 401 Who?\r\nWWW-Authenticate: {CHALLENGE}\r\nContent-Length: 0\r\n\r\n"
PROXY_REFUSAL = f"HTTP/1.1 407 Who?\r\nProxy-Authenticate: {CHALLENGE}\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def listening(peers):
    return peers.listen()


def field(request: bytes, name: str) -> str | None:
    lines = request.decode("latin-1").split("\r\n")
    return next(
        (line.partition(": ")[2] for line in lines if line.lower().startswith(f"{name.lower()}: ")), None
    )


def is_right(value: str | None, *, method: str, target: str, nonce: str = "first") -> bool:
    """Whether a field answers `CHALLENGE` for ann, whose password is secret."""
    [(scheme, said)] = parse_challenges([value or "none"])
    if (scheme, said.get("nonce"), said.get("uri")) != ("Digest", nonce, target):
        return False
    [challenge] = parse_challenges([CHALLENGE.replace("first", nonce)])
    expected = digest_authorization(
        challenge, "ann", "secret", method=method, target=target, cnonce=said["cnonce"]
    )
    return value == expected


def refuse(listening, refusal: str = REFUSAL) -> bytes:
    peer = listening.accept()
    request = peer.take_until()
    peer.send(refusal.encode())
    return request


# ---- servers


def test_a_challenge_is_answered_once_in_the_same_attempt(notifier, root, listening, log, pump_until):
    url = listening.url.replace("ws://", "ws://ann:secret@") + "feed?a=1"
    ws = tkws.open(url, log, master=root)
    assert field(refuse(listening), "Authorization").startswith("Basic ")
    value = field(listening.accept().accept(), "Authorization")
    assert is_right(value, method="GET", target="/feed?a=1")
    pump_until(lambda: log.open)
    assert log.types == ["connect"]
    assert "secret" not in repr(ws.request.headers)
    assert value not in repr(ws.request.headers)
    ws.close()


def test_with_digest_the_password_is_never_shown(root, listening, log, pump_until):
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root, digest=True)
    assert field(refuse(listening), "Authorization") is None
    assert is_right(field(listening.accept().accept(), "Authorization"), method="GET", target="/")
    pump_until(lambda: log.open)
    log.ws.close()


@pytest.mark.parametrize(
    "scheme", ['Basic realm="x"', "Negotiate", "", 'Digest realm="r", nonce="n", qop="x"']
)
def test_with_digest_no_other_challenge_is_answered(root, listening, log, pump_until, scheme):
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root, digest=True, reconnect=True)
    refuse(listening, REFUSAL.replace(CHALLENGE, scheme))
    pump_until(lambda: log.over)
    assert (log.types, log.one("error").status) == (["error", "disconnect"], 401)
    assert not listening.waiting()


def test_a_wrong_password_is_refused_twice(root, listening, log, pump_until):
    tkws.open(listening.url.replace("//", "//ann:wrong@"), log, master=root, reconnect=True)
    refuse(listening)
    assert field(refuse(listening), "Authorization").startswith("Digest ")
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert log.one("error").status == 401
    assert not listening.waiting()


def test_a_nonce_that_is_too_old_is_replaced_once(root, listening, log, pump_until):
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root)
    refuse(listening)
    for nonce in ("second", "third"):
        refuse(listening, REFUSAL.replace('"first"', f'"{nonce}", stale=true'))
    pump_until(lambda: log.over)
    assert log.one("error").status == 401

    again = Log()
    tkws.open(listening.url.replace("//", "//ann:secret@"), again, master=root)
    refuse(listening)
    refuse(listening, REFUSAL.replace('"first"', '"second", stale=true'))
    value = field(listening.accept().accept(), "Authorization")
    assert is_right(value, method="GET", target="/", nonce="second")
    pump_until(lambda: again.open)
    again.ws.close()


@pytest.mark.parametrize(
    "arguments", [{"headers": {"Authorization": "Bearer x"}}, {"headers": {"authorization": "Basic eDp5"}}]
)
def test_the_programs_own_authorization_is_not_replaced(root, listening, log, pump_until, arguments):
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root, **arguments)
    refuse(listening)
    pump_until(lambda: log.over)
    assert log.one("error").status == 401
    assert not listening.waiting()


def test_without_credentials_nothing_is_answered(root, listening, log, pump_until):
    tkws.open(listening.url, log, master=root)
    refuse(listening)
    pump_until(lambda: log.over)
    assert log.one("error").status == 401
    assert not listening.waiting()


def test_a_redirect_is_challenged_anew_and_takes_nothing_elsewhere(root, peers, listening, log, pump_until):
    elsewhere = peers.listen()
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root)
    refuse(listening)
    moved = "HTTP/1.1 307 X\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n"
    assert is_right(field(refuse(listening, moved.format("/new")), "Authorization"), method="GET", target="/")
    assert field(refuse(listening), "Authorization").startswith("Basic ")
    value = field(refuse(listening, moved.format(elsewhere.url)), "Authorization")
    assert is_right(value, method="GET", target="/new")
    assert field(refuse(elsewhere), "Authorization") is None
    pump_until(lambda: log.over)
    assert log.one("error").status == 401
    assert not elsewhere.waiting()


def test_each_attempt_is_challenged(root, listening, log, pump_until):
    rule = tkws.Backoff(initial=0.001)
    ws = tkws.open(
        listening.url.replace("//", "//ann:secret@"), log, master=root, digest=True, reconnect=rule
    )
    for number in (1, 2):
        assert field(refuse(listening), "Authorization") is None
        peer = listening.accept()
        assert is_right(field(peer.accept(), "Authorization"), method="GET", target="/")
        pump_until(lambda number=number: log.types.count("connect") == number)
        peer.sock.close()
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


def test_a_socket_of_the_programs_is_only_one(root, peers, log, pump_until):
    from tests.peers import Peer

    near, far = peers.sockets()
    tkws.open("ws://ann:secret@localhost/", log, master=root, sock=near)
    peer = Peer(far, pump_until, client=False)
    peer.take_until()
    peer.send(REFUSAL.encode())
    pump_until(lambda: log.over)
    assert log.one("error").status == 401


def test_one_timeout_covers_all(root, listening, log, pump_until):
    clock = FakeClock(root)
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root, timeout=60)
    refuse(listening)
    listening.accept().take_until()
    clock.advance(60)
    pump_until(lambda: log.over)
    assert log.types == ["timeout", "disconnect"]


def test_nothing_is_asked_again_after_the_timeout(root, listening, log, pump_until):
    clock = FakeClock(root)
    tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root, timeout=0.5)
    peer = listening.accept()
    peer.take_until()
    peer.send(REFUSAL.replace("Content-Length: 0", "Content-Length: 9").encode() + b"abc")
    clock.advance(0.5)
    pump_until(lambda: log.over)
    assert log.types in (["error", "disconnect"], ["timeout", "disconnect"])
    assert not listening.waiting()


@pytest.mark.parametrize("when", ["first", "second"])
@pytest.mark.parametrize("how", ["peer", "program", "interpreter"])
def test_an_end_at_each_step(root, listening, log, pump_until, when, how):
    ws = tkws.open(listening.url.replace("//", "//ann:secret@"), log, master=root)
    if when == "second":
        refuse(listening)
    peer = listening.accept()
    peer.take_until()
    if how == "peer":
        peer.send(REFUSAL.encode()[:30])
        peer.sock.close()
    elif how == "program":
        peer.send(REFUSAL.encode())
        ws.close()
    else:
        peer.send(REFUSAL.encode())
        ws.loop.close()
    if how != "interpreter":
        pump_until(lambda: log.over)
        assert log.types[-1] == "disconnect"
    assert not listening.waiting()


# ---- proxies


@pytest.fixture
def proxy(listening) -> Played:
    return Played(listening)


@pytest.mark.parametrize("digest", [False, True])
def test_a_proxy_is_answered(notifier, root, log, pump_until, proxy, digest):
    tkws.open("ws://server.test/", log, master=root, proxy=f"http://ann:secret@{proxy.place}", digest=digest)
    proxy.answer(PROXY_REFUSAL.encode())
    assert (field(proxy.asked, "Proxy-Authorization") or "none").startswith("none" if digest else "Basic ")
    server = proxy.answer(ESTABLISHED)
    value = field(proxy.asked, "Proxy-Authorization")
    assert is_right(value, method="CONNECT", target="server.test:80")
    assert field(server.accept(), "Proxy-Authorization") is None
    pump_until(lambda: log.open)
    log.ws.close()


def test_the_proxy_and_the_server_have_their_own(root, log, pump_until, proxy):
    url = f"http://ann:secret@{proxy.place}"
    tkws.open("ws://ann:secret@server.test/feed", log, master=root, proxy=url, digest=True)
    proxy.answer(PROXY_REFUSAL.encode())
    server = proxy.answer(ESTABLISHED)
    assert field(server.take_until(), "Authorization") is None
    server.send(REFUSAL.encode())
    proxy.answer(PROXY_REFUSAL.replace("first", "other").encode())
    assert field(proxy.asked, "Proxy-Authorization") is None  # a nonce counts once
    server = proxy.answer(ESTABLISHED)
    value = field(proxy.asked, "Proxy-Authorization")
    assert is_right(value, method="CONNECT", target="server.test:80", nonce="other")
    assert is_right(field(server.accept(), "Authorization"), method="GET", target="/feed")
    pump_until(lambda: log.open)
    log.ws.close()


def test_a_wrong_password_for_the_proxy(root, log, pump_until, proxy):
    url = f"http://ann:wrong@{proxy.place}"
    tkws.open("ws://server.test/", log, master=root, proxy=url, reconnect=True)
    proxy.answer(PROXY_REFUSAL.encode())
    proxy.answer(PROXY_REFUSAL.encode())
    pump_until(lambda: log.over)
    error = log.one("error")
    assert (error.phase, error.status) == ("proxy", 407)
    assert "refuses the user 'ann' with that password (407)" in str(error)
    assert "wrong" not in str(error)


@pytest.mark.parametrize("scheme", ["Basic", "Negotiate"])
def test_a_proxy_that_wants_something_else(root, log, pump_until, proxy, scheme):
    url = f"http://ann:secret@{proxy.place}"
    tkws.open("ws://server.test/", log, master=root, proxy=url, digest=True)
    proxy.answer(PROXY_REFUSAL.replace(CHALLENGE, f'{scheme} realm="r"').encode())
    pump_until(lambda: log.over)
    assert f"takes {scheme} and not Digest (407), as digest=True requires" in str(log.one("error"))


def test_a_proxy_authorization_of_the_programs_is_not_replaced(root, log, pump_until, proxy, listening):
    fields = {"Proxy-Authorization": "Bearer x"}
    url = f"http://ann:secret@{proxy.place}"
    tkws.open("ws://server.test/", log, master=root, proxy=url, proxy_headers=fields)
    proxy.answer(PROXY_REFUSAL.encode())
    pump_until(lambda: log.over)
    assert not listening.waiting()


# ---- mistakes, and awaited


@pytest.mark.parametrize("digest", [None, 1, "auth"])
def test_a_mistake_raises_at_the_call(root, digest):
    with pytest.raises(TypeError, match="^digest: True or False, not "):
        tkws.open("ws://localhost/", print, master=root, digest=digest)


def test_awaited_with_a_server_of_tkws(root, server_ssl, client_ssl):
    """The server's part is written by hand here, with the hash of MD5 and no code of the client's."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    def admit(request):
        sent = request.headers.get("Authorization", "")
        said = parse_challenges([sent])[0].parameters if sent.startswith("Digest ") else {}
        key, what = md5("ann:room:secret"), md5(f"GET:{request.target}")
        wanted = md5(f"{key}:n1:{said.get('nc')}:{said.get('cnonce')}:auth:{what}")
        if said.get("response") == wanted:
            return tkws.Admit(data=said["username"])
        return tkws.Response(401, headers={"WWW-Authenticate": 'Digest realm="room", nonce="n1", qop="auth"'})

    async def greet(connection):
        await connection.send(connection.ws.data)

    async def main():
        async with tkws.aio.serve(greet, ssl=server_ssl) as server:
            server.server.admit(admit)
            url = f"wss://ann:secret@localhost:{server.port}/feed?x=1"
            async with tkws.aio.connect(url, ssl=client_ssl, digest=True) as ws:
                heard = await ws.recv()
            with pytest.raises(tkws.HandshakeError, match="401"):
                await tkws.aio.connect(url.replace("secret", "wrong"), ssl=client_ssl, digest=True)
            return heard

    assert tkws.aio.run(main(), master=root) == "ann"
