"""Accepts connections on listening sockets, a bounded number at a time.

If the system runs out of descriptors, it logs a warning, pauses and tries again.
Knows nothing of what is accepted; `bind` makes the sockets.

Invariants: a listening socket is watched only while connections are accepted; nothing is
accepted after `Listener.close`; a Unix path that the listener made is gone when it is closed,
unless another program has taken the name since.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from tkws.loop.logs import Log
from tkws.net.bind import bind_tcp, bind_unix
from tkws.net.stream import Address, Socket

if TYPE_CHECKING:
    from tkws.loop import Loop, Timer

OnAccept: TypeAlias = Callable[[Socket, Address], object]

# Connections accepted in one call, so that a burst of them does not hold up other connections.
MAX_ACCEPTS = 64

RETRY_DELAY = 1.0  # seconds; see Listener

# Errors of accept that concern one connection only: the next may be fine (accept(2), Linux).
_PER_CONNECTION_ERRNOS = frozenset({
    errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN,
    errno.EHOSTUNREACH, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.ETIMEDOUT, errno.ECONNRESET,
})  # fmt: skip


class Listener:
    """Accepts connections on ``sockets`` from the loop's next turn on, and closes them in the end.

    Args:
        loop: Where the listener lives.
        sockets: Bound and listening stream sockets, at least one. They are made non-blocking.
        on_accept: Called with each connected socket, non-blocking, and the remote address.
        path: The file of a Unix socket, to be removed in the end.

    Attributes:
        retry_delay: Seconds until the next try when the system has no descriptor or memory left.

    Raises:
        ValueError: ``sockets`` is empty, or one of them does not listen.
    """

    def __init__(
        self, loop: Loop, sockets: Sequence[Socket], on_accept: OnAccept, path: str | None = None
    ) -> None:
        if not sockets:
            raise ValueError("sockets: at least one is needed")
        for sock in sockets:
            _require_listening(sock)
            sock.setblocking(False)
        self._loop = loop
        self._log: Log = Log(loop, "tkws.net")
        self._sockets = list(sockets)
        self._addresses = [sock.getsockname() for sock in sockets]
        self._on_accept = on_accept
        self.retry_delay: float = RETRY_DELAY
        self._short = False
        self._retry_timer: Timer | None = None
        self._made = (path, os.stat(path)) if path else None
        self._watch()

    @classmethod
    def tcp(
        cls,
        loop: Loop,
        host: str | Sequence[str] | None,
        port: int,
        on_accept: OnAccept,
        *,
        reuse_port: bool = False,
    ) -> Listener:
        """Listen on TCP; the arguments and what is raised are those of `bind_tcp`."""
        return cls._over(loop, bind_tcp(host, port, reuse_port=reuse_port), on_accept)

    @classmethod
    def unix(cls, loop: Loop, path: str | os.PathLike[str], on_accept: OnAccept) -> Listener:
        """Listen on a Unix socket; the arguments and what is raised are those of `bind_unix`."""
        path = os.fspath(path)
        is_abstract = path.startswith("\0")  # Linux's names without a file
        return cls._over(loop, [bind_unix(path)], on_accept, None if is_abstract else path)

    @classmethod
    def _over(
        cls, loop: Loop, sockets: list[Socket], on_accept: OnAccept, path: str | None = None
    ) -> Listener:
        try:
            return cls(loop, sockets, on_accept, path)
        except BaseException:
            for sock in sockets:
                sock.close()
            raise

    def __repr__(self) -> str:
        state = "closed" if self.closed else "out of descriptors" if self._retry_timer else "listening"
        return f"<{type(self).__name__} {state} on {self._addresses!r}>"

    @property
    def addresses(self) -> list[Address]:
        """The addresses that are, or were, listened on."""
        return list(self._addresses)

    @property
    def port(self) -> int | None:
        """The port of the first address; None for a Unix socket."""
        first = self._addresses[0]
        return int(first[1]) if isinstance(first, tuple) else None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._sockets

    def close(self) -> None:
        """Stop listening and close the sockets. Accepted connections stay open. Idempotent."""
        if self._retry_timer is not None:
            self._retry_timer.cancel()
        while self._sockets:
            sock = self._sockets.pop()
            self._loop.unwatch(sock.fileno())
            sock.close()
        if self._made is not None:
            path, made = self._made
            self._made = None
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(path), made):
                    os.unlink(path)

    def _watch(self) -> None:
        self._retry_timer = None
        for sock in self._sockets:
            self._loop.watch(sock.fileno(), partial(self._accept, sock), None)

    def _accept(self, listening: Socket) -> None:
        for _ in range(MAX_ACCEPTS):
            try:
                sock, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _PER_CONNECTION_ERRNOS:
                    continue
                self._pause_accepting(error)
                return
            self._short = False
            sock.setblocking(False)
            self._on_accept(sock, address)
            if self.closed or self._loop.slice_spent():
                return

    def _pause_accepting(self, error: OSError) -> None:
        for sock in self._sockets:
            self._loop.unwatch(sock.fileno())
        self._retry_timer = self._loop.call_later(self.retry_delay, self._watch)
        if not self._short:  # once for each shortage, not once a second
            self._short = True
            self._log.warning(
                "cannot accept on %s, trying again every %g s: %s", self._addresses, self.retry_delay, error
            )


def _require_listening(sock: Socket) -> None:
    try:
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        return  # macOS does not support this option
    if not listening:
        raise ValueError(f"sockets: {sock!r} does not listen")
