"""Connect to the first of several addresses that answers (Happy Eyeballs, RFC 8305).

The addresses are tried in turn, families alternating, each a little after the one before, or at once
if that failed; the first connection wins, and the others are closed. Knows no names
(`resolve` finds the addresses) and no deadline: the caller has the timer, and `HappyEyeballs.cancel`.

Invariant: when one of the two callbacks runs, and after `HappyEyeballs.cancel`, no attempt, no timer and
no watch is left. Exactly one of the callbacks comes, once, from the loop.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from tkws.errors import OpenError
from tkws.net.endpoints import Endpoint
from tkws.net.stream import MakeSocket, Socket

if TYPE_CHECKING:
    from tkws.loop import Loop, Timer

# The Connection Attempt Delay in seconds (RFC 8305, 8).
ATTEMPT_DELAY = 0.25

# A Unix socket whose backlog is full refuses at once and reports nothing when there is room
# again, so it is asked again after this many seconds.
BACKLOG_DELAY = 0.02

# Results of connect_ex while the attempt is in progress. Windows has its own, which on other systems means
# that no local port is free.
_IN_PROGRESS = (errno.EINPROGRESS, errno.EINTR, *([errno.EWOULDBLOCK] if sys.platform == "win32" else []))


def interleave(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Order ``endpoints`` so that families alternate, the first's first (RFC 8305, 4)."""
    families: dict[int, list[Endpoint]] = {}
    for endpoint in endpoints:
        families.setdefault(endpoint.family, []).append(endpoint)
    return [one for one in chain.from_iterable(zip_longest(*families.values())) if one is not None]


class HappyEyeballs:
    """One attempt to connect to any of ``endpoints``; it begins with the loop's next turn.

    Args:
        loop: Runs the attempt.
        endpoints: At least one; the best first.
        on_connected: Called with the connected socket, non-blocking, which then belongs to the caller.
        on_failed: Called with an `OpenError` of phase ``connect`` when all have failed: it names each
            endpoint and its reason, and the single `OSError`, or an `ExceptionGroup` of them, is its cause.
        local: The address to connect from; endpoints of another family fail. None for the system's choice.
        delay: Seconds after which the next endpoint is tried beside those that have not answered.
        make_socket: Makes a socket of a family and a type.

    Raises:
        ValueError: ``endpoints`` is empty.
    """

    def __init__(
        self,
        loop: Loop,
        endpoints: Iterable[Endpoint],
        on_connected: Callable[[Socket], object],
        on_failed: Callable[[OpenError], object],
        *,
        local: Endpoint | None = None,
        delay: float = ATTEMPT_DELAY,
        make_socket: MakeSocket = Socket,
    ) -> None:
        self._loop = loop
        self._local = local
        self._delay = delay
        self._make_socket = make_socket
        self._waiting = deque(interleave(endpoints))
        if not self._waiting:
            raise ValueError("endpoints: at least one is needed")
        self._on_connected = on_connected
        self._on_failed = on_failed
        self._attempts: list[_Attempt] = []
        self._failures: list[tuple[Endpoint, OSError]] = []
        self._over = False
        self._timer = loop.call_later(0, self._try_next)

    def __repr__(self) -> str:
        state = "over" if self._over else "dialling"
        return (
            f"<{type(self).__name__} {state}: {len(self._attempts)} under way, {len(self._waiting)} waiting, "
            f"{len(self._failures)} failed>"
        )

    def cancel(self) -> None:
        """Give up: neither callback is called after this. Idempotent."""
        self._over = True
        self._timer.cancel()
        self._waiting.clear()
        while self._attempts:
            self._attempts.pop().cancel()

    def _try_next(self) -> None:
        attempt = _Attempt(
            self._loop,
            self._waiting.popleft(),
            self._make_socket,
            local=self._local,
            on_connected=self._connected,
            on_failed=self._failed,
        )
        self._attempts.append(attempt)
        if self._waiting:
            self._timer = self._loop.call_later(self._delay, self._try_next)
        attempt.start()

    def _connected(self, attempt: _Attempt, sock: Socket) -> None:
        self._attempts.remove(attempt)
        self.cancel()
        self._on_connected(sock)

    def _failed(self, attempt: _Attempt, error: OSError) -> None:
        self._attempts.remove(attempt)
        self._failures.append((attempt.endpoint, error))
        if self._waiting:
            self._timer.cancel()
            self._timer = self._loop.call_later(0, self._try_next)
        elif not self._attempts:
            self._over = True
            self._on_failed(self._error())

    def _error(self) -> OpenError:
        reasons = (f"{endpoint} ({error.strerror or error})" for endpoint, error in self._failures)
        error = OpenError(f"cannot connect to {', '.join(reasons)}", phase="connect")
        causes = [cause for _, cause in self._failures]
        error.__cause__ = causes[0] if len(causes) == 1 else ExceptionGroup("every address failed", causes)
        return error


