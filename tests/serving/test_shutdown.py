"""`Server.shutdown`: nobody new, everybody is told, and the program hears when the last one has gone."""

from __future__ import annotations

import socket
from concurrent.futures import Future

import pytest

import tkws
from tests.peers import Log, Secured
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock


@pytest.fixture
def clock(root) -> FakeClock:
    return FakeClock(root)


@pytest.fixture
def server(clock, root, log) -> tkws.HTTPServer:
    return tkws.serve(master=root, handler=log, close_timeout=1000)


@pytest.fixture
def empty() -> list[int]:
    """Becomes ``[1]`` when the program hears that the server is empty."""
    return []


@pytest.fixture
def shut_down(server, empty, log):
    """``shut_down()``: does so; `empty` has the number of `disconnect` events until then."""
    return lambda timeout=5: server.shutdown(timeout, lambda: empty.append(log.types.count("disconnect")))


def joined(server, peers, pump_until, count):
    far = [peers.connect(server) for _ in range(count)]
    for peer in far:
        peer.ask()
        assert peer.answer()[0] == 101
    pump_until(lambda: len(server.connections) == count)
    return far


def test_everybody_is_told_and_then_the_program(server, peers, log, pump_until, shut_down, empty):
    first, second = joined(server, peers, pump_until, 2)
    shut_down()
    assert server.closed
    assert first.hear() == second.hear() == [(Opcode.CLOSE, b"\x03\xe9")]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(server.addresses[0])
    first.bye(1001)
    first.wait_for_end()
    first.sock.close()
    pump_until(lambda: log.types.count("disconnect") == 1)
    assert not empty
    second.bye(1001)
    second.sock.close()
    pump_until(lambda: empty)
    assert empty == [2]
    assert log.all("close") == [(1001, ""), (1001, "")]


def test_a_server_that_is_empty_says_so_from_the_loop(server, pump_until, shut_down, empty):
    shut_down()
    assert not empty
    pump_until(lambda: empty == [0])
    shut_down()  # again
    pump_until(lambda: empty == [0, 0])
    server.shutdown()
    server.close()


def test_it_waits_after_close_too(server, peers, pump_until, shut_down, empty):
    [peer] = joined(server, peers, pump_until, 1)
    server.close(4000, "bye")
    shut_down()
    assert peer.hear() == [(Opcode.CLOSE, b"\x0f\xa0bye")]
    peer.sock.close()
    pump_until(lambda: empty == [1])


def test_who_does_not_answer_is_dropped(server, peers, log, clock, pump_until, shut_down, empty):
    joined(server, peers, pump_until, 2)
    shut_down()
    clock.advance(4.9)
    assert log.types.count("disconnect") == 0
    clock.advance(0.2)
    pump_until(lambda: empty == [2])
    assert [code for code, _ in log.all("close")] == [1006, 1006]


def test_the_handler_of_the_last_one_is_done_when_the_program_hears(server, peers, log, pump_until, empty):
    [peer] = joined(server, peers, pump_until, 1)
    done = []

    def linger(ws, message):
        pump_until(lambda: not server.connections)
        server.loop.call_soon(done.append, "loop")
        pump_until(lambda: done)
        assert not empty
        done.append("handler")

    log.actions["disconnect"] = linger
    server.shutdown(5, lambda: empty.append(done[:]))
    peer.sock.close()
    pump_until(lambda: empty)
    assert empty == [["loop", "handler"]]


def test_a_handler_that_fails_counts_too(server, peers, log, pump_until, shut_down, empty, callback_errors):
    [peer] = joined(server, peers, pump_until, 1)
    log.actions["disconnect"] = lambda ws, message: 1 / 0
    shut_down()
    peer.sock.close()
    pump_until(lambda: empty == [1])
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_it_may_be_called_by_a_handler(server, peers, log, pump_until, shut_down, empty):
    [peer] = joined(server, peers, pump_until, 1)
    log.actions["text"] = lambda ws, message: shut_down()
    peer.text("stop")
    peer.hear()
    peer.bye(1001)
    peer.sock.close()
    pump_until(lambda: empty == [1])


