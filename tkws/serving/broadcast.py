"""Sends broadcasts: to some connections at once, to the others in slices.

Knows connections by what they offer to send, and nothing of paths or handlers.

A broadcast is written right away, connection by connection, for as long as a slice of the loop may take. For
the connections that are left it is pending: the loop sends it in turn with its other work, and a connection
that sends something itself sends what is pending before that (`tkws.connection.broadcasts`). Other broadcasts
of the same slice are gathered: one system call for each connection carries them all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tkws.connection.broadcasts import Broadcast, PendingBroadcasts
from tkws.connection.lifecycle import Phase
from tkws.errors import StateError
from tkws.loop import Loop
from tkws.loop.dwell import SLICE

if TYPE_CHECKING:
    from tkws.connection.session import Session

# Between two looks at the clock.
_UNCLOCKED = 64  # connections
_UNCLOCKED_SIZE = 256 * 1024  # bytes


class Broadcaster:
    """Sends a server's broadcasts.

    Args:
        loop: The loop of the server.
    """

    __slots__ = ("_gathers", "_loop", "_pending")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._gathers = False  # until the slice is over
        self._pending: deque[PendingBroadcasts] = deque()

    def send(self, broadcast: Broadcast, sessions: list[Session]) -> int:
        """Send a broadcast.

        Returns:
            How many it was sent to, or is pending for.
        """
        if not sessions:
            return 0
        rest = iter(sessions)
        sent = self._send_in_time(broadcast, rest)
        return sent + self._put_off(broadcast, rest)

    def _send_in_time(self, broadcast: Broadcast, sessions: Iterator[Session]) -> int:
        """Send to as many as there is time for, and leave the others to the caller."""
        loop, message = self._loop, broadcast.message
        gathers = self._gathers or bool(self._pending)
        if loop.dispatching and not gathers:
            self._gathers = True
            loop.at_slice_end(self._end_slice)
        now = loop.now()
        latest = now + min(loop.slice_left(), SLICE)
        unclocked = max(min(_UNCLOCKED, _UNCLOCKED_SIZE // broadcast.size), 1)
        sent = 0
        for number, session in enumerate(sessions, 1):
            directly = not gathers and session.send_directly(message, now)
            sent += directly or broadcast.send_to(session)
            if not number % unclocked and loop.now() >= latest:
                break
        return sent

    def _end_slice(self) -> None:
        self._gathers = False

    def _put_off(self, broadcast: Broadcast, sessions: Iterator[Session]) -> int:
        """Leave it to the loop to send to these connections."""
        idle, count = not self._pending, 0
        for session in sessions:
            if session.phase is not Phase.OPEN:
                continue
            pending = session.sending.pending
            if pending is None:
                self._pending.append(PendingBroadcasts(session, broadcast))
            else:
                pending.add(broadcast)
            count += 1
        if idle and self._pending:
            self._loop.call_soon(self._send_pending)
        return count

    def _send_pending(self) -> None:
        """Send to some connections; others have their turn in between."""
        pending, room = self._pending, _UNCLOCKED_SIZE
        try:
            for _ in range(min(_UNCLOCKED, len(pending))):
                room -= pending[0].size
                pending.popleft().send()
                if room <= 0:
                    break
        finally:
            if self._loop.closed:
                pending.clear()
            elif pending:
                self._loop.call_soon(self._send_pending)


def send_later(broadcast: Broadcast, sessions: list[Session]) -> int:
    """Send a broadcast from another thread, after what that has sent to each connection before.

    Returns:
        For how many connections it was passed on.
    """
    count = 0
    for session in sessions:
        with suppress(StateError):  # it has ended meanwhile
            session.sending.threads.submit(partial(broadcast.send_to, session))
            count += 1
    return count
