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


class TrustedProxies:
    """The proxies that a server trusts to note the address of the client.

    Args:
        networks: The option ``trusted_proxies``: addresses and networks, and `UNIX`.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._unix = UNIX in networks
        self._networks = [ipaddress.ip_network(each, strict=False) for each in networks if each != UNIX]

    def find_client(self, request: Request) -> Request:
        """Return the request with the client as its ``peer``, in place of a trusted proxy.

        The chain of proxies is read from its end, since the client may have forged its beginning.

        Args:
            request: A request whose ``peer`` is the other end of the connection.
        """
        peer = request.peer
        if not self.include(peer):
            return request
        for address in reversed(forwarded_for(request.headers)):
            if address is None:
                break
            peer = address
            if not self.include(peer):
                break
        return request if peer is request.peer else dataclasses.replace(request, peer=peer)

    def include(self, peer: Any) -> bool:
        """Tell whether a socket address belongs to a trusted proxy."""
        if not isinstance(peer, tuple):
            return self._unix
        if not self._networks:
            return False
        address = parse_address(str(peer[0]))
        return address is not None and any(address in network for network in self._networks)
