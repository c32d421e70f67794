"""Listening sockets: for a TCP port in both families, and for a Unix path.

Handles the differences between systems in reusing an address after a crash; knows no loop.
Nothing here blocks: names that would have to be resolved are refused.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Mapping, Sequence
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

# Several processes share a port if each says so; the system deals the connections out. None on Windows.
_SHARED_USE: int | None = getattr(socket, "SO_REUSEPORT", None)

# Errors on a machine without IPv6.
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


def bind_tcp(
    host: str | Sequence[str] | None,
    port: int,
    *,
    reuse_port: bool = False,
    make_socket: MakeSocket = Socket,
) -> list[Socket]:
    """Return sockets that listen on ``port`` of ``host``: two for both families, one for each address.

    Args:
        host: A numeric address; ``"localhost"`` for this machine's loopback addresses; ``""`` or
            None for all of its addresses; or several of these.
        port: The port; 0 for any that is free on each address.
        reuse_port: Whether other processes may listen there too, if they say so as well.
        make_socket: Makes a socket of a family and a type.

    Raises:
        OSError: The address is not this machine's, or the port is in use or not allowed.
        TypeError: ``port`` is not an int.
        ValueError: ``host`` is another name, or ``port`` is out of range; this system has no ``reuse_port``.
    """
    if reuse_port and _SHARED_USE is None:
        raise ValueError("reuse_port: this system lets no two processes share a port")
    hosts = [host or ""] if host is None or isinstance(host, str | bytes) else host
    wanted: dict[Endpoint, bool] = {}  # with whether it is one of two that a name stands for
    for name in hosts:
        for endpoint in _endpoints(name, port):
            wanted[endpoint] = wanted.get(endpoint, True) and name in _SPECIAL_HOSTS
    options = (_SOLE_USE, _SHARED_USE) if reuse_port and _SHARED_USE is not None else (_SOLE_USE,)
    for _ in range(PORT_TRIES - 1):
        try:
            return _bind_all(wanted, options, make_socket)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise
    return _bind_all(wanted, options, make_socket)


def _endpoints(host: str, port: int) -> list[Endpoint]:
    found = [numeric_endpoint(name, port) for name in _SPECIAL_HOSTS.get(host, (host,))]
    endpoints = [endpoint for endpoint in found if endpoint is not None]
    if len(endpoints) < len(found):
        raise ValueError(f"host: a numeric address, 'localhost' or '' for every address, not {host!r}")
    return endpoints


def _bind_all(
    endpoints: Mapping[Endpoint, bool], options: Sequence[int], make_socket: MakeSocket
) -> list[Socket]:
    """Bind to each, all on the port of the first.

    Args:
        endpoints: With whether one may be left out on a machine without its family, unless it is the first.
        options: The options of the sockets.
        make_socket: Makes a socket of a family and a type.
    """
    sockets: list[Socket] = []
    for (family, (host, port, *scope)), may_lack in endpoints.items():
        if sockets:
            port = sockets[0].getsockname()[1]
        try:
            sockets.append(_bind(Endpoint(family, (host, port, *scope)), options, make_socket))
        except OSError as error:
            if not (sockets and may_lack and error.errno in _NO_SUCH_FAMILY):
                for sock in sockets:
                    sock.close()
                raise
    return sockets


def _bind(
    endpoint: Endpoint, options: Sequence[int] = (_SOLE_USE,), make_socket: MakeSocket = Socket
) -> Socket:
    sock = make_socket(endpoint.family, socket.SOCK_STREAM)
    try:
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
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
