"""A network that breaks when a test tells it to: a relay between a client and a server.

Knows bytes, not WebSockets. For each connection that it accepts, the relay opens one to the target.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from tkws.checks import check_count, check_seconds, check_size, check_text
from tkws.errors import StateError
from tkws.loop import Loop, Master, loop_for
from tkws.net import Endpoint, HappyEyeballs, Listener, SocketStream, StreamOwner, numeric_endpoint
from tkws.plurals import counted
from tkws.testing.reset import reset


class Link:
    """A relay to one server on this machine; connect to its `url` instead of the server's.

    Args:
        target: The server's URL. Its host must be an address, such as ``127.0.0.1``.
        port: The port to listen on; 0 for a free one.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.

    Attributes:
        url: The target's URL with the address and port of this relay.
        carried: How many bytes have been passed on, in both directions together.
        accepted: How many connections have been accepted.

    Raises:
        TypeError: ``target`` is not a str, or ``master`` is not a widget.
        ValueError: The target has no port, or its host is a name; or ``port`` is out of range.
        OSError: The port is in use.
    """

    def __init__(self, target: str, *, port: int = 0, master: Master = None) -> None:
        self._target, parts = _read_target(target)
        self.carried: int = 0
        self.accepted: int = 0
        self._loop = loop_for(master)
        self._delay = 0.0
        self._closed = False
        self._connections: dict[_RelayedConnection, None] = {}
        self._stalled = False
        self._cut_at: int | None = None  # the value of `carried` at which to cut
        self._listener = self._listen(check_count("port", port, most=65535))
        self._port = self._listener.port or 0
        self._held: socket.socket | None = None  # keeps the port while no one listens there
        self.url: str = parts._replace(netloc=f"127.0.0.1:{self._port}").geturl()
        self._loop.on_close(self.close)

    def __repr__(self) -> str:
        state = "down" if self._listener.closed else "stalled" if self._stalled else "up"
        return f"<{type(self).__name__} {state}: {counted(len(self._connections) // 2, 'connection')}>"

    @property
    def delay(self) -> float:
        """How long bytes take from one end to the other, in seconds; 0 by default.

        Raises:
            TypeError: It is set to a value that is not a number.
            ValueError: It is set to a number that is negative, infinite or NaN.
        """
        return self._delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._delay = check_seconds("delay", seconds)

    def stall(self) -> None:
        """Hold back all bytes until `flow`, on new connections too.

        Raises:
            StateError: The link is closed.
        """
        self._require_open()
        self._stalled = True
        for connection in self._connections:
            connection.set_stalled(True)

    def flow(self) -> None:
        """End a stall: pass bytes on again.

        Raises:
            StateError: The link is closed.
        """
        self._require_open()
        self._stalled = False
        for connection in self._connections:
            connection.set_stalled(False)

    def cut(self) -> None:
        """Reset every connection at both ends; new ones are still accepted."""
        for connection in list(self._connections):
            reset(connection.stream)

    def cut_after(self, count: int) -> None:
        """Reset every connection once ``count`` more bytes have been passed on, in both directions together.

        Raises:
            TypeError: ``count`` is not an int.
            ValueError: ``count`` is negative.
            StateError: The link is closed.
        """
        number = check_size("count", count)
        self._require_open()
        self._cut_at = self.carried + number

    def down(self) -> None:
        """Reset every connection, and refuse new ones until `up`; no other program can take the port."""
        if not self._listener.closed:
            self._listener.close()
            self._held = _hold(self._port)
        self.cut()

    def up(self) -> None:
        """Accept connections again, on the same port.

        Raises:
            StateError: The link is closed.
            OSError: Another program has taken the port.
        """
        self._require_open()
        if self._listener.closed:
            self._let_go()
            self._listener = self._listen(self._port)

    def close(self) -> None:
        """Reset every connection and stop listening; idempotent."""
        self._closed = True
        self._loop.cancel_on_close(self.close)
        self._listener.close()
        self._let_go()
        self.cut()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _require_open(self) -> None:
        if self._closed:
            raise StateError("the link is closed")

    def _listen(self, port: int) -> Listener:
        return Listener.tcp(self._loop, "127.0.0.1", port, self._accept)

    def _accept(self, sock: socket.socket, address: object) -> None:
        self.accepted += 1
        client = self._add(sock)
        client.dial = HappyEyeballs(
            self._loop,
            [self._target],
            on_connected=lambda sock: self._pair(client, sock),
            on_failed=lambda _error: reset(client.stream),
        )

    def _pair(self, client: _RelayedConnection, sock: socket.socket) -> None:
        server = self._add(sock)
        client.pair_with(server)
        server.pair_with(client)

    def _add(self, sock: socket.socket) -> _RelayedConnection:
        connection = _RelayedConnection(self._loop, sock, self._relay, self._remove)
        connection.set_stalled(self._stalled)
        self._connections[connection] = None
        return connection

    def _remove(self, connection: _RelayedConnection) -> None:
        self._connections.pop(connection, None)

    def _relay(self, data: bytes, write: Callable[[bytes], object]) -> None:
        """Pass ``data`` to ``write`` after the delay, up to the byte at which to cut."""
        count = len(data) if self._cut_at is None else min(self._cut_at - self.carried, len(data))
        self.carried += count
        self._after_delay(write, data[:count])
        if self.carried == self._cut_at:
            self._cut_at = None
            self._after_delay(self.cut)

    def _after_delay(self, call: Callable[..., object], *args: object) -> None:
        if self._delay:
            self._loop.call_later(self._delay, call, *args)
        else:
            call(*args)


def _hold(port: int) -> socket.socket:
    """Return a socket that has the port and does not listen, so connections to it are refused.

    Raises:
        OSError: Another program has just taken the port.
    """
    sock = socket.socket()
    reuses = os.name == "posix"  # the last connections may be in TIME_WAIT; Windows ignores those
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuses)
        sock.bind(("127.0.0.1", port))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, False)  # nor may others share it now
    except OSError:
        sock.close()
        raise
    return sock


def _read_target(target: str) -> tuple[Endpoint, SplitResult]:
    try:
        parts = urlsplit(check_text("target", target))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"target: a URL with a host and a port, not {target!r}: {error}") from None
    if not host or not port:
        raise ValueError(f"target: a URL with a host and a port, not {target!r}")
    endpoint = numeric_endpoint(host, port)
    if endpoint is None:
        raise ValueError(f"target: a URL whose host is an address such as 127.0.0.1, not {target!r}")
    return endpoint, parts


class _RelayedConnection(StreamOwner):
    """One connection of a link and the owner of its stream; the bytes it receives go to its counterpart."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        relay: Callable[[bytes, Callable[[bytes], object]], object],
        remove: Callable[[_RelayedConnection], object],
    ) -> None:
        self.stream = SocketStream(loop, sock, self)
        self.dial: HappyEyeballs | None = None  # makes its counterpart; cancelled with it
        self._counterpart: _RelayedConnection | None = None
        self._relay = relay
        self._remove = remove
        self._stalled = False
        self._blocked = True  # until there is a counterpart that takes bytes
        self._ended = False
        self._update_reading()

    def pair_with(self, counterpart: _RelayedConnection) -> None:
        """Pass bytes on to ``counterpart`` from now on."""
        self._counterpart = counterpart
        self.set_blocked(False)

    def set_stalled(self, stalled: bool) -> None:
        """Stop or resume reading because the link is told to."""
        self._stalled = stalled
        self._update_reading()

    def set_blocked(self, blocked: bool) -> None:
        """Stop or resume reading because the counterpart cannot, or can, take more bytes."""
        self._blocked = blocked
        self._update_reading()

    def _update_reading(self) -> None:
        if self._stalled or self._blocked:
            self.stream.pause_reading()
        else:
            self.stream.resume_reading()

    def write(self, data: bytes) -> None:
        """Send bytes; a no-op if this side has ended."""
        if not (self._ended or self.stream.closed):
            self.stream.write(data)

    def end(self) -> None:
        """Send TCP's FIN; a no-op if this side has ended."""
        if not (self._ended or self.stream.closed):
            self._ended = True
            self.stream.end()

    # Callbacks of the stream

    def data_received(self, data: bytes) -> None:
        """Pass the bytes on."""
        assert self._counterpart is not None
        self._relay(data, self._counterpart.write)

    def eof_received(self) -> None:
        """Pass the end on."""
        assert self._counterpart is not None
        self._relay(b"", self._end_counterpart)

    def connection_lost(self, cause: Exception | None) -> None:
        """Reset the counterpart, or stop dialling it, unless this connection ended in good order."""
        self._remove(self)
        if self.dial is not None:
            self.dial.cancel()
        if self._counterpart is not None and not self._ended:
            reset(self._counterpart.stream)

    def pause_writing(self) -> None:
        """Stop reading from the counterpart: its bytes cannot be sent yet."""
        self._block_counterpart(True)

    def resume_writing(self) -> None:
        """Resume reading from the counterpart."""
        self._block_counterpart(False)

    def _block_counterpart(self, blocked: bool) -> None:
        if self._counterpart is not None:
            self._counterpart.set_blocked(blocked)

    def _end_counterpart(self, _: bytes) -> None:
        assert self._counterpart is not None
        self._counterpart.end()
        if self._ended:  # both directions have ended
            self.stream.close()
            self._counterpart.stream.close()
