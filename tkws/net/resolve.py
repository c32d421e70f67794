"""Finds the addresses of a host: at once if it is numeric, by the system's resolver if it is a name.

The system's resolver blocks, so it runs on a worker thread. Knows no connection; the addresses
come in the system's order (RFC 6724), as `connect` needs them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from tkws.errors import OpenError
from tkws.http.hostnames import to_ascii
from tkws.net.endpoints import Endpoint, numeric_endpoint
from tkws.net.worker import Job

if TYPE_CHECKING:
    from tkws.loop import Loop


LookUp: TypeAlias = Callable[[str, int], list[Endpoint]]
"""Returns the endpoints of a host, in ASCII, and a port; it may block, and raises if it finds no endpoint."""


def ask_system(host: str, port: int) -> list[Endpoint]:
    """Return the endpoints that the system's resolver finds; it blocks.

    Raises:
        OSError: The resolver finds no endpoint.
        UnicodeError: ``host`` cannot be a name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(Endpoint(family, address) for family, _, _, _, address in found))


class Resolution:
    """One question for the addresses of ``host``; the answer comes from the loop, once.

    Args:
        loop: Calls back.
        host: A name, also an international one, or a numeric address.
        port: The port that the endpoints get.
        on_found: Called with the endpoints, at least one, the best first.
        on_failed: Called with an `OpenError` of phase ``resolve`` instead; its cause is the resolver's.
        look_up: The resolver, called on a worker thread.

    Raises:
        TypeError: ``host`` is not a str, or ``port`` not an int.
        ValueError: ``host`` is empty or invalid, or ``port`` is out of range.
    """

    def __init__(
        self,
        loop: Loop,
        host: str,
        port: int,
        on_found: Callable[[list[Endpoint]], object],
        on_failed: Callable[[OpenError], object],
        *,
        look_up: LookUp = ask_system,
    ) -> None:
        endpoint = numeric_endpoint(host, port)
        if not host:
            raise ValueError("host: a name or an address, not ''")
        try:
            host = to_ascii(host)
        except ValueError as error:
            raise ValueError(f"host: it {error}") from None
        self._host = host
        self._on_found = on_found
        self._on_failed = on_failed
        self._over = False
        self._job: Job[list[Endpoint]] | None = None
        if endpoint is not None:
            loop.call_soon(self._found, [endpoint])
        else:
            self._job = Job(loop, partial(look_up, host, port), self._found, self._failed)

    def cancel(self) -> None:
        """Drop the answer. Idempotent."""
        self._over = True
        if self._job is not None:
            self._job.cancel()

    def _found(self, endpoints: list[Endpoint]) -> None:
        if not self._over:
            self._over = True
            self._on_found(endpoints)

    def _failed(self, cause: Exception) -> None:
        self._over = True
        reason = getattr(cause, "strerror", None) or cause
        error = OpenError(f"cannot resolve {self._host!r}: {reason}", phase="resolve")
        error.__cause__ = cause
        self._on_failed(error)
