"""Connected streams to test on, and a loop that must be left as it was found."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.net.owner import Recorder
from tkws.loop import Loop, loop_for
from tkws.net import SocketStream, Stream, TLSStream

LATEST = ssl.TLSVersion.MAXIMUM_SUPPORTED
LAYERS = {
    "tls": ["tcp", LATEST],
    "tls1.2": ["unix", ssl.TLSVersion.TLSv1_2],
    "tls in tls": ["tcp", LATEST, LATEST],
}


@pytest.fixture
def loop(root) -> Iterator[Loop]:
    """The loop of `root`; what is still watched or timed after the test fails it."""
    loop = loop_for(root)
    yield loop
    if loop.closed:
        return
    assert loop._readiness.watches.keys() == {loop._wakeup.fileno()}
    assert not [timer for _, _, timer in loop._timers._heap if timer.active]


@pytest.fixture
def socket_pair() -> Iterator[Callable[[str], tuple[socket.socket, socket.socket]]]:
    """``socket_pair(kind)``: two connected sockets by tcp, tcp6 or unix; closed after the test."""
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
def stream_pair(loop, socket_pair, server_ssl, client_ssl, pump_until):
    """``stream_pair(kind, place=0)``: two connected streams and their owners; aborted after the test.

    The kinds are those of `socket_pair`, and ``tls``, ``tls1.2`` and ``tls in tls``, whose first end is
    the client's, or the server's where ``server `` precedes.
    """
    made: list[Stream] = []

    def connect(kind: str = "tcp", place: int = 0):
        base, *layers = LAYERS.get(kind.removeprefix("server "), [kind])
        owners = Recorder(place), Recorder(place)
        streams: list[Stream] = [
            SocketStream(loop, sock, owner) for sock, owner in zip(socket_pair(base), owners, strict=True)
        ]
        made.extend(streams)
        for version in layers:
            client_ssl.maximum_version = version
            established: list[bool] = []
            for number, owner in enumerate(owners):
                streams[number] = TLSStream(
                    streams[number],
                    server_ssl if number else client_ssl,
                    owner,
                    server_side=bool(number),
                    server_hostname=None if number else "localhost",
                    on_established=partial(established.append, True),
                )
            made.extend(streams)
            pump_until(lambda: len(established) == 2)
        if kind.startswith("server "):
            return streams[1], streams[0], owners[1], owners[0]
        return *streams, *owners

    yield connect
    for stream in reversed(made):
        stream.abort()
