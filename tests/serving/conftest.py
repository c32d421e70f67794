"""A server and the peers that listen to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from string import ascii_lowercase
from typing import Any

import pytest

import tkws
from tests.peers import Log, Peer

Audience = tuple[tkws.HTTPServer, list[tkws.WebSocket], list[Peer]]


@pytest.fixture
def gather(root, peers, pump_until) -> Iterator[Callable[..., Audience]]:
    """``gather(count, **options)``: a server, its connections by age, and the other end of each.

    They have asked for the paths ``/a``, ``/b``, and so on.
    """
    made: list[Audience] = []

    def gather(count: int, **options: Any) -> Audience:
        server = tkws.serve(master=root, handler=Log(), **options)
        far: list[Peer] = []
        for name in ascii_lowercase[:count]:
            far.append(peers.connect(server))
            far[-1].ask(f"/{name}")
            far[-1].take_until()
            pump_until(lambda: len(server.connections) == len(far))
        made.append((server, list(server.connections), far))
        return made[-1]

    yield gather
    for server, _, far in made:
        server.close()
        for peer in far:
            peer.sock.close()
        pump_until(lambda: not server.connections)