class _Attempt:
    """One socket on its way to one endpoint; calls exactly one of its callbacks, unless cancelled."""

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        make_socket: MakeSocket,
        *,
        local: Endpoint | None,
        on_connected: Callable[[_Attempt, Socket], object],
        on_failed: Callable[[_Attempt, OSError], object],
    ) -> None:
        self.endpoint = endpoint
        self._loop = loop
        self._local = local
        self._make_socket = make_socket
        self._on_connected = on_connected
        self._on_failed = on_failed
        self._sock: Socket | None = None
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin; a callback may come from inside this call."""
        try:
            self._sock = sock = self._make_socket(self.endpoint.family, socket.SOCK_STREAM)
            if self._local is not None:
                _bind(sock, self.endpoint, self._local)
        except OSError as error:  # no descriptor left, a family unknown here, or an address that is not ours
            self._fail(error)
            return
        sock.setblocking(False)
        self._connect(sock)

    def cancel(self) -> None:
        """Cancel the timer and the watch, and close the socket."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sock is not None:
            self._loop.unwatch(self._sock.fileno())
            self._sock.close()
            self._sock = None

    def _connect(self, sock: Socket) -> None:
        try:
            code = sock.connect_ex(self.endpoint.address)
        except OSError as error:  # an address that cannot be one, such as a path that is too long
            self._fail(error)
            return
        if code in _IN_PROGRESS:
            self._loop.watch(sock.fileno(), None, partial(self._on_writable, sock))
        elif code == errno.EAGAIN and not isinstance(self.endpoint.address, tuple):
            self._timer = self._loop.call_later(BACKLOG_DELAY, self._connect, sock)
        else:
            self._finish(sock, code)

    def _on_writable(self, sock: Socket) -> None:
        self._finish(sock, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _finish(self, sock: Socket, code: int) -> None:
        error = _system_error(code) if code else _connect_error(sock)
        if error is not None:
            self._fail(error)
            return
        self._loop.unwatch(sock.fileno())
        self._sock = None
        self._on_connected(self, sock)

    def _fail(self, error: OSError) -> None:
        self.cancel()
        self._on_failed(self, error)


def _bind(sock: Socket, endpoint: Endpoint, local: Endpoint) -> None:
    """Give a socket the address ``local``, before it connects to ``endpoint``.

    Raises:
        OSError: The address is of another family or another machine, or the port is taken.
    """
    if local.family != endpoint.family:
        raise OSError(errno.EAFNOSUPPORT, f"not to be reached from {local}")
    if sys.platform != "win32":  # there it means that others' ports may be taken
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a reconnection may use the port again
    try:
        sock.bind(local.address)
    except OSError as error:
        raise OSError(error.errno, f"from {local}: {error.strerror}") from error


def _connect_error(sock: Socket) -> OSError | None:
    """Return an error if the peer of a connected socket has gone again, or is the socket itself.

    The latter happens if no program listens and the system picks that very port for this end.
    """
    try:
        peername = sock.getpeername()
    except OSError as error:
        return error
    if isinstance(peername, tuple) and peername == sock.getsockname():
        return _system_error(errno.ECONNREFUSED)
    return None


def _system_error(code: int) -> OSError:
    """Return the error of a code; Windows' C library does not know the texts of those of sockets."""
    if sys.platform == "win32":
        import ctypes  # takes milliseconds to import

        return ctypes.WinError(code)
    return OSError(code, os.strerror(code))
