"""`WebSocket`: what a program holds of a connection, from the call that opens it to its end.

It has what is for the program and nothing else; `tkws.connection.session` stands behind it. Everything
that happens reaches the program through its handler, on the thread of Tk.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tkws.checks import Buffer
from tkws.connection.lifecycle import Phase
from tkws.connection.session import CLOSED_UNOPENED, Session
from tkws.connection.statistics import Statistics, statistics_of
from tkws.errors import StateError
from tkws.loop import Loop
from tkws.net import run_in_thread
from tkws.options import Configurable, ConnectionOptions, changed
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.engine import State, not_open
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool, load_numpy_by
from tkws.protocol.payloads import encode_control, encode_message

if TYPE_CHECKING:
    from tkws.http.messages import Request, Response

_MASKS = MaskPool(os.urandom)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_MASKS.forget)
load_numpy_by(run_in_thread)  # the import would hold the window up


class WebSocket(Configurable):
    """A WebSocket connection of a Tk program.

    Made by `tkws.open`, `tkws.takeover`, `tkws.upgrade` and by servers, never directly.
    `send`, `ping`, `pong` and `close` may be called from any thread, and so may everything that only
    looks at it. What else changes it raises a `StateError` in another thread than that of Tk, and in a
    process that was forked off.

    Attributes:
        loop: The loop that serves it: ``ws.loop.call_later(seconds, callback)``.
        role: `Role.CLIENT` or `Role.SERVER`.
        url: The URL that it was opened with, or that the client asked for.
        protocol: The subprotocol agreed; ``""`` for none.
        request: The opening request; None where there was none or not yet.
        response: The answer to it; None where there was none or not yet.
        peername: The remote end's address, as `socket.socket.getpeername` returns it; None
            before there is one.
        sockname: This end's address; None before there is one.
        broadcasts_skipped: Messages of `Server.broadcast` left out, since this end was too slow.
    """

    def __init__(self, loop: Loop, role: Role, options: ConnectionOptions, url: str = "") -> None:
        self.loop = loop
        self.role = role
        self.url = url
        self.protocol = ""
        self.request: Request | None = None
        self.response: Response | None = None
        self.peername: Any = None
        self.sockname: Any = None
        self.broadcasts_skipped = 0
        self._options = options
        self._session = Session(loop, role, options, self, _MASKS)
        self._sending = self._session.sending

    def __repr__(self) -> str:
        peer = f" {self.peername!r}" if self.peername else ""
        url = ascii(self.url.partition("?")[0])[1:-1] or "-"  # a peer's Host may be in it
        return f"<{type(self).__name__} {self.role.name.lower()} {self.state.name} {url}{peer}>"

    # What a program does with it

    def send(self, message: str | Buffer, *, final: bool = True, compress: bool | None = None) -> int:
        """Send a message, or a fragment of one.

        It goes out at once; from a handler, or with more than 64 KiB, gathered after the call.

        Args:
            message: ``str`` goes as text; bytes and whatever else has a contiguous buffer, such as a
                bytearray, an `array.array`, an `mmap.mmap` or an array of NumPy, goes as binary. It may
                be changed or closed afterwards.
            final: False for a fragment that others of the same kind follow, from the same thread.
            compress: Whether to compress; None leaves that to the option ``compression``.

        Returns:
            The bytes queued, header included; from another thread, and into the offline
            buffer, the bytes of the payload.

        Raises:
            TypeError: For a message of another type.
            ValueError: For text that cannot be encoded, or a buffer that is closed.
            StateError: Where the connection is not open, unless the option ``offline_buffer``
                has room. Another thread's message may find that out only later: then an
                ``error`` event brings it back in a `MessagesLost`, before ``disconnect``.
        """
        if not isinstance(final, bool):
            raise TypeError(f"final: True or False, not {final!r}")
        if compress is not None and not isinstance(compress, bool):
            raise TypeError(f"compress: True, False or None, not {compress!r}")
        if not self.loop.in_loop_thread():
            return self._send_from_thread(message, final, compress)
        driver = self._sending.direct
        if driver is None:
            return self._sending.send(message, final, compress)
        size = driver.engine.send(message, self.loop.now(), final=final, compress=compress)
        driver.output_added()
        return size

    def ping(self, payload: str | Buffer = b"") -> int:
        """Send a ping of at most 125 bytes; the answer comes as a ``pong`` event (RFC 6455, 5.5.2).

        Returns:
            The bytes queued, header included; from another thread 0.

        Raises:
            TypeError: For a payload of another type.
            ValueError: For a longer payload.
            StateError: Where the connection is not open. From another thread, an ``error`` event may
                bring it later, or ``disconnect`` comes before the ping went out.
        """
        return self._send_control("ping", payload)

    def pong(self, payload: str | Buffer = b"") -> int:
        """Send a pong that nobody asked for (RFC 6455, 5.5.3). Pings are answered without it.

        Returns:
            As `ping`.

        Raises:
            TypeError: As `ping`.
            ValueError: As `ping`.
            StateError: As `ping`.
        """
        return self._send_control("pong", payload)

    def close(self, code: int | None = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Begin the closing handshake, or give up an opening; ``close`` and ``disconnect`` follow.

        What was sent before goes out before, from whichever thread. A second call changes nothing.

        Args:
            code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; None for a Close without a code.
            reason: A text for the peer; what is beyond 123 bytes of UTF-8 is cut off.

        Raises:
            TypeError: For arguments of other types.
            ValueError: For a code that must not be sent, or a reason without a code.
        """
        encode_close(code, reason)
        if self.loop.in_loop_thread():
            self._session.close(code, reason)
        elif self._session.phase is not Phase.ENDED:
            with suppress(StateError):  # it has just ended
                self._sending.threads.submit(partial(self._session.begin_close, code, reason))

    def pause(self) -> None:
        """Stop reading and delivering events other than ``drain``; no keepalive pings are sent meanwhile.

        If the connection breaks before the buffer has drained, delivery resumes.

        Raises:
            StateError: In another thread than that of Tk.
        """
        self.loop.check_thread()
        self._session.pause()

    def resume(self) -> None:
        """Go on after `pause`; the handler is called from the loop.

        Raises:
            StateError: In another thread than that of Tk.
        """
        self.loop.check_thread()
        self._session.delivery.resume()

    def reconnect_now(self) -> None:
        """Make the next attempt at once instead of after its pause; nothing if none is due.

        Raises:
            StateError: In another thread than that of Tk.
        """
        self.loop.check_thread()
        self._session.reconnect_now()

    # What it is

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self._session.state

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt to connect; None where none is waiting."""
        return self._session.retry_in

    @property
    def close_code(self) -> int | None:
        """The code of the ``close`` event, which the peer sent (RFC 6455, 7.1.5); None before it."""
        if self._session.closed_unopened:
            return CLOSED_UNOPENED[0]
        return self._session.driver.engine.close_code if self._session.driver else None

    @property
    def close_reason(self) -> str:
        """The reason of the ``close`` event; empty before it."""
        if self._session.closed_unopened:
            return CLOSED_UNOPENED[1]
        return self._session.driver.engine.close_reason if self._session.driver else ""

    @property
    def latency(self) -> float | None:
        """Seconds that the last answered ping took there and back; None before one was."""
        return self._session.driver.engine.keepalive.latency if self._session.driver else None

    @property
    def buffered_amount(self) -> int:
        """Bytes that wait to be sent."""
        return self._session.buffered_amount

    @property
    def statistics(self) -> Statistics:
        """What the connection has carried so far."""
        session = self._session
        if session.driver is None:
            return Statistics()
        return statistics_of(
            session.driver.engine,
            connected_since=session.connected_since,
            reconnections=session.reconnections,
            broadcasts_skipped=self.broadcasts_skipped,
        )

    # How it works

    def _change(self, changes: dict[str, Any]) -> None:
        self.loop.check_thread()
        options = changed(self._options, changes)
        if options.compression != self._options.compression:
            raise StateError("compression: settled by the opening handshake, which has begun")
        self._options = options
        self._session.configure(options)

    def _send_control(self, kind: str, payload: str | Buffer) -> int:
        encoded = encode_control("payload", payload)
        if self.loop.in_loop_thread():
            return self._sending.send_control(kind, encoded)
        self._require_not_over()
        self._sending.threads.submit(partial(self._sending.send_control, kind, encoded))
        return 0

    def _send_from_thread(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        _, payload = encode_message(message)
        copy = message if isinstance(message, str) else payload  # the thread may change its own
        self._require_not_over()
        self._sending.threads.submit(partial(self._sending.pass_on, copy, final, compress), copy, final=final)
        return len(payload)

    def _require_not_over(self) -> None:
        if self.state in (State.CLOSING, State.CLOSED):
            raise not_open(self.state)


def session_of(ws: WebSocket) -> Session:
    """Return what stands behind a WebSocket, for the package's own modules."""
    return ws._session  # noqa: SLF001 - the one way in


def call_as_handler(ws: WebSocket, call: Callable[[], object]) -> bool:
    """Run ``call`` in place of the handler: events wait meanwhile.

    For handlers that hold messages back, such as `tkws.batched`.

    Returns:
        False, without a call, if it is not the time for one: the handler runs, or `WebSocket.pause` was
        called.
    """
    return session_of(ws).delivery.run(call)


def hold_events(ws: WebSocket) -> Callable[[], None]:
    """Let later events wait after the handler has returned, as they do while it runs.

    Returns:
        Releases them; call it once, in the thread of Tk. If it was held several times, the last call counts.
    """
    delivery = session_of(ws).delivery
    delivery.hold()
    return delivery.release
