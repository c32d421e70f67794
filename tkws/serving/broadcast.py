"""Sends one frame to many connections: to some at once, to others later, to slow ones perhaps not at all.

Knows connections by what they offer to send, and nothing of paths or handlers.

A broadcast is written right away, connection by connection, for as long as a slice of the loop
may take. The rest waits for the end of the slice with the connections' other messages, and so do
other broadcasts of the same slice: one system call for each connection carries them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tkws.errors import StateError
from tkws.loop import Loop
from tkws.loop.dwell import SLICE
from tkws.protocol.closing import CloseCode

if TYPE_CHECKING:
    from tkws.connection.session import Session
    from tkws.options import ServerOptions

# Between two looks at the clock.
_UNCLOCKED = 64  # connections
_UNCLOCKED_SIZE = 256 * 1024  # bytes


class Broadcaster:
    """Sends a server's broadcasts.

    Args:
        loop: The loop of the server.
    """

    __slots__ = ("_gathers", "_loop")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._gathers = False  # until the slice is over

    def send(self, frame: bytes, sessions: list[Session], options: ServerOptions) -> int:
        """Send a frame of `tkws.protocol.payloads.encode_broadcast`.

        Args:
            frame: The frame.
            sessions: The receivers.
            options: Decide what happens for a peer that does not keep up.

        Returns:
            How many it was sent to.
        """
        if not sessions:
            return 0
        rest = iter(sessions)
        sent = 0 if self._gathers else self._send_directly(frame, rest, options)
        return sent + sum(pass_on(session, frame, options) for session in rest)

    def _send_directly(self, frame: bytes, sessions: Iterator[Session], options: ServerOptions) -> int:
        """Write to as many as there is time for, and leave the others to the caller."""
        loop = self._loop
        if loop.dispatching:
            self._gathers = True
            loop.at_slice_end(self._end_slice)
        now = loop.now()
        latest = now + min(loop.slice_left(), SLICE)
        unclocked = max(min(_UNCLOCKED, _UNCLOCKED_SIZE // len(frame)), 1)
        sent = 0
        for number, session in enumerate(sessions, 1):
            sent += session.send_directly(frame, now) or pass_on(session, frame, options)
            if not number % unclocked and loop.now() >= latest:
                break
        return sent

    def _end_slice(self) -> None:
        self._gathers = False


def pass_on_later(frame: bytes, sessions: list[Session], options: ServerOptions) -> int:
    """Send the frame from another thread, after what that has sent to each connection before.

    Returns:
        For how many connections it was passed on.
    """
    count = 0
    for session in sessions:
        with suppress(StateError):  # it has ended meanwhile
            session.sending.threads.submit(partial(pass_on, session, frame, options))
            count += 1
    return count


def pass_on(session: Session, frame: bytes, options: ServerOptions) -> bool:
    """Send the frame with what else the connection sends; return False if its peer does not keep up."""
    waiting, policy = session.buffered_amount, options.slow_peer
    if policy == "buffer":
        most = options.max_buffered
        takes = most is None or waiting + len(frame) <= most or not waiting
    else:
        takes = waiting <= session.options.high_water
    if takes:
        return session.send_encoded(frame)
    if policy == "skip":
        session.ws.broadcasts_skipped += 1
    else:
        session.begin_close(CloseCode.POLICY_VIOLATION, "Too slow")
    return False
