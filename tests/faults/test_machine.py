"""The machine runs short of something, or its clock jumps: what is lost is told, and all goes on by itself.

Each test states its bound: a time after which it fails, and what may wait.
"""

from __future__ import annotations

import errno
import logging
import os
import resource
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest

import tkws
from tests.ledger import Ledger
from tests.peers import Log
from tkws.loop import make_loop
from tkws.protocol.frames import Opcode

BACKOFF = tkws.Backoff(initial=0.02, factor=1)


@pytest.fixture
def exhaust():
    """``exhaust()``: the process can open nothing more, until ``exhaust(False)`` or the test's end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def limit(short: bool = True) -> None:
        if not short:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            return
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_client_without_descriptors_tries_until_there_are_some(root, pump_until, exhaust):
    log, books = Log(), Ledger(1000)
    server = tkws.serve(master=root)
    server.live("/", books.receiving)

    def on_event(ws, type, message):
        log(ws, type, message)
        books.sending(ws, type, message)

    before = Log(connect=lambda ws, message: ws.close())  # imports what an opening needs
    tkws.open(server.url, before, master=root)
    pump_until(lambda: before.over)
    exhaust()
    ws = tkws.open(server.url, on_event, master=root, reconnect=BACKOFF, offline_buffer=1000)
    books.send(ws)
    pump_until(lambda: log.types.count("retry") == 3)
    assert not log.open
    assert all("Too many open files" in str(error) for error in log.all("error"))
    exhaust(False)
    pump_until(lambda: books.delivered == 1)
    ws.close()
    pump_until(lambda: log.types[-2:] == ["close", "disconnect"])
    assert books.tally().lost == 0
    server.close()


def test_a_server_without_descriptors_serves_who_is_there_and_accepts_again(
    root, peers, pump_until, exhaust, caplog
):
    log = Log(text=lambda ws, message: ws.send(message))
    server = tkws.serve(master=root, handler=log)
    server._listener.retry_delay = 0.02
    first = peers.connect(server)
    first.ask()
    first.answer()
    waiting = peers.keep(socket.socket())
    waiting.setblocking(False)
    with caplog.at_level(logging.WARNING, "tkws.net"):
        exhaust()
        waiting.connect_ex(server.addresses[0][:2])
        pump_until(lambda: "Too many open files" in caplog.text)
        first.text("still there")
        first.hear(1)
        exhaust(False)
        pump_until(lambda: len(server._http_connections) == 1)
    assert len(caplog.records) == 1
    server.close()
    first.sock.close()
    pump_until(lambda: log.over)


class Faulty:
    """A socket of which ``send`` fails, as often as there are errors to raise."""

    def __init__(self, sock, *errors: OSError) -> None:
        self._sock = sock
        self._errors = list(errors)

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def send(self, *args):
        if self._errors:
            raise self._errors.pop(0)
        return self._sock.send(*args)


@pytest.fixture
def line(root, peers, pump_until):
    """A connection whose client sends by the books; ``fail(error...)`` makes its next system calls fail."""

    class Line:
        def __init__(self) -> None:
            self.books, self.log = Ledger(), Log()
            near, far = peers.sockets()
            self.served = tkws.takeover(far, self.books.receiving, True, master=root)
            self.ws: Any = tkws.takeover(near, self.tell, master=root)
            self.send(3)
            pump_until(lambda: self.books.delivered == 3)

        def tell(self, *event) -> None:
            self.books.sending(*event)
            self.log(*event)

        def send(self, count: int) -> None:
            for _ in range(count):
                self.books.send(self.ws)

        def fail(self, *errors: OSError) -> None:
            stream = self.ws._session.driver.stream
            stream.socket = Faulty(stream.socket, *errors)

        def end(self) -> None:
            self.ws.close(4000)
            pump_until(lambda: self.log.over and self.served.state is tkws.State.CLOSED)

    return Line()


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.ENOMEM])
def test_no_memory_to_send_with_ends_the_connection_and_is_told(line, pump_until, number):
    line.fail(OSError(number, os.strerror(number)))
    line.send(2)
    pump_until(lambda: line.log.over and line.served.state is tkws.State.CLOSED)
    code, reason = line.log.one("close")
    assert code == 1006
    assert os.strerror(number) in reason
    tally = line.books.tally()
    assert (tally.sent, tally.lost) == (5, 2)


def test_a_call_that_a_signal_interrupts_is_made_again(line):
    line.fail(InterruptedError(errno.EINTR, "as asked"), InterruptedError(errno.EINTR, "again"))
    line.send(3)
    line.end()
    tally = line.books.tally()
    assert (tally.sent, tally.lost) == (6, 0)


def test_a_full_disk_under_the_log_stops_nothing(line, caplog, monkeypatch):
    logger = logging.getLogger("tkws")
    failed: list[object] = []
    full = logging.StreamHandler(open("/dev/full", "w", encoding="utf-8"))  # noqa: SIM115 - closed below
    monkeypatch.setattr(full, "handleError", failed.append)
    logger.addHandler(full)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        logger.warning("as a warning of the package")
        line.send(3)
        line.end()
    finally:
        logger.removeHandler(full)
        logger.setLevel(level)
        with pytest.raises(OSError, match="No space left"):
            full.stream.close()
    assert failed
    assert line.books.tally().lost == 0


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 10 * 365 * 86_400.0])
def test_a_jump_of_the_time_of_day_moves_no_deadline(root, peers, pump_until, jump):
    wall = [1.7e9]
    loop = make_loop(root, clock=time.monotonic, wall=lambda: wall[0])
    books, log, due = Ledger(), Log(), []
    ws, peer = peers.taken(root, lambda *event: (books.receiving(*event), log(*event)), keepalive=300)
    loop.call_later(3600, due.append, "early")
    pump_until(lambda: log.open)
    wall[0] += jump
    loop.call_later(0.01, due.append, "on time")
    books.send(SimpleNamespace(send=lambda payload: peer.say(Opcode.BINARY, payload)))
    pump_until(lambda: due and books.delivered == 1)
    assert due == ["on time"]
    assert ws.statistics.pings_sent == (jump > 0)  # it looks like a suspend, after which the line is probed
    assert ws.state is tkws.State.OPEN
    ws.close()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert books.tally().lost == 0
