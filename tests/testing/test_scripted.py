"""A server that plays a script, against a client of tkws."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

import tkws
from tkws.loop import loop_for
from tkws.testing import FakeClock, Recorder, ScriptedServer, run_until


@pytest.fixture
def play(root):
    """``play(script)`` starts a server; it is closed after the test, which must not have failed."""
    servers: list[ScriptedServer] = []

    def play(script, **options):
        servers.append(ScriptedServer(script, master=root, **options))
        return servers[-1]

    yield play
    for server in servers:
        server.close()


def connect(root, server, **options):
    recorder = Recorder()
    return tkws.open(server.url, recorder, master=root, **options), recorder


def test_a_script_waits_for_messages_and_answers(root, play) -> None:
    def script(peer):
        assert (yield) == "subscribe"
        assert (yield) == b"now"
        peer.send("one")
        peer.send(b"tw", final=False)
        peer.send(b"o")
        peer.close(1001, "that was all")

    server = play(script)
    ws, recorder = connect(root, server, protocols=["feed"])
    run_until(lambda: "connect" in recorder, master=root)
    assert recorder.all("connect") == ["feed"]
    assert server.peers[0].request.headers["Sec-WebSocket-Protocol"] == "feed"
    ws.send("subscribe")
    ws.send(b"now")
    run_until(lambda: "disconnect" in recorder, master=root)
    assert recorder.messages == ["one", b"two"]
    assert recorder.all("close") == [(1001, "that was all")]
    assert server.finished == 1


def test_a_script_waits_for_seconds_of_the_loops_clock(root, play) -> None:
    clock = FakeClock(root)

    def script(peer):
        peer.send("first")
        yield 3600.0
        assert (yield) == "sent meanwhile"
        peer.send("an hour later")
        yield

    server = play(script)
    ws, recorder = connect(root, server)
    run_until(lambda: recorder.messages, master=root)
    ws.send("sent meanwhile")
    run_until(lambda: ws.statistics.messages_sent, master=root)
    clock.advance(3599)
    assert recorder.messages == ["first"]
    clock.advance(1)
    run_until(lambda: len(recorder.messages) == 2, master=root)
    ws.close()
    run_until(lambda: "disconnect" in recorder, master=root)


def test_every_connection_gets_a_script_of_its_own(root, play) -> None:
    def script(peer):
        while True:
            peer.send((yield))

    server = play(script)
    pairs = [connect(root, server) for _ in range(3)]
    run_until(lambda: all("connect" in recorder for _, recorder in pairs), master=root)
    for number, (ws, _) in enumerate(pairs):
        ws.send(str(number))
    run_until(lambda: all(recorder.messages for _, recorder in pairs), master=root)
    assert [recorder.messages for _, recorder in pairs] == [["0"], ["1"], ["2"]]
    for ws, _ in pairs:
        ws.close()
    run_until(lambda: all("disconnect" in recorder for _, recorder in pairs), master=root)
    assert server.finished == 0  # they were waiting still


def test_a_script_hears_how_the_client_ends_it(root, play) -> None:
    heard: list[tuple[int, str]] = []

    def script(peer):
        try:
            yield
        except tkws.ConnectionClosed as end:
            heard.append((end.code, end.reason))

    server = play(script)
    ws, recorder = connect(root, server)
    run_until(lambda: "connect" in recorder, master=root)
    ws.close(1008, "rules")
    run_until(lambda: "disconnect" in recorder, master=root)
    assert heard == [(1008, "rules")]
    assert server.finished == 1


@pytest.mark.parametrize(
    ("act", "code"), [("drop", 1006), ("end", 1006), ("nonsense", 1006)], ids=["drop", "end", "nonsense"]
)
def test_a_script_does_what_a_server_must_not(root, play, act, code) -> None:
    def script(peer):
        yield
        if act == "nonsense":
            peer.send_raw(b"\xff\x00")
        else:
            getattr(peer, act)()
        yield

    server = play(script)
    ws, recorder = connect(root, server)
    run_until(lambda: "connect" in recorder, master=root)
    ws.send("go")
    run_until(lambda: "disconnect" in recorder, master=root)
    assert recorder.all("close")[0][0] == code


def test_a_script_pings_and_stops_reading(root, play) -> None:
    def script(peer):
        peer.ping(b"there?")
        peer.stall()
        yield 0.01
        peer.flow()
        assert (yield) == "through"
        peer.send("I read again")
        yield

    server = play(script)
    ws, recorder = connect(root, server)
    run_until(lambda: "ping" in recorder, master=root)
    ws.send("through")
    run_until(lambda: recorder.messages, master=root)
    ws.close()
    run_until(lambda: "disconnect" in recorder, master=root)


@pytest.mark.parametrize(
    ("answer", "status"), [(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503), (b"", None)]
)
def test_an_answer_of_the_tests_own_instead_of_the_handshake(root, play, answer, status) -> None:
    clock = FakeClock(root)
    server = play(iter, answer=answer)
    ws, recorder = connect(root, server, timeout=30)
    if status is None:
        run_until(lambda: server.peers and server.peers[0].request, master=root)
        clock.advance(30)
        assert recorder.all("timeout")[0].phase == "handshake"
    else:
        run_until(lambda: "disconnect" in recorder, master=root)
        assert recorder.all("error")[0].status == status
    assert ws.state is tkws.State.CLOSED


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"nonsense\r\n\r\n"])
def test_what_asks_for_no_websocket_is_refused(root, play, peers, request_line) -> None:
    server = play(iter)
    sock = peers.keep(socket.create_connection(("127.0.0.1", urlsplit(server.url).port)))
    sock.sendall(request_line)
    sock.setblocking(False)
    received = bytearray()

    def is_over() -> bool:
        try:
            data = sock.recv(4096)
        except BlockingIOError:
            return False
        received.extend(data)
        return not data

    run_until(is_over, master=root)
    assert received.startswith(b"HTTP/1.1 400")


def test_what_a_script_raises_is_raised_by_close(root) -> None:
    def script(peer):
        assert (yield) == "expected"

    server = ScriptedServer(script, master=root)
    ws, recorder = connect(root, server)
    run_until(lambda: "connect" in recorder, master=root)
    ws.send("something else")
    run_until(lambda: server.peers[0].failure, master=root)
    with pytest.raises(AssertionError):
        server.close()
    assert server.close() is None  # it has been raised
    run_until(lambda: "disconnect" in recorder, master=root)
    assert server.close() is None


def test_a_server_that_ended_with_its_interpreter_closes_silently(root, callback_errors) -> None:
    def script(peer):
        yield
        raise LookupError("script")

    server = ScriptedServer(script, master=root)
    ws, recorder = connect(root, server)
    run_until(lambda: "connect" in recorder, master=root)
    ws.send("go")
    run_until(lambda: server.peers[0].failure, master=root)
    loop_for(root).close()
    assert isinstance(callback_errors.pop(), LookupError)
    server.close()
