"""Finds the address of the client of a request that came through a trusted proxy."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Sequence
from typing import Any

from tkws.http.authority import parse_address
from tkws.http.forwarded import forwarded_for
from tkws.http.messages import Request

UNIX = "unix"
"""Stands for all peers on a Unix socket, which have no address."""


def with_client(request: Request, trusted: Sequence[str]) -> Request:
    """Return the request with the client as its ``peer``, in place of a trusted proxy.

    The chain of proxies is read from its end, since the client may have forged its beginning.

    Args:
        request: A request whose ``peer`` is the other end of the connection.
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
    """Tell whether a socket address belongs to a trusted proxy."""
    if not isinstance(peer, tuple):
        return UNIX in trusted
    address = parse_address(str(peer[0]))
    return address is not None and any(
        address in ipaddress.ip_network(network, strict=False) for network in trusted if network != UNIX
    )
