"""Groups of connections by name, such as the rooms of a chat: which connections have joined which.

A group exists while it has members. A lookup by name visits only the members of that group; a lookup by
pattern also visits the names of all groups. A connection that has joined no group uses no memory for groups.

Other threads only read, from copies that are made in a single atomic step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from tkws.connection.owner import WILDCARDS

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


class Backplane(Protocol):
    """An object that carries the messages of groups between several servers, such as a message broker.

    `Server.backplane` takes any object with these two methods.
    """

    def publish(self, group: str, message: str | bytes) -> object:
        """Pass a message to all other servers; called in the thread of the `Server.broadcast`.

        Args:
            group: The name, or the pattern, that it was sent to.
            message: ``str`` for text, ``bytes`` for binary.
        """

    def subscribe(self, deliver: Callable[[str, str | bytes], object]) -> object:
        """Start to call ``deliver(group, message)``, from any thread, for what other servers publish."""


def check_groups(name: str, groups: object) -> tuple[str, ...]:
    """Return one or more names or patterns as a tuple.

    Raises:
        TypeError: ``groups`` is neither a str nor an iterable of str.
    """
    if isinstance(groups, str):
        return (groups,)
    if isinstance(groups, bytes | bytearray) or not isinstance(groups, Iterable):
        raise TypeError(f"{name}: str or several, not {type(groups).__name__}")
    several = tuple(groups)
    for group in several:
        if not isinstance(group, str):
            raise TypeError(f"{name}: each a str, not {type(group).__name__}")
    return several
