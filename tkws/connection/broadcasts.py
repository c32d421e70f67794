"""A broadcast as one connection sends it: at once, later, or not at all if its peer does not keep up.

Knows one connection at a time; which ones get a broadcast and when is for `tkws.serving.broadcast`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tkws.protocol.closing import CloseCode
from tkws.protocol.encoded import EncodedMessage

if TYPE_CHECKING:
    from tkws.connection.session import Session
    from tkws.options import ServerOptions


class Broadcast:
    """A message for many connections.

    Args:
        message: The message.
        options: Decide what happens for a peer that does not keep up.

    Attributes:
        message: As above.
        size: The bytes of its frame without compression.
    """

    __slots__ = ("_options", "message", "size")

    def __init__(self, message: EncodedMessage, options: ServerOptions) -> None:
        self.message: EncodedMessage = message
        self.size: int = len(message.frame)
        self._options = options

    def send_to(self, session: Session) -> bool:
        """Send it after the connection's other output; return False if the peer does not keep up."""
        pending = session.sending.pending
        if pending is not None:
            pending.add(self)
            return True
        waiting, policy = session.buffered_amount, self._options.slow_peer
        if policy == "buffer":
            most = self._options.max_buffered
            takes = most is None or waiting + self.size <= most or not waiting
        else:
            takes = waiting <= session.options.high_water
        if takes:
            return session.send_encoded(self.message)
        if policy == "skip":
            session.ws.broadcasts_skipped += 1
        else:
            session.begin_close(CloseCode.POLICY_VIOLATION, "Too slow")
        return False


class PendingBroadcasts:
    """The broadcasts that wait for their turn at one connection, which sends them before anything else.

    Args:
        session: The connection.
        broadcast: The first of them.

    Attributes:
        size: The bytes of their frames.
    """

    __slots__ = ("_broadcasts", "_session", "size")

    def __init__(self, session: Session, broadcast: Broadcast) -> None:
        self.size: int = broadcast.size
        self._session = session
        self._broadcasts = [broadcast]
        session.sending.await_pending(self)

    def add(self, broadcast: Broadcast) -> None:
        """Send another one after them."""
        self._broadcasts.append(broadcast)
        self.size += broadcast.size

    def send(self) -> None:
        """Send them now. A no-op the second time."""
        session, broadcasts = self._session, self._broadcasts
        if session.sending.pending is not self:
            return
        session.sending.await_pending(None)
        if len(broadcasts) == 1 and session.send_directly(broadcasts[0].message, session.loop.now()):
            return
        for broadcast in broadcasts:
            broadcast.send_to(session)
