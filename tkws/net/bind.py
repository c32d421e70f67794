"""Listening sockets: for a TCP port in both families, and for a Unix path.

Handles the differences between systems in reusing an address after a crash; knows no loop.
Nothing here blocks: names that would have to be resolved are refused.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from types import MappingProxyType

from tkws.net.endpoints import Endpoint, numeric_endpoint, unix_endpoint
from tkws.net.stream import MakeSocket, Socket

# Connections that may wait to be accepted; the system may allow fewer (net.core.somaxconn).
BACKLOG = 1024

# Ports that are tried where one must be free in both families.
PORT_TRIES = 8

# In both families: the wildcard addresses, and the loopback addresses.
_SPECIAL_HOSTS = MappingProxyType({"": ("0.0.0.0", "::"), "localhost": ("127.0.0.1", "::1")})

# A port is ours alone, and can be bound again at once while its last connections are in TIME_WAIT.
# Windows needs another option: SO_REUSEADDR would let any program share the port there.
_SOLE_USE: int = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)

# Errors on a machine without IPv6.
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


def bind_tcp(host: str | None, port: int, *, make_socket: MakeSocket = Socket) -> list[Socket]:
    """Return sockets that listen on ``port`` of ``host``: two for both families, else one.

    Args:
        host: A numeric address; ``"localhost"`` for this machine's loopback addresses; ``""`` or
            None for all of its addresses.
        port: The port; 0 for any that is free, in both families.
        make_socket: Makes a socket of a family and a type.

    Raises:
        OSError: The address is not this machine's, or the port is in use or not allowed.
        TypeError: ``port`` is not an int.
        ValueError: ``host`` is another name, or ``port`` is out of range.
    """
    hosts = _SPECIAL_HOSTS.get(host or "", (host or "",))
    endpoints = [numeric_endpoint(name, port) for name in hosts]
    if None in endpoints:
        raise ValueError(f"host: a numeric address, 'localhost' or '' for every address, not {host!r}")
    wanted = [endpoint for endpoint in endpoints if endpoint is not None]
    for _ in range(PORT_TRIES - 1):
        try:
            return _bind_all(wanted, make_socket)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise
    return _bind_all(wanted, make_socket)


def _bind_all(endpoints: list[Endpoint], make_socket: MakeSocket) -> list[Socket]:
    first, *others = endpoints
    sockets = [_bind(first, make_socket)]
    port = sockets[0].getsockname()[1]
    for family, (host, _, *scope) in others:
        try:
            sockets.append(_bind(Endpoint(family, (host, port, *scope)), make_socket))
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY:
                sockets[0].close()
                raise
    return sockets


def _bind(endpoint: Endpoint, make_socket: MakeSocket = Socket) -> Socket:
    sock = make_socket(endpoint.family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SOLE_USE, 1)
        if endpoint.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(endpoint.address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot listen on {endpoint}: {error.strerror or error}") from error
    return sock


def bind_unix(path: str) -> Socket:
    """Return a socket that listens on ``path``; a socket file without a listener is replaced.

    Raises:
        OSError: Another program listens there, or the path cannot be created.
    """
    endpoint = unix_endpoint(path)
    try:
        return _bind(endpoint)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not _is_left_behind(endpoint):
            raise
    os.unlink(path)
    return _bind(endpoint)


def _is_left_behind(endpoint: Endpoint) -> bool:
    with Socket(endpoint.family, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        return stat.S_ISSOCK(os.stat(endpoint.address).st_mode) and (
            probe.connect_ex(endpoint.address) == errno.ECONNREFUSED
        )
