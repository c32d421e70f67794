"""The addresses that proxies note in a request: Forwarded (RFC 7239) and X-Forwarded-For.

Knows the two fields, which any client may send; which proxies are trusted is up to the caller.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tkws.http.fields import parse_list
from tkws.http.headers import Headers

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ELEMENTS = re.compile(rf'((?:[^",]|{_QUOTED})*)(?:,|\Z)')
_PAIRS = re.compile(rf'((?:[^";]|{_QUOTED})*)(?:;|\Z)')
_ESCAPE = re.compile(r"\\(.)")
_NODE = re.compile(r"\[([^\[\]]*)\](?::([0-9]{1,5}))?|([0-9.]+):([0-9]{1,5})")


def forwarded_for(headers: Headers) -> list[Any]:
    """Return the socket addresses that proxies have noted, that of the client first.

    Returns:
        As `socket.socket.getpeername` has them, with the port 0 if it is not noted; None for each that is
        hidden, unknown or malformed. Empty without the fields. If there are both, and they disagree, neither
        counts: a proxy writes one of them, and passes on the other as the client has sent it.
    """
    noted = [_node(text) for text in _forwarded_nodes(headers.get_all("Forwarded"))]
    plain = [_node(text) for text in parse_list(headers.get_all("X-Forwarded-For"))]
    if noted and plain and _hosts(noted) != _hosts(plain):
        return []
    return noted or plain


def _forwarded_nodes(values: list[str]) -> list[str]:
    """Return the value of ``for`` of each element of Forwarded; an empty one without it."""
    elements = _split(_ELEMENTS, ",".join(values))
    return [_for_of(element) for element in elements if element.strip(" \t")]


def _for_of(element: str) -> str:
    for pair in _split(_PAIRS, element):
        name, _, value = (part.strip(" \t") for part in pair.partition("="))
        if name.lower() == "for":
            return _ESCAPE.sub(r"\1", value[1:-1]) if value.startswith('"') else value
    return ""


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    """Split a text at a separator outside of quotes; a text with a quote that does not end is one element."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        found = pattern.match(text, position)
        if found is None:
            return [text]
        parts.append(found[1])
        position = found.end()
    return parts


def _node(text: str) -> Any:
    """Return the socket address of a node (RFC 7239, 6); None if it is not an address."""
    bracketed = _NODE.fullmatch(text)
    host, port = text, 0
    if bracketed is not None:
        host = bracketed[1] or bracketed[3] or ""
        port = int(bracketed[2] or bracketed[4] or 0)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if port > 0xFFFF:
        return None
    return (str(address), port) if address.version == 4 else (str(address), port, 0, 0)


def _hosts(nodes: list[Any]) -> list[Any]:
    return [node and node[0] for node in nodes]
