"""What happens after a suspend: the clock on the wall has gone on, the monotonic clock has not."""

import pytest

import tkws
from tests.peers import Log, Peer
from tkws.connection.attempt import Opened
from tkws.connection.websocket import WebSocket, session_of
from tkws.loop import TkLoop
from tkws.loop.suspend import SuspendDetector
from tkws.net import SocketStream
from tkws.options import ConnectionOptions
from tkws.protocol.frames import Opcode, Role


class Wall:
    """A clock on the wall that a test may set."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize(
    ("drift", "slept"), [(0, False), (4, False), (6, True), (3600, True), (-3600, False)]
)
def test_the_clocks_are_compared_from_look_to_look(drift, slept):
    wall = Wall()
    watch = SuspendDetector(lambda: 5.0, wall)
    assert not watch.was_suspended()
    wall.time += drift
    assert watch.was_suspended() is slept
    assert not watch.was_suspended()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def loop(root, wall):
    made = TkLoop(root, wall=wall)
    yield made
    made.close()


def connect(loop, peers, pump_until, log, **options) -> tuple[WebSocket, Peer]:
    near, far = peers.sockets()
    ws = WebSocket(loop, Role.SERVER, ConnectionOptions(handler=log, **options))
    session_of(ws).begin(Opened(SocketStream(loop, near), None))
    return ws, Peer(far, pump_until, client=True)


def test_the_line_is_probed_at_once(loop, wall, peers, pump_until):
    ws, peer = connect(loop, peers, pump_until, Log(), keepalive=300)
    wall.time += 3600
    loop.call_later(0.01, lambda: None)
    assert peer.hear() == [(Opcode.PING, b"1")]
    peer.say(Opcode.PONG, b"1")
    pump_until(lambda: ws.latency is not None)
    assert ws.state is tkws.State.OPEN


def test_a_peer_that_has_gone_meanwhile_is_found_out(loop, wall, peers, pump_until):
    log = Log()
    connect(loop, peers, pump_until, log, keepalive=300, pong_timeout=0.05)
    wall.time += 3600
    loop.call_later(0.01, lambda: None)
    pump_until(lambda: log.over)
    assert log.one("close") == (1006, "No pong within 0.05 seconds")


@pytest.mark.parametrize("options", [{"keepalive": 0}, {"keepalive": 300, "pong_timeout": 0}])
def test_who_wants_no_keepalive_is_not_probed_and_who_waits_for_ever_is_not_given_up(
    loop, wall, peers, pump_until, options
):
    ws, _ = connect(loop, peers, pump_until, Log(), **options)
    wall.time += 3600
    done = []
    loop.call_later(0.01, lambda: None)
    loop.call_later(0.05, done.append, True)
    pump_until(lambda: done)
    assert ws.statistics.pings_sent == (1 if options["keepalive"] else 0)
    assert ws.state is tkws.State.OPEN


def test_a_client_that_waits_to_try_again_does_so_at_once(loop, wall, root, pump_until, monkeypatch):
    monkeypatch.setattr("tkws.commands.opening.loop_for", lambda master: loop)
    log = Log()
    never = tkws.Backoff(initial=60, jitter=0, factor=1)
    ws = tkws.open("ws://127.0.0.1:1/", log, master=root, reconnect=never)
    pump_until(lambda: log.types == ["error", "disconnect", "retry"])
    assert ws.retry_in > 50
    wall.time += 3600
    loop.call_later(0.01, lambda: None)
    pump_until(lambda: log.types.count("error") == 2)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
