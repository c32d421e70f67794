"""A network that breaks when a test says so: a relay between a client and a server.

Knows bytes and no WebSocket. Each connection that the relay accepts it carries to the target
over one of its own.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from tkws.checks import check_seconds, check_size, check_text
from tkws.errors import StateError
from tkws.loop import Loop, Master, loop_for
from tkws.net import Dial, Endpoint, Listener, SocketStream, numeric_endpoint
from tkws.testing.reset import reset


class Link:
    """A relay to one server on this machine; connect to its `url` instead of the server's.

    Args:
        target: The server's URL; its host is an address, such as ``127.0.0.1``.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.

    Attributes:
        url: The target's URL, with the port of this relay.
        carried: Bytes that were passed on, both ways.
        accepted: Connections that were accepted.

    Raises:
        TypeError: ``target`` is no str, or ``master`` no widget.
        ValueError: The target has no port, or a name for a host.
    """

    def __init__(self, target: str, *, master: Master = None) -> None:
        self._target, parts = _read_target(target)
        self.carried = 0
        self.accepted = 0
        self._loop = loop_for(master)
        self._delay = 0.0
        self._closed = False
        self._wires: dict[_Wire, None] = {}
        self._stalled = False
        self._limit: int | None = None
        self._listener = self._listen(0)
        self._port = self._listener.port or 0
        self.url = parts._replace(netloc=f"127.0.0.1:{self._port}").geturl()
        self._loop.on_close(self.close)

    def __repr__(self) -> str:
        state = "down" if self._listener.closed else "stalled" if self._stalled else "up"
        return f"<{type(self).__name__} {state}: {len(self._wires) // 2} connections>"

    @property
    def delay(self) -> float:
        """Seconds that bytes take from one end to the other; 0 by default.

        Raises:
            TypeError: It is set to something else than a number.
            ValueError: It is set to a number that is negative, infinite or NaN.
        """
        return self._delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._delay = check_seconds("delay", seconds)

    def stall(self) -> None:
        """Pass nothing on until `flow`, on new connections either.

        Raises:
            StateError: The link is closed.
        """
        self._require_open()
        self._stalled = True
        for wire in self._wires:
            wire.hold(True)

    def flow(self) -> None:
        """Pass on again.

        Raises:
            StateError: The link is closed.
        """
        self._require_open()
        self._stalled = False
        for wire in self._wires:
            wire.hold(False)

    def cut(self) -> None:
        """Reset every connection at both ends; new ones are accepted."""
        for wire in list(self._wires):
            reset(wire.stream)

    def cut_after(self, count: int) -> None:
        """Reset every connection once ``count`` bytes more were passed on, both ways together.

        Raises:
            TypeError: ``count`` is no int.
            ValueError: ``count`` is negative.
            StateError: The link is closed.
        """
        number = check_size("count", count)
        self._require_open()
        self._limit = self.carried + number

    def down(self) -> None:
        """Cut, and refuse new connections until `up`."""
        self._listener.close()
        self.cut()

    def up(self) -> None:
        """Accept again, on the same port.

        Raises:
            StateError: The link is closed.
            OSError: Another program has taken the port.
        """
        self._require_open()
        if self._listener.closed:
            self._listener = self._listen(self._port)

    def close(self) -> None:
        """End all of it; idempotent."""
        self._closed = True
        self._loop.cancel_on_close(self.close)
        self.down()

    def _require_open(self) -> None:
        if self._closed:
            raise StateError("the link is closed")

    def _listen(self, port: int) -> Listener:
        return Listener.tcp(self._loop, "127.0.0.1", port, self._accept)

    def _accept(self, sock: socket.socket, address: object) -> None:
        self.accepted += 1
        near = self._add(sock)
        Dial(
            self._loop,
            [self._target],
            on_connected=lambda far: self._join(near, far),
            on_failed=lambda error: reset(near.stream),
        )

    def _join(self, near: _Wire, sock: socket.socket) -> None:
        far = self._add(sock)
        if near.stream.closed:
            reset(far.stream)
        near.join(far)
        far.join(near)

    def _add(self, sock: socket.socket) -> _Wire:
        wire = _Wire(self._loop, sock, self._pass_on, self._forget)
        wire.hold(self._stalled)
        self._wires[wire] = None
        return wire

    def _forget(self, wire: _Wire) -> None:
        self._wires.pop(wire, None)

    def _pass_on(self, data: bytes, write: Callable[[bytes], object]) -> None:
        room = len(data) if self._limit is None else min(self._limit - self.carried, len(data))
        self.carried += room
        self._after_delay(write, data[:room])
        if self.carried == self._limit:
            self._limit = None
            self._after_delay(self.cut)

    def _after_delay(self, call: Callable[..., object], *args: object) -> None:
        if self._delay:
            self._loop.call_later(self._delay, call, *args)
        else:
            call(*args)


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
        raise ValueError(f"target: its host must be an address, not {host!r}")
    return endpoint, parts


class _Wire:
    """One connection of a link, as the owner of its stream; what it hears goes to the other."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        pass_on: Callable[[bytes, Callable[[bytes], object]], object],
        forget: Callable[[_Wire], object],
    ) -> None:
        self.stream = SocketStream(loop, sock, self)
        self._other: _Wire | None = None
        self._pass_on = pass_on
        self._forget = forget
        self._held = False
        self._full = True  # there is no other yet that would take anything
        self._ended = False
        self._regulate()

    def join(self, other: _Wire) -> None:
        """Pass on to ``other`` from now on."""
        self._other = other
        self._full = False
        self._regulate()

    def hold(self, held: bool) -> None:
        """Hear nothing while ``held``."""
        self._held = held
        self._regulate()

    def _regulate(self) -> None:
        if self._held or self._full:
            self.stream.pause_reading()
        else:
            self.stream.resume_reading()

    def write(self, data: bytes) -> None:
        """Send on, unless the connection is over."""
        if not (self._ended or self.stream.closed):
            self.stream.write(data)

    def end(self) -> None:
        """Send nothing more; where both have ended, the connection is over."""
        if not (self._ended or self.stream.closed):
            self._ended = True
            self.stream.end()

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        assert self._other is not None
        self._pass_on(data, self._other.write)

    def get_buffer(self) -> None:
        """Return None: bytes are passed on as they come."""

    def buffer_updated(self, count: int) -> None:
        """Never called: `get_buffer` gives no buffer."""
        raise AssertionError

    def eof_received(self) -> None:
        """Pass the end on."""
        assert self._other is not None
        self._pass_on(b"", self._end_other)

    def connection_lost(self, cause: Exception | None) -> None:
        """A connection that broke breaks the other one."""
        self._forget(self)
        if self._other is not None and not self._ended:
            reset(self._other.stream)

    def pause_writing(self) -> None:
        """Have the other hear no more than can be passed on."""
        self._mark(True)

    def resume_writing(self) -> None:
        """Have the other hear again."""
        self._mark(False)

    def fill(self, full: bool) -> None:
        """Hear nothing while what was heard cannot be passed on."""
        self._full = full
        self._regulate()

    def _mark(self, full: bool) -> None:
        if self._other is not None:
            self._other.fill(full)

    def _end_other(self, _: bytes) -> None:
        assert self._other is not None
        self._other.end()
        if self._ended:  # both ways have ended
            self.stream.close()
            self._other.stream.close()
