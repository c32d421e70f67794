"""Connected streams to test on, and a loop that must be left as it was found."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.net.owner import Recorder
from tkws.loop import Loop, loop_for
from tkws.net import SocketStream


@pytest.fixture
def loop(root) -> Iterator[Loop]:
    """The loop of `root`; what is still watched or timed after the test fails it."""
    loop = loop_for(root)
    yield loop
    if loop.closed:
        return
    assert loop._watches.keys() == {loop._wakeup.fileno()}
    assert not [timer for _, _, timer in loop._timers._heap if timer.active]


@pytest.fixture
def socket_pair() -> Iterator[Callable[[str], tuple[socket.socket, socket.socket]]]:
    """``socket_pair(kind)``: two connected sockets by ``tcp``, ``tcp6`` or ``unix``; closed after the test."""
    made: list[socket.socket] = []

    def connect(kind: str = "tcp") -> tuple[socket.socket, socket.socket]:
        if kind == "unix":
            pair = socket.socketpair()
        else:
            family, host = (socket.AF_INET6, "::1") if kind == "tcp6" else (socket.AF_INET, "127.0.0.1")
            with socket.create_server((host, 0), family=family) as listening:
                client = socket.create_connection(listening.getsockname()[:2])
                pair = client, listening.accept()[0]
        made.extend(pair)
        return pair

    yield connect
    for sock in made:
        sock.close()


@pytest.fixture
def stream_pair(loop, socket_pair):
    """``stream_pair(kind, place=0)``: two connected streams and their owners; aborted after the test."""
    made: list[SocketStream] = []

    def connect(kind: str = "tcp", place: int = 0):
        owners = Recorder(place), Recorder(place)
        pair = [
            SocketStream(loop, sock, owner) for sock, owner in zip(socket_pair(kind), owners, strict=True)
        ]
        made.extend(pair)
        return *pair, *owners

    yield connect
    for stream in made:
        stream.abort()
