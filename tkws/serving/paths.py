"""The paths of one server: finds the handler and the subprotocol for a request for a WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from tkws.errors import HandshakeError
from tkws.handlers import EventHandler
from tkws.options import ignore


class PathEntry(NamedTuple):
    """An entry of `Server.live`."""

    path: str
    handler: EventHandler
    protocol: str
    stream: bool | None = None
    """The option ``stream`` for these connections; None to use the server's."""


class Paths:
    """The entries of `Server.live`, in order."""

    def __init__(self) -> None:
        self._entries: list[PathEntry] = []

    def add(self, entry: PathEntry) -> None:
        """Add an entry after the others."""
        self._entries.append(entry)

    def have(self, handler: EventHandler) -> bool:
        """Tell whether a handler is that of an entry."""
        return any(entry.handler is handler for entry in self._entries)

    def matching(self, path: str, default: EventHandler) -> list[PathEntry]:
        """Return the entries that match a percent-decoded path, the default handler's last."""
        entries = [entry for entry in self._entries if fnmatchcase(path, entry.path)]
        if default is not ignore:
            entries.append(PathEntry("*", default, "*"))
        return entries

    def find(self, path: str, offered: Sequence[str], default: EventHandler) -> tuple[PathEntry, str]:
        """Return the entry for a request, and the subprotocol that it accepts (tcllib's ``test``).

        Raises:
            HandshakeError: No entry fits.
        """
        entries = self.matching(path, default)
        for entry in entries:
            if not offered:
                return entry, ""
            for protocol in offered:
                if fnmatchcase(protocol, entry.protocol):
                    return entry, protocol
        if entries:
            raise HandshakeError("None of these subprotocols is spoken here", part="protocol", status=400)
        raise HandshakeError(f"There is no WebSocket at {path!r}", part="path", status=404)


def check_glob(path: str) -> None:
    """Refuse a glob that can match no path: every path begins with ``/``."""
    if not any(fnmatchcase("/", path[:end]) for end in range(1, len(path) + 1)):
        raise ValueError(f"path: must begin with '/' or a wildcard, not {path!r}")


def choose_offered(protocols: tuple[str, ...], chosen: str | None) -> Sequence[str]:
    """Return the subprotocols to choose from: the one that the program chose, or all that the client offers.

    Raises:
        ValueError: The client does not offer ``chosen``.
    """
    if chosen is None:
        return protocols
    if chosen and chosen not in protocols:
        offers = ", ".join(protocols) or "none"
        raise ValueError(f"protocol: one that the client offers ({offers}), not {chosen!r}")
    return [chosen] if chosen else ()
