"""Addresses of Unix sockets: ``ws+unix:///run/app.sock:/feed``, as other WebSocket programs write them.

Pure functions. After the colon come the path and the query of the request; the host is ``localhost``.
"""

from __future__ import annotations

import os
import re

_SCHEMES = re.compile(r"(?:(wss?)\+)?unix:(?://)?(.+)", re.IGNORECASE | re.DOTALL)
_PATH = re.compile(r"(?:~|\.{1,2})?/")
_SOCKET = re.compile(r"(.+?)(?::(/.*)?)?", re.DOTALL)


def complete_unix(address: str) -> str | None:
    """Return an address of a Unix socket in full; None if it is not one.

    Args:
        address: ``ws+unix:``, ``wss+unix:`` or ``unix:`` with a path, or only the path of the socket, which
            begins with ``/``, ``~/``, ``./`` or ``../``. Abstract names begin with ``@``.
    """
    match = _SCHEMES.fullmatch(address)
    if match is None:
        if not _PATH.match(address):
            return None
        scheme, rest = "ws", address
    else:
        scheme, rest = (match[1] or "ws").lower(), match[2]
    socket = _SOCKET.fullmatch(rest)
    assert socket is not None
    path = os.path.expanduser(socket[1])
    path = path if path.startswith("@") else os.path.abspath(path)
    return join_unix(path, f"{scheme}://localhost{socket[2] or '/'}")


def split_unix(url: str) -> tuple[str, str] | None:
    """Return the path of the socket, and the URL with ``ws://localhost``; None for another address.

    Args:
        url: An address as `complete_unix` returns it.
    """
    match = _SCHEMES.fullmatch(url)
    socket = _SOCKET.fullmatch(match[2]) if match is not None and match[1] else None
    if match is None or socket is None:
        return None
    return socket[1], f"{match[1].lower()}://localhost{socket[2] or '/'}"


def join_unix(path: str, url: str) -> str:
    """Return the address of the Unix socket ``path`` whose requests are those for ``url``."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}+unix://{path}:/{rest.partition('/')[2]}"


def socket_name(path: str) -> str:
    """Return the path as the system takes it: an abstract name begins with NUL instead of ``@``."""
    return f"\0{path[1:]}" if path.startswith("@") else path
