"""A connection as a stream of bytes, and the one over a socket on the loop.

`Stream` and `StreamOwner` are the two sides of every connection in the package: the owner
calls the stream to send, the stream calls the owner with what arrived. Neither knows what the
bytes mean, and an owner does not know whether a socket or TLS lies below.

The order in which a stream calls its owner::

    (data_received | get_buffer [buffer_updated])* [eof_received] connection_lost
    with (pause_writing resume_writing)* [pause_writing] at any time before connection_lost

Invariants: `StreamOwner.connection_lost` comes exactly once, always from the loop, and nothing
follows it; a stream that was detached, or whose loop was closed, reports nothing. A
socket is watched only while there is a reason to read or write, and never after it is
closed. An error in sending does not hide what the peer had sent before: that is read to
its end first.
"""

from __future__ import annotations

import socket
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from tkws.compilation import mypyc_attr
from tkws.errors import StateError
from tkws.net.bytequeue import as_buffer, should_join
from tkws.net.source import Buffer, Source

if TYPE_CHECKING:
    from tkws.loop import Loop

Socket: TypeAlias = socket.socket

MakeSocket: TypeAlias = Callable[[int, int], Socket]
"""Makes a socket of a family and a type, such as `socket.socket` itself."""

Address: TypeAlias = Any
"""An address as `socket` uses it: ``(host, port)``, ``(host, port, flow, scope)``, or a path."""

HIGH_WATER = 64 * 1024
LOW_WATER = 16 * 1024


@mypyc_attr(allow_interpreted_subclasses=True)
class StreamOwner:
    """The receiver of a stream's reports: a base class.

    By default an owner has no buffer of its own and ignores how much waits to be sent.
    """

    __slots__ = ()

    @abstractmethod
    def data_received(self, data: bytes, /) -> None:
        """Take ``data``, never empty, which arrived while `get_buffer` returned None."""

    def get_buffer(self) -> memoryview | None:
        """Return a writable buffer for the bytes that come next; None to get them by `data_received`."""
        return None

    def buffer_updated(self, count: int, /) -> None:
        """Take ``count`` bytes, at least one, which are at the start of the last buffer."""
        raise AssertionError("get_buffer() returned none")

    @abstractmethod
    def eof_received(self) -> None:
        """Note that the peer sends no more; this side may keep sending, and closes when it is done."""

    @abstractmethod
    def connection_lost(self, cause: Exception | None, /) -> None:
        """Note that the connection is over: closed by this side (None) or by a failure."""

    def pause_writing(self) -> None:
        """Note that more bytes wait to be sent than the high-water mark allows."""
        return

    def resume_writing(self) -> None:
        """Note that no more bytes wait than the low-water mark, or that they were dropped."""
        return


@mypyc_attr(allow_interpreted_subclasses=True)
class Stream:
    """A connection that bytes are written to and that reports to one `StreamOwner`.

    All methods belong to the loop's thread; none blocks, and none raises for the peer's or the
    network's faults. A program that ends with its root closes its streams by ``abort()`` from
    ``loop.on_close``.

    Attributes:
        loop: The loop that the stream lives on.
        socket: The socket at the bottom, to look at and to set options of.
        peername: The remote address, also when the connection is over; None without one.
        sockname: The local address, likewise.
    """

    __slots__ = (
        "__weakref__", "_high", "_low", "_owner", "_writing_ended", "_writing_paused", "loop",
        "peername", "socket", "sockname",
    )  # fmt: skip

    _owner: StreamOwner
    loop: Loop
    socket: Socket
    peername: Address
    sockname: Address

    def __init__(
        self, owner: StreamOwner | None, loop: Loop, sock: Socket, peername: Address, sockname: Address
    ) -> None:
        self.loop = loop
        self.socket = sock
        self.peername = peername
        self.sockname = sockname
        if owner is not None:
            self._owner = owner
        self._high = HIGH_WATER
        self._low = LOW_WATER
        self._writing_paused = False
        self._writing_ended = False

    @property
    @abstractmethod
    def buffered_amount(self) -> int:
        """The bytes that were written and that the system has not yet taken."""

    @property
    @abstractmethod
    def unacknowledged_amount(self) -> int:
        """The bytes of `buffered_amount`, and those that the system took and the peer did not acknowledge.

        If the system does not tell (Windows), bytes that it took count as acknowledged.
        """

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether the connection is over; while `close` still flushes it is not."""

    @property
    def broken(self) -> bool:
        """Whether sending failed, and what the peer had sent before is still read."""
        return False

    def set_owner(self, owner: StreamOwner) -> None:
        """Report to ``owner`` from now on, including a loss that was not reported yet."""
        self._owner = owner

    def set_write_limits(self, high: int, low: int) -> None:
        """Set the water marks of the write buffer, in bytes (64 KiB and 16 KiB by default).

        Raises:
            ValueError: ``0 <= low <= high`` does not hold.
        """
        if not 0 <= low <= high:
            raise ValueError(f"low: from 0 to high ({high}), not {low}")
        self._high, self._low = high, low
        self._check_water_marks()

    def note_buffered(self, amount: int) -> None:
        """Note that ``amount`` bytes waited above this stream until they were written to it.

        A caller that saw them in `buffered_amount` expects a resume, even if the system takes them at once.
        """
        if not self._writing_paused and amount > self._high:
            self._writing_paused = True
            self._owner.pause_writing()
        self._check_water_marks()

    @abstractmethod
    def write(self, data: Buffer | Source) -> None:
        """Send ``data``: at once as far as the system takes it, the rest when it can.

        Nothing is copied, so a bytearray or memoryview is not to be changed afterwards, and a
        `Source` is read when its bytes can be sent. After the connection has failed, data is dropped:
        ``connection_lost`` reports it.

        Raises:
            StateError: The stream was ended, closed or detached.
            TypeError: A piece is not bytes, a bytearray, a contiguous memoryview or a `Source`.
        """

    def writelines(self, data: Iterable[Buffer | Source]) -> None:
        """Send ``data`` as `write` does each piece of it, in one system call if possible."""
        pieces = [piece for piece in map(as_buffer, data) if piece]
        if should_join(pieces):
            self.write(b"".join(pieces))
        elif self._writing_ended:
            raise self._writing_ended_error()
        else:
            self._write_pieces(pieces)

    @abstractmethod
    def pause_reading(self) -> None:
        """Receive nothing until `resume_reading`, which slows the peer down in the end."""

    @abstractmethod
    def resume_reading(self) -> None:
        """Receive again."""

    @abstractmethod
    def receive_now(self) -> None:
        """Receive what has arrived, as far as the slice lasts, without waiting for the loop to report it."""

    @abstractmethod
    def end(self) -> None:
        """Tell the peer, once everything written is sent, that no more follows; keep reading."""

    @abstractmethod
    def close(self) -> None:
        """Send what was written, then close; nothing more is received.

        A peer that reads nothing holds this up forever: limit it by a timer and `abort`.
        """

    @abstractmethod
    def abort(self) -> None:
        """Close at once; what was not sent is lost."""

    @abstractmethod
    def _write_pieces(self, pieces: list[Buffer | Source]) -> None:
        """Send pieces of `writelines` that are too large to be joined first."""

    def _writing_ended_error(self) -> StateError:
        return StateError(f"the writing side was closed: {self!r}")

    def _check_water_marks(self) -> None:
        waiting = self.buffered_amount
        if self._writing_paused and waiting <= self._low:
            self._writing_paused = False
            self._owner.resume_writing()
        elif not self._writing_paused and waiting > self._high:
            self._writing_paused = True
            self._owner.pause_writing()
