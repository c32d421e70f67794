"""The connections of one server, by requested path, by client address and by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tkws.serving.groups import Groups

if TYPE_CHECKING:
    from tkws.connection.session import Session
    from tkws.http.messages import Request


class Connections:
    """The connections that are not closed, oldest first. Other threads only read.

    It owns the sessions (`tkws.connection.owner`), which call `forget` at their end.

    Args:
        on_disconnect_delivered: Called when a connection has delivered its last `disconnect`.

    Attributes:
        groups: The groups that the connections have joined.
        undelivered: How many connections have ended but not yet delivered their last `disconnect`.
    """

    __slots__ = ("_addresses", "_on_disconnect_delivered", "_paths", "groups", "undelivered")

    def __init__(self, on_disconnect_delivered: Callable[[], object]) -> None:
        self.groups: Groups = Groups()
        self.undelivered: int = 0
        self._on_disconnect_delivered = on_disconnect_delivered
        self._paths: dict[Session, str] = {}
        self._addresses: Counter[object] = Counter()

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, session: Session, path: str, request: Request) -> None:
        """Add a connection.

        Args:
            session: The connection.
            path: The path of the request, percent-decoded.
            request: The request.
        """
        self._paths[session] = path
        self._addresses[_address_of(request)] += 1
        session.owner = self

    def forget(self, session: Session) -> None:
        """Remove a connection that has ended."""
        del self._paths[session]
        self.undelivered += 1
        self.groups.forget(session)
        assert session.ws.request is not None
        address = _address_of(session.ws.request)
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def disconnect_delivered(self, session: Session) -> None:
        """Note that a connection has delivered its last `disconnect`."""
        self.undelivered -= 1
        self._on_disconnect_delivered()

    def join(self, session: Session, group: str) -> None:
        """Add a connection to a group."""
        self.groups.join(session, group)

    def leave(self, session: Session, group: str) -> None:
        """Remove a connection from a group."""
        self.groups.leave(session, group)

    def count_from(self, request: Request) -> int:
        """Return how many connections come from the address of a request."""
        return self._addresses[_address_of(request)]

    def all(self) -> list[Session]:
        """Return the connections as a list, copied atomically since the caller may be in another thread."""
        return list(self._paths)

    def select(self, path: str, groups: Sequence[str] | None, excluded: Collection[Session]) -> list[Session]:
        """Return the receivers of a broadcast.

        Args:
            path: A glob for the requested paths.
            groups: Names and patterns of groups; None for all connections.
            excluded: The connections to leave out.
        """
        sessions = self.all() if groups is None else self.groups.members(groups)
        if path != "*":
            paths = self._paths
            sessions = [each for each in sessions if fnmatchcase(paths.get(each, ""), path)]
        return [each for each in sessions if each not in excluded] if excluded else sessions


def _address_of(request: Request) -> object:
    return request.peer[0] if isinstance(request.peer, tuple) else request.peer
