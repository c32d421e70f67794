"""Groups of connections by name, such as the rooms of a chat: which connections have joined which.

A group exists while it has members. A lookup by name visits only the members of that group; a lookup by
pattern also visits the names of all groups. A connection that has joined no group uses no memory for groups.

Other threads only read, from copies that are made in a single atomic step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING

from tkws.connection.groupnames import WILDCARDS

if TYPE_CHECKING:
    from tkws.connection.session import Session


class Groups:
    """The groups of one server."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: dict[str, dict[Session, None]] = {}

    def join(self, session: Session, group: str) -> None:
        """Add a connection to a group."""
        self._members.setdefault(group, {})[session] = None
        if session.groups is None:
            session.groups = {}
        session.groups[group] = None

    def leave(self, session: Session, group: str) -> None:
        """Remove a connection from a group; a no-op if it is not a member."""
        if session.groups and group in session.groups:
            del session.groups[group]
            self._remove(session, group)

    def forget(self, session: Session) -> None:
        """Remove a connection that has ended from its groups; `Session.groups` keeps their names."""
        for group in session.groups or ():
            self._remove(session, group)

    def members(self, groups: Sequence[str]) -> list[Session]:
        """Return the members of the groups, each once, in the order in which they joined.

        Args:
            groups: Names and patterns.
        """
        names = list(dict.fromkeys(chain.from_iterable(map(self._matching, groups))))
        found = [list(self._members.get(name, ())) for name in names]
        return found[0] if len(found) == 1 else list(dict.fromkeys(chain.from_iterable(found)))

    def _matching(self, pattern: str) -> Iterable[str]:
        if WILDCARDS.isdisjoint(pattern):
            return (pattern,)
        return [name for name in list(self._members) if fnmatchcase(name, pattern)]

    def _remove(self, session: Session, group: str) -> None:
        members = self._members[group]
        del members[session]
        if not members:
            del self._members[group]
