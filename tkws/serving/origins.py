"""Access control: the checks of Host and Origin that protect a server from web pages.

A browser lets any page connect to any server, this machine's own included, and sends that
page's origin (RFC 6455, 10.2). A page whose name was made to resolve to this machine (DNS
rebinding) betrays itself by the Host that it asked for. Looks at the values of two header
fields, and at the name that this machine has.

Hosts are compared in one form: lower case, no dot at the end, the shortest text of an IPv6
address. Origins are compared as scheme, host and port (RFC 6454), so ``https://example.org`` and
``https://EXAMPLE.org.:443`` are the same.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from types import MappingProxyType
from typing import NamedTuple

from tkws.errors import HandshakeError
from tkws.http.authority import parse_address
from tkws.http.hostnames import pattern_to_ascii

# Names of this machine wherever it is, beside ``*.localhost`` (RFC 6761, 6.3) and loopback addresses.
_LOCAL_NAMES = frozenset(("", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"))

_DEFAULT_PORTS = MappingProxyType({"http": 80, "https": 443, "ws": 80, "wss": 443})

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:/?#@\\\s,]*)(?::([0-9]{0,5}))?")
_PATTERN_END = re.compile(  # a dot at the end of the host, and an empty port
    r"\.(?=(?::[0-9*]+)?$)|(?<=[^:/*]):$|\.:$"
)
_BRACKETS = re.compile(r"\[[^\[\]]*\]")


class _Authority(NamedTuple):
    host: str
    port: int | None


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int | None


def check_host(host: str | None, allowed: Sequence[str] | None, *, loopback: bool) -> None:
    """Refuse a request that is addressed to a name which is not this server's.

    Args:
        host: The Host header.
        allowed: Names without a port, with ``*`` for any part; None for the default: this
            machine's own names on a loopback address, any name elsewhere.
        loopback: Whether the connection came over a loopback address.

    Raises:
        HandshakeError: The request is refused, with status 403.
    """
    authority = _parse_authority(host or "")
    name = (host or "") if authority is None else authority.host
    if allowed is not None:
        admitted = any(_matches(name, _host_pattern(pattern)) for pattern in allowed)
    else:
        admitted = not loopback or (authority is not None and _is_this_machine(name))
    if not admitted:
        raise HandshakeError(f"The host {host!r} is not served here", part="host", status=403)


def check_origin(
    origin: str | None, host: str | None, allowed: Sequence[str] | None, *, loopback: bool = False
) -> None:
    """Refuse a request of a web page of another site.

    Args:
        origin: The Origin header; None passes, since a browser would have sent one.
        host: The Host header.
        allowed: Origins such as ``https://example.org``, with ``*`` for any part; None
            for the pages of this server only.
        loopback: Whether the connection came over a loopback address. Then the pages of this
            server are those at its port under any name of this machine.

    Raises:
        HandshakeError: The request is refused, with status 403.
    """
    if origin is None:
        return
    parsed = _parse_origin(origin)
    if allowed is None:
        admitted = parsed is not None and _is_own(parsed, host or "", loopback=loopback)
    elif parsed is None:  # opaque, such as ``null``: no part of it means anything
        admitted = any(pattern == "*" or pattern.lower() == origin.lower() for pattern in allowed)
    else:
        admitted = any(_matches(text, _origin_pattern(each)) for each in allowed for text in _texts(parsed))
    if not admitted:
        raise HandshakeError(f"The origin {origin!r} may not connect", part="origin", status=403)


def is_loopback(address: object) -> bool:
    """Tell whether only this machine can reach a socket's address, as a Unix socket's."""
    if not isinstance(address, tuple):
        return True
    ip = parse_address(str(address[0]))
    return ip is not None and ip.is_loopback


def _is_own(origin: _Origin, host: str, *, loopback: bool) -> bool:
    """Tell whether a page of ``origin`` came from the server that was asked for as ``host``.

    The schemes are not compared: a server behind a proxy does not know which one the browser uses.
    """
    asked = _parse_authority(host)
    default = _DEFAULT_PORTS.get(origin.scheme)
    if asked is None or default is None:
        return False
    if (default if asked.port is None else asked.port) != origin.port:
        return False
    if asked.host == origin.host:
        return True
    return loopback and _is_this_machine(asked.host) and _is_this_machine(origin.host)


def _is_this_machine(name: str) -> bool:
    if name in _LOCAL_NAMES or name.endswith(".localhost") or is_loopback((name.strip("[]"),)):
        return True
    own = socket.gethostname().lower().removesuffix(".")
    first = own.partition(".")[0]
    return bool(first) and name in (own, f"{own}.local", first, f"{first}.local")


def _parse_authority(text: str) -> _Authority | None:
    """Return a host and its port; None for any other text."""
    found = _AUTHORITY.fullmatch(text.lower())
    if found is None:
        return None
    host, port = found[1].removesuffix("."), int(found[2]) if found[2] else None
    if host.startswith("["):
        try:
            host = f"[{ipaddress.IPv6Address(host.strip('[]'))}]"
        except ValueError:
            return None
    return None if port is not None and port > 0xFFFF else _Authority(host, port)


def _parse_origin(text: str) -> _Origin | None:
    """Return the parts of an origin; None for an opaque one, and for any other text."""
    scheme, separator, rest = text.lower().partition("://")
    authority = _parse_authority(rest)
    if not separator or not _SCHEME.fullmatch(scheme) or authority is None:
        return None
    default = _DEFAULT_PORTS.get(scheme)
    if default is not None and not authority.host:
        return None
    return _Origin(scheme, authority.host, default if authority.port is None else authority.port)


def _texts(origin: _Origin) -> list[str]:
    """Return all the ways in which an origin may be written, for patterns."""
    scheme, host, port = origin
    texts = [f"{scheme}://{host}:{port}"] if port is not None else []
    if port == _DEFAULT_PORTS.get(scheme):
        texts.append(f"{scheme}://{host}")
    return texts


def _host_pattern(pattern: str) -> str:
    pattern = pattern_to_ascii(pattern)
    authority = _parse_authority(f"[{pattern}]" if pattern.count(":") > 1 and "[" not in pattern else pattern)
    return pattern.lower() if authority is None else authority.host


def _origin_pattern(pattern: str) -> str:
    pattern = _PATTERN_END.sub("", pattern_to_ascii(pattern).lower())
    return _BRACKETS.sub(lambda found: _host_pattern(found[0]), pattern)


def _matches(value: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value) is not None
