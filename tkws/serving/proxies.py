"""Requests that come through a proxy which the server trusts: the address of their client."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Sequence
from typing import Any

from tkws.http.authority import parse_address
from tkws.http.forwarded import forwarded_for
from tkws.http.messages import Request

UNIX = "unix"
"""Stands for every client of a Unix socket, which has no address."""


def with_client(request: Request, trusted: Sequence[str]) -> Request:
    """Return a request whose ``peer`` is its client, not a proxy that is trusted to have noted it.

    The chain of proxies is followed from this end, since the client may have written its beginning itself.

    Args:
        request: A request, whose peer is that of the connection.
        trusted: The option ``trusted_proxies``.
    """
    peer = request.peer
    if not is_trusted(peer, trusted):
        return request
    for address in reversed(forwarded_for(request.headers)):
        if address is None:
            break
        peer = address
        if not is_trusted(peer, trusted):
            break
    return request if peer is request.peer else dataclasses.replace(request, peer=peer)


def is_trusted(peer: Any, trusted: Sequence[str]) -> bool:
    """Tell whether a socket's address is that of a proxy which the server trusts."""
    if not isinstance(peer, tuple):
        return UNIX in trusted
    address = parse_address(str(peer[0]))
    return address is not None and any(
        address in ipaddress.ip_network(network, strict=False) for network in trusted if network != UNIX
    )