def test_the_program_may_end_the_interpreter_then(root, peers, pump_until):
    server = tkws.serve(master=root)
    server.shutdown(5, server.loop.close)
    pump_until(lambda: server.loop.closed)


def test_nothing_is_said_after_the_interpreter(server, peers, pump_until, shut_down, empty):
    joined(server, peers, pump_until, 1)
    shut_down()
    server.loop.close()
    assert not empty


def test_what_the_program_raises_is_shown(server, pump_until, callback_errors):
    server.shutdown(5, lambda: 1 / 0)
    pump_until(lambda: callback_errors)
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_a_page_is_sent_to_its_end(server, peers, pump_until, shut_down, empty):
    page = b"x" * 8_000_000
    server.page("/big", page)
    peer = peers.connect(server)
    peer.request("/big")
    peer.take_until()
    shut_down()
    assert peer.take(len(page)) == page
    peer.wait_for_end()
    assert not empty
    peer.sock.close()
    pump_until(lambda: empty == [0])


def test_a_page_that_nobody_reads_is_dropped(server, peers, clock, pump_until, shut_down, empty):
    server.page("/big", b"x" * 8_000_000)
    peer = peers.connect(server)
    peer.request("/big")
    peer.take_until()
    shut_down()
    clock.advance(5.1)
    pump_until(lambda: empty == [0])


def test_a_page_may_shut_it_down(server, peers, pump_until, shut_down, empty):
    def stop(request):
        shut_down()
        return "stopped"

    server.page("/stop", stop)
    peer = peers.connect(server)
    peer.request("/stop")
    status, fields, body = peer.answer()
    assert (status, fields["connection"], body) == (200, "close", b"stopped")
    peer.wait_for_end()
    peer.sock.close()
    pump_until(lambda: empty == [0])


def test_a_request_that_waits_for_a_decision_is_refused(server, peers, pump_until, shut_down, empty, log):
    futures: list[Future[object]] = []

    @server.admit
    def check(request):
        futures.append(Future())
        return futures[-1]

    peer = peers.connect(server)
    peer.ask()
    pump_until(lambda: futures)
    shut_down()
    assert peer.answer()[0] == 503
    assert futures[0].cancelled()
    peer.sock.close()
    pump_until(lambda: empty == [0])
    assert not log.events


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n", b"refused"])
def test_a_connection_without_an_answer_is_cut_off(server, peers, pump_until, shut_down, empty, sent):
    peer = peers.connect(server)
    if sent == b"refused":
        peer.request("/nothing", "Connection: close")
        assert peer.answer()[0] == 426
    elif sent:
        peer.send(sent)
    pump_until(lambda: server._http_connections)
    shut_down()
    if sent == b"refused":
        peer.wait_for_end()
        peer.sock.close()
    pump_until(lambda: empty == [0])
    peer.wait_for_end()


def test_over_tls(root, peers, log, pump_until, server_ssl, client_ssl, empty):
    server = tkws.serve(master=root, handler=log, ssl=server_ssl)
    peer = Secured(peers.connect(server), client_ssl)
    peer.ask()
    assert peer.answer()[0] == 101
    pump_until(lambda: log.open)
    waiting = peers.connect(server)  # has not shaken hands
    pump_until(lambda: server._http_connections)
    server.shutdown(5, lambda: empty.append(1))
    waiting.wait_for_end()
    peer.hear()
    peer.bye(1001)
    peer.below.sock.close()
    pump_until(lambda: empty == [1])
    assert log.over


def test_of_a_server_that_the_program_accepts_for(root, peers, pump_until, empty):
    listening = peers.keep(socket.create_server(("127.0.0.1", 0)))
    server = tkws.server(listening, master=root, handler=Log())
    server.shutdown(on_empty=lambda: empty.append(1))
    pump_until(lambda: empty == [1])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"timeout": -1}, ValueError),
        ({"timeout": "5"}, TypeError),
        ({"on_empty": 5}, TypeError),
        ({"code": 1005}, ValueError),
        ({"reason": 5}, TypeError),
    ],
)
def test_a_wrong_argument_closes_nothing(server, arguments, error):
    with pytest.raises(error, match=f"^{next(iter(arguments))}: "):
        server.shutdown(**arguments)
    assert not server.closed
    server.close()
