"""Everything that can go wrong with an opening: every failure, at every stage, on every way to a server.

The matrix is the product of the three. The clock of the loop goes only where a test moves it.
"""

from __future__ import annotations

import itertools
import math
import re
import socket
import ssl
from collections.abc import Iterator

import pytest

import tkws
from tests.peers import Listening, Log, Secured
from tkws.loop import loop_for, make_loop
from tkws.testing.reset import reset_on_close

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("heartbeat")]

# What the loop's clock shows in the beginning, and the seconds on it that an opening may take.
BEGINNING = 1000.0
TIMEOUT = 30

# The stages behind each scheme of a proxy, and behind that of the URL.
ROUTES = {
    "directly": [],
    "http": ["CONNECT"],
    "https": ["proxy's TLS", "CONNECT"],
    "socks5": ["SOCKS greeting", "SOCKS request"],
}
SCHEMES = {"ws": ["handshake"], "wss": ["TLS", "handshake"]}

ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
REFUSAL = {
    "proxy's TLS": ALERT,
    "TLS": ALERT,
    "CONNECT": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "SOCKS greeting": b"\x05\xff",
    "SOCKS request": b"\x05\x05\x00\x01" + bytes(6),
    "handshake": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
}

SOCKS_CONSENT = {"SOCKS greeting": b"\x05\x00", "SOCKS request": b"\x05\x00\x00\x01" + bytes(6)}

HTTP, SSH = b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"
OTHER_PROTOCOL = {
    "proxy's TLS": HTTP,
    "TLS": HTTP,
    "CONNECT": SSH,
    "SOCKS greeting": HTTP,
    "SOCKS request": HTTP,
    "handshake": SSH,
}

ENDLESS_RECORD = b"\x16\x03\x03\xff\xff\x02\x00"
ENDLESS_ANSWER = b"HTTP/1.1 200 OK\r\nX-Filler: "
OVERSIZE = {  # a reply of SOCKS cannot be
    "proxy's TLS": ENDLESS_RECORD,
    "TLS": ENDLESS_RECORD,
    "CONNECT": ENDLESS_ANSWER + b"x" * 80_000,
    "handshake": ENDLESS_ANSWER + b"x" * 80_000,
}

LONG_RECORD = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + b"x" * TIMEOUT
DRIP = {
    "proxy's TLS": LONG_RECORD,
    "TLS": LONG_RECORD,
    "CONNECT": ENDLESS_ANSWER + b"x" * TIMEOUT,
    "SOCKS greeting": b"\x05",
    "SOCKS request": b"\x05\x00\x00\x03\xff" + b"x" * TIMEOUT,
    "handshake": ENDLESS_ANSWER + b"x" * TIMEOUT,
}

# What the error says, by the failure.
WORDS = {
    "refused": r"refuse|\(SOCKS5\)|502 Bad Gateway|403 Forbidden",
    "reset": "reset by peer",
    "silence": f"{TIMEOUT} seconds passed while",
    "end of stream": "ended the connection|was closed",
    "other protocol": "does not speak|is not HTTP",
    "oversize": "too large|does not speak TLS",
    "drip": f"{TIMEOUT} seconds passed while",
}


def exists(failure: str, stage: str) -> bool:
    if stage == "connect":
        return failure in ("refused", "silence")  # the others need a connection
    return failure != "oversize" or stage in OVERSIZE


MATRIX = [
    pytest.param(scheme, route, stage, failure, id=f"{scheme}-{route}-{stage}-{failure}")
    for scheme, behind in SCHEMES.items()
    for route, ahead in ROUTES.items()
    for stage in ["connect", *ahead, *behind]
    for failure in WORDS
    if exists(failure, stage)
]


class Clock:
    """Seconds that pass where a test says so."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(root) -> Clock:
    """The clocks of the root's loop."""
    made = Clock()
    make_loop(root, clock=made, wall=made)
    return made


