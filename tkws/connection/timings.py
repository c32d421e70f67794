"""How long the steps of an opening took."""

from __future__ import annotations

from typing import NamedTuple


class Timings(NamedTuple):
    """The seconds that each step of an opening took; None for a step that was not needed.

    Those of a reconnecting client are of its last opening, and those of a redirected one of the last server.
    """

    name: float | None = None
    """Looking up the name of the server, or of the proxy."""

    connect: float | None = None
    """Connecting to it."""

    proxy: float | None = None
    """Reaching the server through the proxy."""

    tls: float | None = None
    """The handshake of TLS."""

    handshake: float | None = None
    """The opening handshake. In a server, from the connection or its TLS to the answer."""

    def __str__(self) -> str:
        steps = zip(self._fields, self, strict=True)
        return ", ".join(f"{step} {1000 * seconds:.1f} ms" for step, seconds in steps if seconds is not None)
