"""The network's own faults, on a real one: the link goes down, a name server or an address is silent.

Each test states its bound: a time after which it fails. Skipped where no network namespace may be made.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
from typing import Any

import pytest

import tkws
from tests.conftest import LONGEST_STRETCH
from tests.faults.namespaces import BLACK_HOLE, FAR, NOBODY, network
from tests.ledger import Ledger
from tests.peers import Log

pytestmark = pytest.mark.slow

PATIENCE = 30.0  # seconds that a test may take
BACKOFF = tkws.Backoff(initial=0.05, factor=1)


@pytest.fixture
def net(_nothing_is_left):
    """Two ends and a link."""
    with network() as made:
        yield made


# ---- the link


@pytest.fixture
def connected(net, root, pump_until):
    """``connected(**options)``: a client at the near end, a server at the far end; both send by the books."""

    class Line:
        def __init__(self, options: dict[str, Any]) -> None:
            self.up, self.down = Ledger(4000), Ledger(4001)
            self.log, self.served = Log(), Log()
            with net.inside(net.far):
                self.server = tkws.serve(master=root, host=FAR, **options)
            self.server.live("/", self.hear)
            url = self.server.url
            options |= {"reconnect": BACKOFF, "offline_buffer": 1000}
            self.client = tkws.open(url, self.tell, master=root, timeout=0.5, **options)
            self.settle()

        def hear(self, ws, type, message) -> None:
            self.up.receiving(ws, type, message)
            self.down.sending(ws, type, message)
            self.served(ws, type, message)

        def tell(self, ws, type, message) -> None:
            self.up.sending(ws, type, message)
            self.down.receiving(ws, type, message)
            self.log(ws, type, message)

        def send(self, count: int) -> None:
            for _ in range(count):
                self.up.send(self.client)
                for each in self.server.connections:
                    self.down.send(each)

        def settle(self) -> None:
            """Sends when there is a connection, and waits until that has come."""
            pump_until(lambda: self.client.state is tkws.State.OPEN and self.server.connections, PATIENCE)
            self.send(3)
            for books, log in ((self.up, self.served), (self.down, self.log)):
                last = books.message(books.sent - 1, 0)
                pump_until(lambda log=log, last=last: log.all("binary")[-1:] == [last], PATIENCE)

        def end(self) -> None:
            self.client.close(4000)
            pump_until(lambda: self.log.types[-2:] == ["close", "disconnect"])
            pump_until(lambda: not self.server.connections)
            self.server.close()

    with net.inside(net.near):
        yield lambda **options: Line(options)


def test_a_link_that_is_down_is_noticed_and_the_client_connects_again(net, connected, pump_until):
    line = connected(keepalive=0.1, pong_timeout=0.2)
    net.set_link("down")
    line.send(3)
    # From `retry` on, the client keeps what is sent.
    pump_until(lambda: "retry" in line.log.types and "disconnect" in line.served.types)
    for log in (line.log, line.served):
        code, reason = log.all("close")[0]
        assert code == 1006
        assert "0.2 seconds" in reason
    line.send(3)
    pump_until(lambda: len(line.log.all("retry")) >= 2)
    assert line.log.types.count("connect") == 1
    net.set_link("up")
    line.settle()
    assert line.client.statistics.reconnections == 1
    line.end()
    up, down = line.up.tally(), line.down.tally()
    assert (up.sent, up.lost) == (12, 3)
    assert (down.sent, down.lost) == (9, 3)


def test_a_link_that_is_down_for_a_moment_loses_nothing(net, connected, pump_until):
    line = connected(keepalive=0.1, pong_timeout=PATIENCE)
    net.set_link("down")
    line.send(3)
    pings = line.client.statistics.pings_sent
    pump_until(lambda: line.client.statistics.pings_sent > pings)
    assert (line.up.delivered, line.down.delivered) == (3, 3)
    net.set_link("up")
    line.settle()
    line.end()
    assert line.log.types.count("connect") == 1
    for books in (line.up, line.down):
        assert (books.tally().sent, books.tally().lost) == (9, 0)


# ---- names and addresses

RUN = """
import json, sys, threading, tkinter, tkws
import pytest
from tests.heartbeat import Heartbeat
root = tkinter.Tcl()
heart = Heartbeat(root.tk, pytest.MonkeyPatch())
events = []
def on_event(ws, type, message):
    events.append((str(type), getattr(message, "phase", None), heart.beats))
    if type == "connect":
        events.append(ws.peername)
        ws.close()
    elif type == "disconnect":
        root.quit()
tkws.open(sys.argv[1], on_event, master=root, timeout=float(sys.argv[2]))
root.mainloop(-1)
heart.stop()
print(json.dumps([events, heart.longest, [each.name for each in threading.enumerate()]]), flush=True)
"""


@pytest.fixture
def program(net, child):
    """``program(url, timeout)``: opens it at the near end, in a process of its own that ends then."""

    def start(url: str, timeout: float) -> subprocess.Popen[str]:
        command = net.command(sys.executable, "-W", "error", "-c", RUN, url, str(timeout))
        return child(command)

    return start


def outcome(child, pump_until) -> tuple[list, float, list[str]]:
    """What the program says."""
    pump_until(lambda: child.poll() is not None, PATIENCE)
    out, err = child.communicate()
    assert (err, child.returncode) == ("", 0)
    return json.loads(out)


def test_a_name_server_that_is_silent_holds_up_neither_the_window_nor_the_end(net, program, pump_until):
    net.write("hosts", "")
    net.write("resolv.conf", f"nameserver {NOBODY}\noptions timeout:30 attempts:3\n")
    child = program("ws://nowhere.example/", 1.0)
    events, longest, threads = outcome(child, pump_until)
    [timeout, disconnect] = events
    assert timeout[:2] == ["timeout", "resolve"]
    assert timeout[2] > 10  # beats of 10 ms in that second
    assert disconnect[0] == "disconnect"
    assert longest <= LONGEST_STRETCH
    assert "tkws-worker" in threads  # it asks for longer than `PATIENCE`, unless the program's end ends it


def test_an_ipv6_address_that_swallows_everything_holds_up_nobody(net, program, root, pump_until):
    try:
        net.add_black_hole()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    net.write("hosts", f"{BLACK_HOLE} both.example\n{FAR} both.example\n")
    with net.inside(net.near):
        swallowed = socket.socket(socket.AF_INET6)
    with swallowed:
        swallowed.setblocking(False)
        swallowed.connect_ex((BLACK_HOLE, 80))
        with net.inside(net.far):
            server = tkws.serve(master=root, host=FAR, handler=Log())
        child = program(f"ws://both.example:{server.port}/", 1.0)
        events, longest, _ = outcome(child, pump_until)
        assert not select.select([], [swallowed], [], 0)[1]  # neither connected nor refused
    assert [event[0] for event in events] == ["connect", FAR, "close", "disconnect"]
    assert longest <= LONGEST_STRETCH
    pump_until(lambda: not server.connections)
    server.close()
