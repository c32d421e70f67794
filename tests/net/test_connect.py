"""Dialling: the first address that answers wins, and nothing is left of the others."""

from __future__ import annotations

import errno
import gc
import socket
import weakref
from collections.abc import Iterator

import pytest

from tkws.errors import OpenError
from tkws.net import Endpoint, HappyEyeballs, Listener, numeric_endpoint, unix_endpoint
from tkws.net.connect import interleave
from tkws.testing import FakeClock


@pytest.fixture
def listening(tmp_path):
    """``listening(kind, backlog=8)``: a socket that listens, by tcp, tcp6 or unix, and where."""
    made: list[socket.socket] = []

    def listen(kind: str = "tcp", backlog: int = 8) -> tuple[socket.socket, Endpoint]:
        if kind == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(str(tmp_path / "socket"))
        else:
            sock = socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_INET6)
            sock.bind(("127.0.0.1" if kind == "tcp" else "::1", 0))
        sock.listen(backlog)
        made.append(sock)
        return sock, Endpoint(sock.family, sock.getsockname())

    yield listen
    for sock in made:
        sock.close()


@pytest.fixture
def refusing() -> Iterator[Endpoint]:
    """A port of this machine that nobody listens on, and nobody else gets."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield Endpoint(socket.AF_INET, sock.getsockname())


@pytest.fixture
def silent():
    """``silent()``: an endpoint that never answers: its backlog is full."""
    made: list[socket.socket] = []

    def fill() -> Endpoint:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        made.append(sock)
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(sock.getsockname())
            made.append(client)
        return Endpoint(socket.AF_INET, sock.getsockname())

    yield fill
    for sock in made:
        sock.close()


class Outcome:
    """Takes what a dial says, and closes the socket in the end."""

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.error: OpenError | None = None

    def connected(self, sock: socket.socket) -> None:
        assert not self.over
        self.sock = sock

    def failed(self, error: OpenError) -> None:
        assert not self.over
        self.error = error

    @property
    def over(self) -> bool:
        return self.sock is not None or self.error is not None


@pytest.fixture
def outcome():
    made = Outcome()
    yield made
    if made.sock is not None:
        made.sock.close()


@pytest.fixture
def clock(root) -> FakeClock:
    """The clock of `loop`: a test that wants it names it first."""
    return FakeClock(root)


@pytest.fixture
def dial(loop, outcome):
    """``dial(*endpoints, **options)``: a dial that tells `outcome`; cancelled after the test."""
    made: list[HappyEyeballs] = []

    def dial(*endpoints: Endpoint, **options) -> HappyEyeballs:
        made.append(HappyEyeballs(loop, endpoints, outcome.connected, outcome.failed, **options))
        return made[-1]

    yield dial
    for one in made:
        one.cancel()


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "unix"])
def test_connects_to_what_listens(dial, outcome, listening, pump_until, kind):
    sock, endpoint = listening(kind)
    made = dial(endpoint)
    assert "dialling: 0 under way, 1 waiting, 0 failed" in repr(made)
    assert not outcome.over
    pump_until(lambda: outcome.over)
    assert outcome.error is None
    assert outcome.sock.gettimeout() == 0
    accepted, _ = sock.accept()
    outcome.sock.send(b"hello")
    assert accepted.recv(10) == b"hello"
    accepted.close()
    assert "over: 0 under way, 0 waiting" in repr(made)


def test_dials_what_a_listener_offers(loop, dial, outcome, pump_until):
    accepted = []
    listener = Listener.tcp(loop, "127.0.0.1", 0, lambda sock, address: accepted.append((sock, address)))
    dial(numeric_endpoint("127.0.0.1", listener.port))
    pump_until(lambda: accepted and outcome.over)
    assert outcome.sock.getsockname() == accepted[0][1]
    accepted[0][0].close()
    listener.close()


def test_a_refusal_is_the_cause(dial, outcome, refusing, pump_until):
    dial(refusing)
    pump_until(lambda: outcome.over)
    assert outcome.error.phase == "connect"
    assert str(outcome.error) == f"cannot connect to {refusing} (Connection refused)"
    assert isinstance(outcome.error.__cause__, ConnectionRefusedError)


def test_when_all_fail_all_causes_are_told(dial, outcome, refusing, pump_until, tmp_path):
    missing = unix_endpoint(tmp_path / "missing")
    dial(refusing, missing)
    pump_until(lambda: outcome.over)
    message = str(outcome.error)
    assert f"{refusing} (Connection refused), {missing} (No such file or directory)" in message
    assert isinstance(outcome.error.__cause__, ExceptionGroup)
    assert [type(cause) for cause in outcome.error.__cause__.exceptions] == [
        ConnectionRefusedError,
        FileNotFoundError,
    ]


def test_after_a_failure_the_next_is_tried_at_once(dial, outcome, refusing, listening, pump_until):
    sock, endpoint = listening()
    dial(refusing, endpoint, delay=1000)
    pump_until(lambda: outcome.over)
    assert outcome.sock.getpeername() == sock.getsockname()


def test_after_a_silence_the_next_is_tried_beside_it(clock, dial, outcome, silent, listening, pump_until):
    sock, endpoint = listening()
    made = dial(silent(), silent(), endpoint, delay=1000)
    pump_until(lambda: "1 under way, 2 waiting" in repr(made))
    clock.advance(500)
    assert "1 under way, 2 waiting" in repr(made)
    clock.advance(500)
    assert "2 under way, 1 waiting" in repr(made)
    clock.advance(1000)
    pump_until(lambda: outcome.over)
    assert outcome.sock.getpeername() == sock.getsockname()
    assert "over: 0 under way" in repr(made)


def test_the_failure_waits_for_those_under_way(loop, dial, outcome, silent, refusing, pump_until):
    made = dial(silent(), refusing, delay=0.01)
    pump_until(lambda: "1 under way, 0 waiting, 1 failed" in repr(made))
    assert not outcome.over


@pytest.mark.parametrize("turns", range(6))
def test_cancelling_at_any_moment_leaves_nothing(
    loop, dial, outcome, silent, refusing, listening, pump_until, turns
):
    made = dial(silent(), refusing, silent(), refusing, delay=0.01)
    rested: list[bool] = []
    loop.call_later(turns * 0.008, rested.append, True)
    pump_until(lambda: rested)
    made.cancel()
    made.cancel()
    assert "over: 0 under way, 0 waiting" in repr(made)
    assert loop._readiness.watches.keys() == {loop._wakeup.fileno()}
    rested.clear()
    loop.call_later(0.02, rested.append, True)
    pump_until(lambda: rested)
    assert not outcome.over


def test_a_dial_that_is_over_is_forgotten(loop, outcome, listening, pump_until):
    made = HappyEyeballs(loop, [listening()[1]], outcome.connected, outcome.failed)
    gone = weakref.ref(made)
    pump_until(lambda: outcome.over)
    del made
    gc.collect()
    assert gone() is None


def test_a_unix_socket_whose_backlog_is_full_is_asked_again(dial, outcome, listening, pump_until):
    sock, endpoint = listening("unix", backlog=0)
    clients = []
    while not clients or clients[-1].connect_ex(endpoint.address) == 0:
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].setblocking(False)
    made = dial(endpoint)
    pump_until(lambda: "1 under way" in repr(made))
    assert not outcome.over
    for _ in clients[:-1]:
        sock.accept()[0].close()
    pump_until(lambda: outcome.over)
    assert outcome.sock is not None
    for client in clients:
        client.close()


def test_such_a_wait_can_be_cancelled(loop, dial, outcome, listening, pump_until):
    _, endpoint = listening("unix", backlog=0)
    clients = []
    while not clients or clients[-1].connect_ex(endpoint.address) == 0:
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].setblocking(False)
    made = dial(endpoint)
    pump_until(lambda: "1 under way" in repr(made))
    made.cancel()
    for client in clients:
        client.close()


def test_a_path_that_is_too_long_is_a_failed_attempt(dial, outcome, pump_until):
    dial(unix_endpoint("x" * 1000))
    pump_until(lambda: outcome.over)
    assert "path too long" in str(outcome.error)


def test_a_family_that_is_unknown_here_is_a_failed_attempt(dial, outcome, pump_until):
    dial(Endpoint(9999, ("127.0.0.1", 80)))
    pump_until(lambda: outcome.over)
    assert outcome.error.__cause__.errno == errno.EAFNOSUPPORT


def test_a_socket_that_connected_to_itself_is_refused(dial, outcome, pump_until):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        own = sock.getsockname()

    class Unlucky(socket.socket):
        """Gets the very port that it is to dial, as the system may draw it."""

        def connect_ex(self, address):
            self.bind(own)
            return super().connect_ex(address)

    dial(Endpoint(socket.AF_INET, own), make_socket=Unlucky)
    pump_until(lambda: outcome.over)
    assert isinstance(outcome.error.__cause__, ConnectionRefusedError)


def test_a_peer_that_is_gone_at_once_is_a_failure(dial, outcome, listening, pump_until):
    class Fleeting(socket.socket):
        def getpeername(self):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    dial(listening()[1], make_socket=Fleeting)
    pump_until(lambda: outcome.over)
    assert outcome.error.__cause__.errno == errno.ENOTCONN


def test_families_take_turns_in_the_order_of_their_first():
    v6, v4 = (
        [Endpoint(family, number) for number in range(3)] for family in (socket.AF_INET6, socket.AF_INET)
    )
    assert interleave([*v6, *v4[:2]]) == [v6[0], v4[0], v6[1], v4[1], v6[2]]
    assert interleave([v4[0], *v6]) == [v4[0], *v6]
    assert interleave(v4) == v4


def test_no_endpoints_are_the_callers_fault(loop):
    with pytest.raises(ValueError, match="endpoints: at least one"):
        HappyEyeballs(loop, [], pytest.fail, pytest.fail)
