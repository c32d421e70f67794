"""The stream over a connected socket: TCP, Unix or one half of a pair.

Reads when the loop reports readiness, writes at once and leaves the rest to the loop if the system
does not take all. Knows nothing of names, addresses or TLS. Its invariants are those of `stream`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

from tkws.errors import StateError
from tkws.net.bytequeue import ByteQueue
from tkws.net.sendqueue import unacknowledged_by_peer
from tkws.net.source import Buffer, Source
from tkws.net.stream import Address, Socket, Stream, StreamOwner
from tkws.plurals import counted

if TYPE_CHECKING:
    from tkws.loop import Loop

# The most that one read returns if the owner has no buffer of its own. From 128 KiB up the
# C library maps and unmaps memory for each read, which makes small ones eight times as slow.
READ_SIZE = 64 * 1024

# Reads of what is dropped before the socket is closed: a peer that never pauses does not hold it up for long.
MAX_DROPPED_READS = 16

_WOULD_BLOCK = (BlockingIOError, InterruptedError)


class State(Enum):
    """How far a stream is from its end, as this side sees it."""

    OPEN = "open"
    ENDING = "ending"  # end() waits for what is buffered
    ENDED = "ended"
    CLOSING = "closing"  # close() waits for what is buffered
    BROKEN = "broken"  # sending failed; what the peer had sent before is still read
    CLOSED = "closed"
    DETACHED = "detached"


_OPEN: Final = State.OPEN  # in Python 3.11, looking a member up on its enum is a call
_OVER: Final = (State.CLOSED, State.DETACHED)
_READING_STATES: Final = (State.OPEN, State.ENDING, State.ENDED)


class SocketStream(Stream):
    """A stream over ``sock``, which it makes non-blocking and closes in the end.

    Reading starts at once; the first report comes from the loop.

    Args:
        loop: Where the stream lives.
        sock: A connected stream socket.
        owner: Receives the reports; None if `set_owner` is called before the loop's next turn.

    Attributes:
        ask_unacknowledged: Asks the system how many bytes of the socket the peer has not acknowledged.
    """

    __slots__ = ("_at_eof", "_cause", "_fd", "_outgoing", "_paused", "_state", "ask_unacknowledged")

    def __init__(self, loop: Loop, sock: Socket, owner: StreamOwner | None = None) -> None:
        super().__init__(
            owner, loop, sock, _address_or_none(sock.getpeername), _address_or_none(sock.getsockname)
        )
        sock.setblocking(False)
        _send_small_segments_at_once(sock)
        self.ask_unacknowledged: Callable[[Socket], int] = unacknowledged_by_peer
        self._fd = sock.fileno()
        self._outgoing = ByteQueue()
        self._state = State.OPEN
        self._cause: Exception | None = None
        self._paused = False
        self._at_eof = False
        self._watch()

    def __repr__(self) -> str:
        reading = "at end of stream" if self._at_eof else "paused" if self._paused else "reading"
        return (
            f"<{type(self).__name__} {self._state.value} fd={self._fd} peer={self.peername!r} "
            f"{reading}, {counted(self._outgoing.size, 'byte')} to send>"
        )

    @property
    def buffered_amount(self) -> int:
        """The bytes that were written and that the system has not yet taken."""
        return self._outgoing.size

    @property
    def unacknowledged_amount(self) -> int:
        """The bytes of `buffered_amount`, and those that the system took and the peer did not acknowledge."""
        return self._outgoing.size + (0 if self.closed else self.ask_unacknowledged(self.socket))

    @property
    def closed(self) -> bool:
        """Whether the socket is closed or given away."""
        return self._state in _OVER

    @property
    def broken(self) -> bool:
        """Whether sending failed."""
        return self._state is State.BROKEN

    # ---- reading

    def pause_reading(self) -> None:
        """Receive nothing until `resume_reading`."""
        if not self._paused:
            self._paused = True
            self._watch()

    def resume_reading(self) -> None:
        """Receive again."""
        if self._paused:
            self._paused = False
            self._watch()
            if self._state is State.BROKEN:
                self._call_soon(self._read_remaining)

    def receive_now(self) -> None:
        """Receive what has arrived, as far as the slice lasts."""
        self._on_readable()

    def _on_readable(self) -> None:
        while self._wants_data() and self._receive() and not self.loop.slice_spent():
            pass

    def _receive(self) -> bool:
        """Read once; return whether there may be more to read now."""
        view = self._owner.get_buffer()
        data = b""
        try:
            if view:
                count, room = self.socket.recv_into(view), len(view)
            else:
                data = self.socket.recv(READ_SIZE)
                count, room = len(data), READ_SIZE
        except _WOULD_BLOCK:
            return False
        except OSError as error:
            self._close_with(self._cause or error)
            return False
        if not count:
            self._receive_eof()
        elif view:
            self._owner.buffer_updated(count)
        else:
            self._owner.data_received(data)
        return count == room

    def _receive_eof(self) -> None:
        if self._state is State.BROKEN:
            self._close_with(self._cause)
        else:
            self._at_eof = True
            self._watch()
            self._owner.eof_received()

    def _wants_data(self) -> bool:
        return not (self._paused or self._at_eof) and self._state in _READING_STATES

    def _watch(self) -> None:
        if self.closed:  # the descriptor may belong to another socket by now
            return
        readable = self._on_readable if self._wants_data() else None
        writable = self._on_writable if self._outgoing.size else None
        if (readable or writable) and not self.loop.closed:
            self.loop.watch(self._fd, readable, writable)
        else:
            self.loop.unwatch(self._fd)

    # ---- writing

    def write(self, data: Buffer | Source) -> None:
        """Send ``data``: at once as far as the system takes it, the rest when it can."""
        if not isinstance(data, bytes):
            self.writelines([data])
            return
        if self._writing_ended:
            raise self._writing_ended_error()
        if self._state is not _OPEN or not data:
            return
        waiting = bool(self._outgoing.size)
        if not waiting:
            try:
                sent = self.socket.send(data)
            except _WOULD_BLOCK:
                sent = 0
            except OSError as error:
                self._sending_failed(error)
                return
            if sent == len(data):
                return
            self._outgoing.append(memoryview(data)[sent:])
        else:
            self._outgoing.append(data)
        if not waiting:
            self._watch()
        self._check_water_marks()

    def _write_pieces(self, pieces: list[Buffer | Source]) -> None:
        if self._state is not _OPEN:
            return
        waiting = bool(self._outgoing.size)
        for data in pieces:
            self._outgoing.append(data)
        if waiting:
            self._check_water_marks()
        else:
            self._on_writable()

    def end(self) -> None:
        """Shut the writing side down (TCP sends FIN), once everything written is sent."""
        if not self._writing_ended:
            self._writing_ended = True
            if self._state is _OPEN:
                self._state = State.ENDING
                self._finish()

    def close(self) -> None:
        """Send what was written, then close; nothing more is received."""
        self._writing_ended = True
        if self._state is State.BROKEN:
            self._close_with(self._cause)
        elif self.loop.closed:
            self.abort()
        elif not self.closed:
            self._state = State.CLOSING
            self._watch()
            self._finish()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._writing_ended = True
        if not self.closed:
            self._close_with(self._cause)

    def detach(self) -> Socket:
        """Give the socket back, open, non-blocking and not watched; the owner receives no more reports.

        Raises:
            StateError: Bytes wait to be sent, or the stream has ended, was closed or has failed.
        """
        if self._state is not _OPEN or self._outgoing.size:
            raise StateError(f"only an open stream with nothing to send can be detached: {self!r}")
        self.loop.unwatch(self._fd)
        self._state = State.DETACHED
        self._writing_ended = True
        return self.socket

    def _on_writable(self) -> None:
        try:
            while self._outgoing.send(self.socket) and not self.loop.slice_spent():
                pass
        except _WOULD_BLOCK:
            pass
        except OSError as error:
            self._sending_failed(error)
            return
        self._watch()
        if self._writing_ended:
            self._finish()
        else:
            self._check_water_marks()

    def _finish(self) -> None:
        """Complete ``end`` or ``close``, if everything written is sent."""
        if self._outgoing.size:
            return
        if self._state is State.CLOSING:
            self._drop_received()
            self._close_with(None)
        else:
            self._state = State.ENDED
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._sending_failed(error)

    # ---- the end

    def _sending_failed(self, cause: OSError) -> None:
        """Note that sending failed: what the peer sent before is still read and handed to the owner."""
        self._outgoing.clear()
        if self._state is State.CLOSING or self._at_eof:
            self._close_with(cause)
            return
        self._state = State.BROKEN
        self._cause = cause
        self._watch()
        self._call_soon(self._read_remaining)
        if self._paused:  # a pause until the buffer drains would otherwise never end
            self._check_water_marks()

    def _read_remaining(self) -> None:
        if self._state is not State.BROKEN or self._paused:
            return
        if self._receive():
            self._call_soon(self._read_remaining)
        elif self._state is State.BROKEN:
            self._close_with(self._cause)

    def _drop_received(self) -> None:
        """Read what has arrived: to close with unread bytes would reset the connection.

        Then the peer could lose what is still on its way to it (RFC 1122, 4.2.2.13).
        """
        try:
            for _ in range(MAX_DROPPED_READS):
                if not self.socket.recv(READ_SIZE):
                    return
        except OSError:  # nothing more, or the connection is over
            pass

    def _close_with(self, cause: Exception | None) -> None:
        self._state = State.CLOSED
        self._cause = cause
        self._outgoing.clear()
        self.loop.unwatch(self._fd)
        self.socket.close()
        self._call_soon(self._report_loss)

    def _call_soon(self, callback: Callable[[], None]) -> None:
        if not self.loop.closed:
            self.loop.call_soon(callback)

    def _report_loss(self) -> None:
        self._owner.connection_lost(self._cause)


def _send_small_segments_at_once(sock: Socket) -> None:
    """Disable Nagle's algorithm: it would hold a small message back until the last one is acknowledged."""
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass  # the connection is over already, as reading will show (macOS)


def _address_or_none(get: Callable[[], Address]) -> Address:
    try:
        return get()
    except OSError:
        return None  # the peer has gone already, as reading will show
