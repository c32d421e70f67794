"""A client, the ends that a server has of it one after another, and the books of both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tkws
from tests.ledger import Ledger, Tally
from tkws.connection.session import all_websockets

# With these codes the client and the server end when all was sent.
CLIENTS_CLOSE, SERVERS_CLOSE = 4000, 4001

# Bytes that wait to be sent, after which a program with sense sends no more.
ENOUGH = 4 << 20

QUICK = tkws.Backoff(initial=0.02, factor=1.5, maximum=0.3)


class Broken(Exception):
    """What a handler raises on purpose."""


class Pair:
    """Messages go both ways until one of them closes for good; lost connections are opened again.

    Args:
        url: Where to, with a path of its own.
        ends: Returns the server's ends that are open.
        broadcast: Sends to the path by the server's `broadcast`, and returns to how many; None to
            send as usual.
        options: Of `tkws.open`.
    """

    def __init__(
        self,
        url: str,
        ends: Callable[[], Iterable[tkws.WebSocket]],
        broadcast: Callable[[bytes], int] | None = None,
        **options: Any,
    ) -> None:
        self.up, self.down = Ledger(CLIENTS_CLOSE), Ledger(SERVERS_CLOSE)
        self.lives = 0
        self.floods = 0  # threads that send from the client, and what they sent last is not out yet
        self.ticks_since_end = 0  # of `check_over`, since the client has ended
        self.server_end: tkws.WebSocket | None = None
        self.next_action: Callable[[], object] | None = None  # of a handler, once
        self._connecting = False  # whether the client's handler of `connect` runs
        self._handling = 0  # handlers of the client that run, one in another
        self._present: set[tkws.WebSocket] = set()
        self._ends = ends
        self._broadcast = broadcast
        self.ws = tkws.open(
            url,
            self.client,
            reconnect=QUICK,
            offline_buffer=1 << 20,
            timeout=3,
            keepalive=0.5,
            pong_timeout=1,
            close_timeout=1,
            **options,
        )

    def client(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        """The client's handler."""
        self.up.sending(ws, type, message)
        self.down.receiving(ws, type, message)
        before, self._connecting = self._connecting, self._connecting or type == "connect"
        self._handling += 1
        try:
            self._act()
        finally:
            self._handling -= 1
            self._connecting = before

    def server(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        """The handler of each of the server's ends."""
        self.up.receiving(ws, type, message)
        self.down.sending(ws, type, message)
        if type == "connect":
            self.lives += 1
            self._present.add(ws)
            self.server_end = ws
        elif type == "disconnect":
            self._present.discard(ws)
            if self.server_end is ws:
                self.server_end = None
        self._act()

    def send_up(self, size: int = 0, *, text: bool = False) -> None:
        """Send from the client, unless enough is waiting.

        Two threads have no order, and what is sent while the handler of `connect` runs goes out before
        what was kept.
        """
        if self.ws.buffered_amount < ENOUGH and not self.floods and not self._connecting:
            self.up.send(self.ws, size, text=text)

    def send_down(self, size: int = 0, *, text: bool = False) -> None:
        """Send from the server, where it has a connection and not enough is waiting.

        A broadcast reaches an end before that has told its `connect`, and the books know it only from then.
        """
        ws = self.server_end
        if ws is None or ws.buffered_amount >= ENOUGH:
            return
        if self._broadcast is None:
            self.down.send(ws, size, text=text)
        elif self._present.issuperset(self._ends()):
            self.down.send(self, size)

    def send(self, payload: bytes) -> None:
        """Stand for a connection whose messages are broadcast."""
        assert self._broadcast is not None
        if not self._broadcast(payload):
            raise tkws.StateError("It reached nobody")

    def check_over(self) -> bool:
        """Return whether the client has ended for good, and every end of the server's as well."""
        if self.ws in all_websockets:  # CLOSED it is already between the end of a life and the next attempt
            return False
        if self._handling or self.ws._session.delivery.has_backlog:  # a dialog holds up the last events
            return False
        self.ticks_since_end += 1
        return not self._present

    def tallies(self) -> list[Tally]:
        """Close the books."""
        return [self.up.tally(), self.down.tally()]

    def _act(self) -> None:
        action, self.next_action = self.next_action, None
        if action is not None:
            action()
