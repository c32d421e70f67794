"""The address of a connection with its family, formatted and parsed without resolving anything."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

from tkws.checks import check_count, check_text
from tkws.net.stream import Address


class Endpoint(NamedTuple):
    """An address to connect to, or to listen on.

    Attributes:
        family: ``AF_INET``, ``AF_INET6`` or ``AF_UNIX``.
        address: The address as `socket.socket.connect` takes it for that family.
    """

    family: int
    address: Address

    def __str__(self) -> str:
        if isinstance(self.address, tuple):
            host, port = self.address[:2]
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return os.fsdecode(self.address)


def unix_endpoint(path: str | os.PathLike[str]) -> Endpoint:
    """Return the endpoint of the Unix socket at ``path``.

    Raises:
        OSError: This system has no Unix sockets.
        TypeError: ``path`` is not a path.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("path: this system has no Unix sockets")
    return Endpoint(socket.AF_UNIX, os.fspath(path))


def numeric_endpoint(host: str, port: int) -> Endpoint | None:
    """Return the endpoint of the address ``host``, such as ``"::1"`` or ``"127.0.0.1"``; None for a name.

    Raises:
        TypeError: ``host`` is not a str, or ``port`` not an int.
        ValueError: ``port`` is out of range.
    """
    check_text("host", host)
    port = check_count("port", port, most=65535)
    try:
        # As bytes, so that Python does not load its tables for international names.
        found = socket.getaddrinfo(
            host.encode("ascii"), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (OSError, ValueError):  # a name, or nothing that could be one
        return None
    family, *_, address = found[0]
    return Endpoint(family, address)
