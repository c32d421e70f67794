"""One end of a TLS connection as bytes in and bytes out, over `ssl.MemoryBIO`.

Hides what is awkward in OpenSSL's calls; knows no stream and no order of events. It raises
`ssl.SSLWantReadError` as OpenSSL does (more must come from the peer first); any other `ssl.SSLError` is
fatal.
"""

from __future__ import annotations

import ssl

from tkws.net.bytequeue import ByteQueue

# The most plaintext that one record holds, in bytes (RFC 8446, 5.1), and so one read returns.
RECORD = 16 * 1024


class TLSSession:
    """A client's or a server's end.

    Args:
        ssl_context: The certificates and the settings.
        server_side: Whether this is the server's end.
        server_hostname: The name that the server's certificate must be for, and that SNI sends.

    Raises:
        ValueError: ``ssl_context`` checks names and ``server_hostname`` is missing or invalid.

    Attributes:
        tls: OpenSSL's view of the connection: certificate, cipher, version.
    """

    __slots__ = ("_ahead", "_incoming", "_outgoing", "tls")

    def __init__(
        self, ssl_context: ssl.SSLContext, *, server_side: bool, server_hostname: str | None
    ) -> None:
        if ssl_context.check_hostname and not server_side and not server_hostname:
            raise ValueError("server_hostname: needed, since the ssl_context checks it")
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ahead = ByteQueue()
        try:
            self.tls: ssl.SSLObject = ssl_context.wrap_bio(
                self._incoming, self._outgoing, server_side, server_hostname
            )
        except ValueError as error:
            raise ValueError(f"server_hostname: {error}") from error

    def feed(self, data: bytes) -> None:
        """Take ``data`` that came from the peer."""
        self._incoming.write(data)

    def output(self) -> bytes:
        """Remove and return the bytes to send to the peer; any other call may have made some."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def shake_hands(self) -> bool:
        """Continue the handshake; return whether it is done."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    @property
    def drained(self) -> bool:
        """Whether nothing can be read before more is fed; finding that out by reading takes longer."""
        return not (self._incoming.pending or self.tls.pending() or self._ahead.size)

    def read_into(self, view: memoryview) -> int:
        """Read into ``view``, which is not empty; return the length, 0 at the peer's close_notify."""
        room = min(len(view), RECORD)
        if self._ahead.size:
            piece = self._ahead.take(room)
            view[: len(piece)] = piece
            return len(piece)
        try:
            return int(self.tls.read(room, view))  # typeshed knows neither the view nor the int
        except ssl.SSLZeroReturnError:
            return 0

    def read(self) -> bytes:
        """Return the next bytes; none at the peer's close_notify."""
        if self._ahead.size:
            return bytes(self._ahead.take(RECORD))
        try:
            return self.tls.read(RECORD)
        except ssl.SSLZeroReturnError:
            return b""

    def encrypt(self, plaintext: ByteQueue, most: int) -> None:
        """Encrypt and remove ``most`` bytes of ``plaintext``, or a little more."""
        rest = max(0, plaintext.size - most)
        while plaintext.size > rest:
            plaintext.drop(self.tls.write(plaintext.first(most)))

    def end(self) -> None:
        """Send close_notify; bytes that were fed before can still be read."""
        try:
            # OpenSSL looks for the peer's answer at once, and drops bytes that are not one.
            while data := self.tls.read(RECORD):
                self._ahead.append(data)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
