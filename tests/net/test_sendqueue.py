"""What the system still holds: asked of real sockets, as far as it tells."""

from __future__ import annotations

import contextlib
import os
import sys

import pytest

from tkws.net.sendqueue import unacknowledged_by_peer

pytestmark = pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell")


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "unix"])
def test_it_is_what_the_peer_has_not_taken(socket_pair, kind) -> None:
    near, far = socket_pair(kind)
    assert unacknowledged_by_peer(near) == 0
    near.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += near.send(bytes(100_000))
    held = unacknowledged_by_peer(near)
    assert held > 50_000
    while sent:
        sent -= len(far.recv(sent))
    assert unacknowledged_by_peer(near) < held


def test_where_the_system_does_not_know_nothing_is_held() -> None:
    class Socket:
        """What is no socket of the system."""

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor

        def fileno(self) -> int:
            return self._descriptor

        def getsockopt(self, level: int, option: int) -> int:
            raise OSError

    assert unacknowledged_by_peer(Socket(-1)) == 0  # type: ignore[arg-type] # all that it asks for
    with open(os.devnull, "rb") as file:
        assert unacknowledged_by_peer(Socket(file.fileno())) == 0  # type: ignore[arg-type] # all that it asks for
