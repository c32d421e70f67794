"""TLS as a stream over another stream: the owner of the one below, a stream to its own owner.

Knows no socket: bytes go through two buffers in memory, so it works over whatever stream is
below, another TLS included (a proxy that is itself reached by TLS).

Plaintext is encrypted no faster than the stream below takes it: a large message waits as plaintext,
uncopied, and costs neither memory for a second copy nor the loop's time all at once. Received bytes are
decrypted until OpenSSL wants more, since no descriptor reports what OpenSSL holds.

Invariants: nothing is reported before the handshake is done, except its failure. An
end without the peer's close_notify is a failure (an attacker may have cut the rest off);
with it, it is an end of stream, after which this side may still write (RFC 8446, 6.1). This
side's own close_notify is sent by ``end`` and ``close``; ``close`` does not wait for the peer's.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from enum import Enum

from tkws.http.tlsinfo import TLSInfo
from tkws.net.bytequeue import ByteQueue, as_buffer
from tkws.net.source import Buffer, Source
from tkws.net.stream import Stream, StreamOwner
from tkws.net.tlssession import TLSSession

# Bytes of plaintext that are encrypted before the stream below gets to send.
ENCRYPT_CHUNK = 128 * 1024

# Bytes of plaintext that are encrypted in one call, about a millisecond's: then others have their turn.
ENCRYPT_BUDGET = 1024 * 1024

# Bytes that may wait below before reading stops. Bytes that are written stay well beneath that; the answers
# that OpenSSL gives by itself, to requests for new keys, may not.
MAX_BELOW = 4 * ENCRYPT_CHUNK


class State(Enum):
    """How far a stream is from its end."""

    HANDSHAKE = "shaking hands"
    OPEN = "open"
    CLOSED = "closed"  # or flushing what is encrypted


class TLSStream(Stream):
    """A stream over ``below``, which it takes over: the handshake begins at once.

    Bytes that were received before, with what preceded TLS, are given to `data_received`.

    Args:
        below: An open stream without received bytes that are still to be read.
        ssl_context: The certificates and the settings.
        owner: Receives the reports; ``connection_lost`` has the `ssl.SSLError` of a failed handshake.
        server_side: Whether this is the server's end.
        server_hostname: The name that the server's certificate must be for, and that SNI sends.
        on_established: Called when the handshake is done, before anything else is told.

    Raises:
        ValueError: ``ssl_context`` checks names and ``server_hostname`` is missing or invalid.
    """

    __slots__ = (
        "_behind",
        "_below",
        "_below_eof",
        "_cause",
        "_closing",
        "_ended",
        "_notified",
        "_on_established",
        "_paused",
        "_reading_blocked",
        "_session",
        "_state",
        "_unsent",
        "_yielded",
    )  # fmt: skip

    def __init__(
        self,
        below: Stream,
        ssl_context: ssl.SSLContext,
        owner: StreamOwner,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        on_established: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(owner, below.loop, below.socket, below.peername, below.sockname)
        self._session = TLSSession(ssl_context, server_side=server_side, server_hostname=server_hostname)
        self._below = below
        self._on_established = on_established
        self._state = State.HANDSHAKE
        self._cause: Exception | None = None
        self._unsent = ByteQueue()
        self._paused = False
        self._behind = False  # the slice was spent, and the rest is to be decrypted in the next
        self._reading_blocked = False  # the peer asks for keys, and does not read the answers
        self._yielded = False  # the budget was used up, and the rest is queued
        self._ended = False  # the peer's close_notify came
        self._below_eof = False
        self._closing = False
        self._notified = False  # this side's close_notify has gone
        below.set_owner(_Receiver(self))
        below.set_write_limits(0, 0)
        below.resume_reading()
        self._shake_hands()

    def __repr__(self) -> str:
        version = self.ssl_object.version() or "no version yet"
        return f"<{type(self).__name__} {self._state.value}, {version}, over {self._below!r}>"

    @property
    def ssl_object(self) -> ssl.SSLObject:
        """The `ssl.SSLObject` with the certificate, the cipher and the protocol that were agreed."""
        return self._session.tls

    @property
    def info(self) -> TLSInfo:
        """Its version and cipher, and the certificate of the peer."""
        tls = self.ssl_object
        cipher = tls.cipher()
        return TLSInfo(tls.version(), cipher[0] if cipher is not None else None, tls.getpeercert())

    @property
    def buffered_amount(self) -> int:
        """The bytes that the system has not yet taken, those already encrypted counted in that form."""
        return self._unsent.size + self._below.buffered_amount

    @property
    def unacknowledged_amount(self) -> int:
        """The bytes of `buffered_amount`, and those that the system took and the peer did not acknowledge."""
        return self._unsent.size + self._below.unacknowledged_amount

    @property
    def closed(self) -> bool:
        """Whether the stream below is closed."""
        return self._below.closed

    @property
    def broken(self) -> bool:
        """Whether the stream below could not send."""
        return self._below.broken

    # ---- the handshake

    def _shake_hands(self) -> None:
        try:
            done = self._session.shake_hands()
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._flush()
        if done:
            self._state = State.OPEN
            if self._paused:
                self._below.pause_reading()
            if self._on_established is not None:
                self._on_established()
            self._send()

    # ---- reading

    def pause_reading(self) -> None:
        """Receive nothing until `resume_reading`; a handshake continues."""
        if not self._paused:
            self._paused = True
            if self._state is State.OPEN:
                self._below.pause_reading()

    def resume_reading(self) -> None:
        """Receive again, beginning with bytes that have not been decrypted yet."""
        if self._paused:
            self._paused = False
            self._resume_below()
            if not self.loop.closed:
                self.loop.call_soon(self._decrypt)

    def receive_now(self) -> None:
        """Receive what has arrived, as far as the slice lasts."""
        self._below.receive_now()

    def data_received(self, data: bytes) -> None:
        """Take ``data`` from below."""
        if self._state is State.HANDSHAKE:
            self._session.feed(data)
            self._shake_hands()
        elif self._wants_data():
            self._session.feed(data)
        self._decrypt()
        if self._unsent.size:
            self._send()  # if it had to wait for the peer's answer
        if self._below.buffered_amount > MAX_BELOW:
            self._reading_blocked = True
            self._below.pause_reading()

    def eof_received(self) -> None:
        """Note the end of the stream below, which does not end TLS properly."""
        self._below_eof = True
        if self._state is State.HANDSHAKE:
            self._fail(_truncated())
        else:
            self._decrypt()

    def _wants_data(self) -> bool:
        return self._state is State.OPEN and not (self._ended or self._closing)

    def _decrypt(self) -> None:
        """Report received bytes, until OpenSSL wants more, the owner pauses or the slice is spent."""
        while self._wants_data() and not self._paused:
            view = self._owner.get_buffer()
            data = b""
            try:
                if view:
                    count = self._session.read_into(view)
                else:
                    data = self._session.read()
                    count = len(data)
            except ssl.SSLWantReadError:
                if self._below_eof:
                    self._fail(_truncated())
                break
            except ssl.SSLError as error:
                self._fail(error)
                break
            if not count:
                self._ended = True
                self._owner.eof_received()
            elif view:
                self._owner.buffer_updated(count)
            else:
                self._owner.data_received(data)
            if self._session.drained and not self._below_eof:
                break
            if self.loop.slice_spent():
                self._fall_behind()
                break
        self._flush()

    def _fall_behind(self) -> None:
        """Decrypt the rest in the next slice, and receive no more until then: 64 KiB may be 2,700 records."""
        if not self._behind:
            self._behind = True
            self._below.pause_reading()
            self.loop.call_soon(self._catch_up)

    def _catch_up(self) -> None:
        self._behind = False
        self._resume_below()
        self._decrypt()

    def _resume_below(self) -> None:
        if not (self._paused or self._reading_blocked or self._behind):
            self._below.resume_reading()

    # ---- writing

    def write(self, data: Buffer | Source) -> None:
        """Send ``data``, after the handshake: at once as far as the stream below takes it."""
        data = as_buffer(data)
        if self._writing_ended:
            raise self._writing_ended_error()
        self._write_pieces([data])

    def _write_pieces(self, pieces: list[Buffer | Source]) -> None:
        if self._state is not State.CLOSED:
            for data in pieces:
                self._unsent.append(data)
            self._send()

    def resume_writing(self) -> None:
        """Note that the stream below sent everything."""
        if self._reading_blocked:
            self._reading_blocked = False
            self._resume_below()
        self._send()

    def end(self) -> None:
        """Send close_notify, once everything written is sent; keep reading."""
        self._writing_ended = True
        self._send()

    def close(self) -> None:
        """Send what was written and close_notify, then close without waiting for the peer's."""
        self._writing_ended = self._closing = True
        self._send()
        if self.loop.closed:
            self.abort()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._writing_ended = True
        self._set_closed()
        self._below.abort()

    def _send(self) -> None:
        if self._state is State.OPEN and not self._yielded:
            self._encrypt()
        if self._state is State.CLOSED:
            return
        if not self._writing_ended:
            self._check_water_marks()
        elif not self._unsent.size:
            self._finish()

    def _encrypt(self) -> None:
        """Encrypt what the stream below takes, at most about `ENCRYPT_BUDGET` bytes in one go."""
        rest = self._unsent.size - ENCRYPT_BUDGET
        try:
            while self._unsent.size and not self._below.buffered_amount:
                if self._unsent.size <= rest and not self.loop.closed:
                    self._yielded = True
                    self.loop.call_soon(self._resume)
                    break
                self._session.encrypt(self._unsent, ENCRYPT_CHUNK)
                self._flush()
        except ssl.SSLWantReadError:
            self._flush()  # a renegotiation: it continues with the peer's answer
        except OSError as error:  # of TLS, or of a source that cannot be read
            self._fail(error)

    def _resume(self) -> None:
        self._yielded = False
        self._send()

    def _flush(self) -> None:
        data = self._session.output()
        if data and not self._notified and self._state is not State.CLOSED:
            self._below.write(data)

    # ---- the end

    def _finish(self) -> None:
        """Do what ``end`` or ``close`` left to do, as everything written has gone."""
        if self._state is State.OPEN and not self._notified:
            self._send_close_notify()
        if self._closing and self._state is not State.CLOSED:
            self._set_closed()
            self._below.close()

    def _send_close_notify(self) -> None:
        try:
            self._session.end()
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._flush()
        self._notified = True
        if not self._closing:
            self._below.end()

    def _fail(self, cause: Exception) -> None:
        self._flush()  # an alert tells the peer
        self._cause = cause
        self._set_closed()
        if self._below.buffered_amount:
            self._below.abort()
        else:
            self._below.close()

    def connection_lost(self, cause: Exception | None) -> None:
        """Note that the stream below is over; the failure of TLS that led to it comes first."""
        self._set_closed()
        self._owner.connection_lost(self._cause or cause)

    def _set_closed(self) -> None:
        self._state = State.CLOSED
        self._unsent.clear()


class _Receiver(StreamOwner):
    """The owner of the stream below: a compiled class has one base, so it is not the `TLSStream`."""

    __slots__ = ("_stream",)

    def __init__(self, stream: TLSStream) -> None:
        self._stream = stream

    def data_received(self, data: bytes) -> None:
        self._stream.data_received(data)

    def eof_received(self) -> None:
        self._stream.eof_received()

    def connection_lost(self, cause: Exception | None) -> None:
        self._stream.connection_lost(cause)

    def resume_writing(self) -> None:
        self._stream.resume_writing()


def _truncated() -> ssl.SSLEOFError:
    return ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the peer ended the connection without close_notify")