class Way:
    """The other ends on a way to a server, played up to the stage that fails."""

    def __init__(self, listening: Listening, context: ssl.SSLContext, pump_until) -> None:
        self._context = context
        self._pump_until = pump_until
        self.raw = self.peer = listening.accept()

    def hear(self, stage: str) -> None:
        """Waits for what this side says first at a stage."""
        if stage in ("handshake", "CONNECT"):
            self.peer.take_until()
        elif stage in ("TLS", "proxy's TLS"):
            self._pump_until(self.peer.read)
        else:
            self.peer.take({"SOCKS greeting": 3, "SOCKS request": 10}[stage])

    def pass_by(self, stage: str) -> None:
        """Has a stage succeed."""
        self.hear(stage)
        if stage in ("TLS", "proxy's TLS"):
            self.peer = Secured(self.peer, self._context)
        elif stage == "CONNECT":
            self.peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            self.peer.send(SOCKS_CONSENT[stage])

    def fail(self, stage: str, failure: str) -> None:
        """Fails at a stage, at once."""
        if failure == "reset":
            reset_on_close(self.raw.sock)
            self.raw.sock.close()
        elif failure == "end of stream":
            self.raw.sock.shutdown(socket.SHUT_WR)
        else:
            said = {"refused": REFUSAL, "other protocol": OTHER_PROTOCOL, "oversize": OVERSIZE}[failure]
            self.pour(said[stage])

    def pour(self, data: bytes) -> None:
        """Sends bytes, until the client has enough of them."""
        pieces = iter(range(0, len(data), 4096))

        def poured() -> bool:
            position = next(pieces, None)
            if position is None:
                return True
            try:
                self.peer.send(data[position : position + 4096])
            except ConnectionError:
                return True
            return False

        self._pump_until(poured)


@pytest.fixture
def nowhere() -> Iterator[int]:
    """A port that answers no attempt to connect: its queue is full."""
    with socket.socket() as listening, socket.socket() as first:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        first.connect(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that nobody listens on, and nobody else gets."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def tick(root, clock: Clock, pump_until, seconds: int = 1) -> None:
    """Lets time pass, and the loop see it, which has armed a timer of Tk's by the time before."""
    seen: list[bool] = []
    clock.now += seconds
    loop_for(root).call_soon_threadsafe(seen.append, True)
    pump_until(lambda: seen)


def pass_time(root, clock: Clock, pump_until, log: Log, way: Way | None, drip: bytes) -> None:
    """Lets more seconds pass than there may, until it is over, and a byte come with each."""
    drops = iter(drip)
    for _ in range(TIMEOUT + 2):
        if log.over:
            break
        drop = next(drops, None)
        if drop is not None and way is not None:
            way.peer.send(bytes((drop,)))
        tick(root, clock, pump_until)


def phase_of(route: str, stage: str) -> str:
    if stage in ("TLS", "handshake"):
        return stage.lower()
    return "connect" if route == "directly" else "proxy"


@pytest.mark.parametrize(("scheme", "route", "stage", "failure"), MATRIX)
def test_a_failure(
    root, pump_until, peers, clock, nowhere, nobody, client_ssl, server_ssl, scheme, route, stage, failure
):
    listening = peers.listen()
    port = {"refused": nobody, "silence": nowhere}[failure] if stage == "connect" else listening.port
    direct = route == "directly"
    host = f"127.0.0.1:{port}" if direct else "127.0.0.1:9"
    tkws.open(
        f"{scheme}://{host}/",
        log := Log(),
        master=root,
        timeout=TIMEOUT,
        proxy=None if direct else f"{route}://127.0.0.1:{port}",
        proxy_ssl=client_ssl,
        ssl=client_ssl if scheme == "wss" else None,
    )
    way = None
    if stage != "connect":
        way = Way(listening, server_ssl, pump_until)
        for passed in itertools.takewhile(lambda each: each != stage, [*ROUTES[route], *SCHEMES[scheme]]):
            way.pass_by(passed)
        way.hear(stage)
    is_slow = failure in ("silence", "drip")
    if is_slow:
        pass_time(root, clock, pump_until, log, way, DRIP[stage] if failure == "drip" else b"")
    elif way is not None:
        way.fail(stage, failure)
    pump_until(lambda: log.over)

    error = log.events[0][1]
    assert log.types == ["timeout" if is_slow else "error", "disconnect"]
    assert log.one("disconnect") == str(error)
    assert isinstance(error, tkws.OpenTimeout if is_slow else tkws.OpenError)
    assert error.phase == phase_of(route, stage)
    assert re.search(WORDS[failure], str(error))
    assert clock.now - BEGINNING in ((TIMEOUT, TIMEOUT + 1) if is_slow else (0,))
    if way is not None and failure != "reset":
        way.raw.wait_for_end()
    loop = loop_for(root)
    assert loop._timers.earliest == math.inf, "a timer was left behind"
    assert len(loop._readiness.watches) == 1, "a descriptor is watched still, beside the loop's own"
    tick(root, clock, pump_until, 2 * TIMEOUT)
    assert log.types[1:] == ["disconnect"]
    assert tkws.find() == []
