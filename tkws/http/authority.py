"""Host, port and credentials in a URL (RFC 3986, 3.2): one parser for servers, proxies and redirects.

Knows the syntax, not the network. A host is kept in one form: a name in ASCII and lower case, or an
address, IPv6 without brackets and with its zone after a "%". No error shows a part of the text, which may
belong to a password, except an international name.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from tkws.http.hostnames import MAX_NAME, to_ascii

# Compiled, and kept, by re when the first URL is read.
_HOST_AND_PORT = r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(?::(?P<port>[0-9]*))?"
_NAME = r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?"


class Authority(NamedTuple):
    """The part of a URL between its scheme and its path."""

    host: str
    """The name in ASCII and lower case, or the address; IPv6 without brackets."""

    port: int | None
    """The port; None where the URL has none."""

    username: str | None
    """The user, percent-decoded; None where the URL names none."""

    password: str | None
    """The password, percent-decoded; None where the URL has none."""


def parse_authority(text: str) -> Authority:
    """Parse a text such as ``user:password@example.org:8443``.

    Raises:
        ValueError: The text is not valid. The message can follow "the URL".
    """
    userinfo, _, rest = text.rpartition("@")
    parts = re.fullmatch(_HOST_AND_PORT, rest)
    if parts is None:
        raise ValueError("must have a host and perhaps a port")
    host = _read_ipv6(parts["ipv6"]) if parts["ipv6"] is not None else _read_name(parts["name"])
    return Authority(host, _read_port(parts["port"]), *_read_userinfo(userinfo))


def format_host(host: str, *, zone: bool = False) -> str:
    """Return a host as in a URL: IPv6 in brackets, with its zone (RFC 6874) if wanted."""
    if ":" not in host:
        return host
    address, percent, name = host.partition("%")
    return f"[{address}%25{quote(name, safe='')}]" if percent and zone else f"[{address}]"


def format_authority(host: str, port: int, *, zone: bool = False) -> str:
    """Return host and port as in a URL."""
    return f"{format_host(host, zone=zone)}:{port}"


def parse_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address of a numeric host, without its zone, and as IPv4 if it is mapped into IPv6."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by itself: ``localhost`` (RFC 6761, 6.3) or a loopback address."""
    address = parse_address(host)
    if address is not None:
        return address.is_loopback
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def _read_ipv6(text: str) -> str:
    address, percent, zone = text.partition("%")
    try:
        # RFC 6874 writes the "%" before a zone encoded; people do not.
        zone = unquote(zone.removeprefix("25") if zone[2:] else zone, errors="strict")
        if percent and not (zone.isascii() and zone.isprintable()):
            raise ValueError(zone)
        return str(ipaddress.IPv6Address(address + percent + zone))
    except ValueError:
        raise ValueError("has an invalid IPv6 address") from None


def _read_name(text: str) -> str:
    if not text:
        raise ValueError("must have a host")
    try:
        host = to_ascii(unquote(text, errors="strict") if "%" in text else text)
    except UnicodeDecodeError:
        host = ""
    if not re.fullmatch(_NAME, host) or len(host) > MAX_NAME:
        raise ValueError("has an invalid host")
    return host


def _read_port(text: str | None) -> int | None:
    if not text:
        return None
    digits = text.lstrip("0")
    port = int(digits) if 1 <= len(digits) <= 5 else 0
    if not 1 <= port <= 65535:
        raise ValueError("has a port that is not 1 to 65535")
    return port


def _read_userinfo(userinfo: str) -> tuple[str | None, str | None]:
    name, colon, secret = userinfo.partition(":")
    if not name and not secret:
        return None, None
    try:
        return unquote(name, errors="strict"), unquote(secret, errors="strict") if colon else None
    except UnicodeDecodeError:
        raise ValueError("has credentials that are not UTF-8") from None
