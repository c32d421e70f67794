"""The owner of a connection, as far as the connection knows it: its server, or a widget that it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tkws.errors import StateError

if TYPE_CHECKING:
    from tkws.connection.session import Session


class SessionOwner(Protocol):
    """The owner of sessions; all calls come in the loop's thread."""

    def forget(self, session: Session) -> None:
        """Note that its life is over; called once, before the last `disconnect` is delivered."""

    def disconnect_delivered(self, session: Session) -> None:
        """Note that its last `disconnect` has been delivered."""

    def join(self, session: Session, group: str) -> None:
        """Add it to a group, which keeps the name in `Session.groups`."""

    def leave(self, session: Session, group: str) -> None:
        """Take it out of a group."""


def not_of_a_server() -> StateError:
    """Return the error of a `join` by a connection that no server has made."""
    return StateError("join: only a connection that a Server has made can join its groups")
