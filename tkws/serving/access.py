"""Who may connect: the checks of Host and Origin that protect a server from web pages.

A browser lets any page connect to any server, this machine's own included, and sends that
page's origin (RFC 6455, 10.2). A page whose name was made to resolve to this machine (DNS
rebinding) betrays itself by the Host that it asked for. Pure functions of header values.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from tkws.errors import HandshakeError


def check_host(host: str | None, allowed: Sequence[str] | None, *, loopback: bool) -> None:
    """Refuse a request that was addressed to another name than this server's.

    Args:
        host: The Host header.
        allowed: Names without a port, with ``*`` for any part; None for the default: this
            machine's own names on a loopback address, any name elsewhere.
        loopback: Whether the connection came over a loopback address.

    Raises:
        HandshakeError: With status 403.
    """
    name = _without_port(host or "").lower()
    if allowed is not None:
        admitted = any(_matches(name, pattern) for pattern in allowed)
    else:
        admitted = not loopback or _is_this_machine(name)
    if not admitted:
        raise HandshakeError(f"The host {host!r} is not served here", part="host", status=403)


def check_origin(origin: str | None, host: str | None, allowed: Sequence[str] | None) -> None:
    """Refuse a request of a web page that does not belong here.

    Args:
        origin: The Origin header; None passes, since what sends none is no browser.
        host: The Host header.
        allowed: Origins such as ``https://example.org``, with ``*`` for any part; None
            for the pages of this server only.

    Raises:
        HandshakeError: With status 403.
    """
    if origin is None:
        return
    if allowed is not None:
        admitted = any(_matches(origin, pattern) for pattern in allowed)
    else:
        _, separator, authority = origin.lower().partition("://")
        admitted = bool(separator) and authority == (host or "").lower()
    if not admitted:
        raise HandshakeError(f"The origin {origin!r} may not connect", part="origin", status=403)


def is_loopback(address: object) -> bool:
    """Whether a socket's address is one that only this machine can reach; a Unix socket's is."""
    if not isinstance(address, tuple):
        return True
    try:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def _is_this_machine(name: str) -> bool:
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    return is_loopback((name.strip("[]"),))


def _without_port(host: str) -> str:
    return re.sub(r":\d*$", "", host)


def _matches(value: str, pattern: str) -> bool:
    parts = (re.escape(part) for part in pattern.lower().split("*"))
    return re.fullmatch(".*".join(parts), value.lower()) is not None
