"""A URL that the program makes for each attempt."""

from __future__ import annotations

import pytest

import tkws
import tkws.aio
from tests.peers import Log


def test_it_is_asked_for_at_each_attempt(notifier, root, peers, pump_until, log):
    listening = peers.listen()
    made = []

    def url():
        made.append(f"{listening.url}feed?ticket={len(made)}")
        return made[-1]

    ws = tkws.open(url, log, master=root, reconnect=tkws.Backoff(initial=0.001))
    assert (made, ws.url, tkws.find()) == ([], "", [ws])
    assert "ticket" not in repr(ws)
    for number in range(3):
        peer = listening.accept()
        assert peer.accept().startswith(b"GET /feed?ticket=%d HTTP/1.1\r\n" % number)
        pump_until(lambda number=number: log.types.count("connect") == number + 1)
        assert ws.url == made[-1] == listening.url + f"feed?ticket={number}"
        peer.sock.close()
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (5, "url: str, not int"),
        ("http//x", "url: must"),
        ("ftp://localhost/", "url: must"),
        ("ws://user:secret@bad host/", "url: must"),
        (ZeroDivisionError("no ticket"), "no ticket"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (tkws.URLError, "URLError"),
    ],
)
def test_one_that_cannot_be_had_fails_the_attempt(root, log, pump_until, callback_errors, made, why):
    def url():
        if isinstance(made, Exception) or made is tkws.URLError:
            raise made
        return made

    ws = tkws.open(url, log, master=root)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    error = log.one("error")
    assert str(error).startswith("The URL could not be made: ")
    assert why in str(error)
    assert "secret" not in str(error)
    assert isinstance(error, tkws.OpenError)
    assert error.__cause__ is callback_errors.pop()
    assert ws.url == ""
    assert not callback_errors


def test_the_next_attempt_asks_again(root, peers, log, pump_until, callback_errors):
    listening = peers.listen()
    answers = [ValueError("busy"), listening.url]

    def url():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rule = tkws.Backoff(initial=0.001, retry=lambda cause: True)
    ws = tkws.open(url, log, master=root, reconnect=rule)
    listening.accept().accept()
    pump_until(lambda: log.open)
    assert [type(error) for error in callback_errors] == [ValueError]
    callback_errors.clear()
    ws.close()
    pump_until(lambda: ws.state is not tkws.State.OPEN)


def test_tls_settings_need_tls(root, log, pump_until, client_ssl, callback_errors):
    tkws.open(lambda: "ws://127.0.0.1:1/", log, master=root, ssl=client_ssl)
    pump_until(lambda: log.over)
    assert "is not a wss: URL" in str(log.one("error"))
    callback_errors.clear()


@pytest.mark.parametrize("how", ["close", "interpreter", "before"])
def test_the_program_gives_up_meanwhile(root, peers, log, pump_until, how):
    listening = peers.listen()
    asked = []

    def url():
        asked.append(1)
        if how == "interpreter":
            ws.loop.close()
        else:
            ws.close()
        return listening.url

    ws = tkws.open(url, log, master=root)
    if how == "before":
        ws.close()
    pump_until(lambda: (how == "interpreter" and asked) or log.over)
    assert asked == ([] if how == "before" else [1])
    assert not listening.waiting()
    assert "connect" not in log.types


def test_it_may_leave_the_program(root, log, pump_until):
    def url():
        raise SystemExit

    tkws.open(url, log, master=root)
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]


def test_with_a_socket_of_the_programs(root, peers, log, pump_until):
    near, far = peers.sockets()
    tkws.open(lambda: "ws://example.org/feed", log, master=root, sock=near)
    from tests.peers import Peer

    peer = Peer(far, pump_until, client=False)
    assert b"Host: example.org" in peer.accept()
    pump_until(lambda: log.open)

    near, far = peers.sockets()
    given_up = Log()
    ws = tkws.open(lambda: "ws://example.org/feed", given_up, master=root, sock=near)
    ws.close()
    pump_until(lambda: given_up.over)
    assert far.recv(1) == b""


def test_awaited(root, peers):
    made = []

    async def greet(connection):
        await connection.send(connection.request.target)
        await connection.close(1012)

    async def main():
        async with tkws.aio.serve(greet) as server:

            def url():
                made.append(1)
                return f"{server.url}?ticket={len(made)}"

            heard = []
            async for ws in tkws.aio.connect(url, backoff=tkws.Backoff(initial=0.001)):
                heard.append(await ws.recv())
                if len(heard) == 2:
                    break
            return heard

    assert tkws.aio.run(main(), master=root) == ["/?ticket=1", "/?ticket=2"]


def test_a_url_that_is_neither():
    with pytest.raises(TypeError, match="^url: str"):
        tkws.open(5, print)
    with pytest.raises(TypeError, match="^uri: str"):
        tkws.aio.connect(5)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"timeout": 0}, ValueError), ({"protocols": ["a b"]}, ValueError), ({"headers": 5}, TypeError)],
)
def test_other_arguments_are_still_refused_at_the_call(root, arguments, error):
    with pytest.raises(error, match=f"^{next(iter(arguments))}: "):
        tkws.open(lambda: "ws://127.0.0.1/", print, master=root, **arguments)
