"""Who may steer: each guest has a token, a name and some rooms. Decides on each request for a WebSocket."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import tkws

MAX_NAME = 20


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """Somebody who has been invited; `tkws.WebSocket.data` of each of their connections."""

    name: str
    rooms: tuple[str, ...]
    token: str


class Guests:
    """The guest list; `admit` is for `tkws.Server.admit`."""

    def __init__(self) -> None:
        self._guests: list[Guest] = []
        self._check_header = tkws.bearer_auth(self._find, realm="house")

    def __iter__(self) -> Any:
        return iter(self._guests)

    def invite(self, name: str, rooms: Iterable[str]) -> Guest:
        """Add a guest, with a new token.

        Raises:
            ValueError: The name is empty, too long or taken, or there is no room; the text says which.
        """
        name = " ".join(name.split())
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise ValueError(f"A name has 1 to {MAX_NAME} characters.")
        if any(guest.name.casefold() == name.casefold() for guest in self._guests):
            raise ValueError(f"{name} has been invited already.")
        guest = Guest(name, tuple(rooms), secrets.token_urlsafe(12))
        if not guest.rooms:
            raise ValueError("Choose at least one room.")
        self._guests.append(guest)
        return guest

    def withdraw(self, guest: Guest) -> None:
        """Remove a guest: the token is worthless from now on."""
        self._guests.remove(guest)

    def admit(self, request: tkws.Request) -> Any:
        """Let a guest in, or answer 401.

        A program sends the token in the header ``Authorization``. A page cannot set headers for a WebSocket,
        so it puts the token into the query.
        """
        token = dict(request.query).get("token")
        if token is None:
            return self._check_header(request)
        guest = self._find(token)
        return tkws.Admit(guest) if guest else tkws.Response(401)

    def _find(self, token: str) -> Guest | None:
        """Return the guest who has this token; takes the same time wherever a wrong token differs."""
        given = token.encode(errors="replace")
        found = [guest for guest in self._guests if hmac.compare_digest(guest.token.encode(), given)]
        return found[0] if found else None
