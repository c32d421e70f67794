"""`WebSocket`: the program's object for a connection, from the call that opens it to its end.

It has only what is meant for the program; `tkws.connection.session` is the implementation. Everything that
happens reaches the program through its handler, in Tk's thread.

Long because each method of the program's object is explained here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tkws.checks import Buffer, check_flag, check_kind, check_seconds, check_text
from tkws.codecs import JSON, encode_value
from tkws.configurable import ConfigurableConnection
from tkws.connection.calls import Call, caller_of, find_caller
from tkws.connection.download import Download, new_download
from tkws.connection.groupnames import check_group
from tkws.connection.lifecycle import Phase
from tkws.connection.lifecycleevents import CLOSED_UNOPENED
from tkws.connection.logs import new_connection_id
from tkws.connection.owner import not_of_a_server
from tkws.connection.session import Session, all_websockets
from tkws.connection.statistics import Statistics, statistics_of
from tkws.connection.timings import Timings
from tkws.connection.upload import Upload, new_upload
from tkws.errors import StateError
from tkws.loop import Loop
from tkws.net import TLSStream, run_in_thread
from tkws.options import ConnectionOptions, changed
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool, set_numpy_loader
from tkws.protocol.payloads import encode_control, encode_message
from tkws.protocol.state import State, not_open

if TYPE_CHECKING:
    from tkws.connection.download import Target
    from tkws.connection.fragments import Source
    from tkws.http.messages import Request, Response
    from tkws.http.tlsinfo import TLSInfo

_MASKS = MaskPool(os.urandom)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_MASKS.forget)
set_numpy_loader(run_in_thread)  # the import would freeze the window


class WebSocket(ConfigurableConnection):
    """A WebSocket connection of a Tk program.

    Made by `tkws.open`, `tkws.takeover`, `tkws.upgrade` and by servers, never directly.
    `send`, `send_value`, `send_json`, `call`, `notify`, `ping`, `pong` and `close` may be called from any
    thread, and so may everything that only reads its state. All other calls raise a `StateError` in a thread
    other than Tk's, and in a forked process.

    Attributes:
        loop: The loop that serves it: ``ws.loop.call_later(seconds, callback)``.
        role: `Role.CLIENT` or `Role.SERVER`.
        id: Eight hexadecimal digits that name it in the log.
        url: The URL that it was opened with, or that the client requested; empty until a callable of
            `tkws.open` has returned it.
        protocol: The subprotocol that was agreed; ``""`` for none.
        request: The opening request; None before it, and after `tkws.takeover`.
        response: The response to it; None before it, on a server, and after `tkws.takeover`.
        peername: The remote address, as `socket.socket.getpeername` returns it; None before it is known.
        sockname: The local address; None before it is known.
        broadcasts_skipped: Messages of `Server.broadcast` that were skipped because the peer was too slow.
        timings: The seconds that the steps of the opening took.
        data: Anything that the program keeps with the connection; None at first. `Admit` sets it before the
            connection opens.
    """

    data: Any = None
    timings: Timings = Timings()

    def __init__(
        self, loop: Loop, role: Role, options: ConnectionOptions, url: str = "", id: str = ""
    ) -> None:
        self.loop = loop
        self.role = role
        self.id: str = id or new_connection_id()
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
        loop.logs.on_level_change = follow_log_levels

    def __repr__(self) -> str:
        peer = f" {self.peername!r}" if self.peername else ""
        url = ascii(self.url.partition("?")[0])[1:-1] or "-"  # a peer's Host may be in it
        return f"<{type(self).__name__} {self.role.name.lower()} {self.state.name} {url}{peer}>"

    # Methods for the program

    def send(
        self,
        message: str | Buffer,
        *,
        final: bool = True,
        compress: bool | None = None,
        expires: float | None = None,
    ) -> int:
        """Send a message, or a fragment of one.

        It is written at once; from a handler, or if it is longer than 64 KiB, soon after the call.

        Args:
            message: A ``str`` is sent as text; bytes and any other object with a contiguous buffer, such as
                a bytearray, an `array.array`, an `mmap.mmap` or a NumPy array, are sent as binary. It may
                be changed or closed afterwards.
            final: False for a fragment that is followed by others of the same kind, from the same thread.
            compress: Whether to compress; None leaves that to the option ``compression``.
            expires: Seconds after which a whole message is dropped if it has not begun to leave: for figures
                that are worthless when late. An ``error`` event returns it in a `MessagesLost` then. It is
                not kept in the offline buffer, and later messages wait for it. None for never.

        Returns:
            The number of bytes queued, including the header; from another thread, and into the offline
            buffer, the number of bytes of the payload.

        Raises:
            TypeError: ``message``, ``final`` or ``compress`` is of a wrong type.
            ValueError: The text cannot be encoded, or the buffer is closed.
            StateError: The connection is not open, and the option ``offline_buffer`` leaves no room for the
                message. For another thread's message this may show only later: then an ``error`` event
                returns it in a `MessagesLost`, before ``disconnect``.
        """
        if final is not True:
            check_flag("final", final)
        if compress is not None:
            check_kind("compress", compress, bool, "True, False or None")
        if expires is not None:
            return self._send_expiring(message, final, compress, expires)
        if not self.loop.in_loop_thread():
            return self._send_from_thread(message, final, compress)
        driver = self._sending.direct
        if driver is None:
            return self._sending.send(message, final, compress)
        size = driver.engine.send(message, self.loop.now(), final=final, compress=compress)
        driver.flush()
        return size

    def send_value(self, value: Any, *, compress: bool | None = None) -> int:
        """Send a value as a message: the option ``codec`` encodes it, in the calling thread.

        Args:
            value: Any value that the codec takes.
            compress: As for `send`.

        Returns:
            As `send`.

        Raises:
            StateError: There is no codec, or as `send`.
            Exception: The codec does not take ``value``, and raises this.
        """
        self.loop.check_process()
        return self.send(encode_value(self._options.codec, value), compress=compress)

    def send_json(self, value: Any, *, compress: bool | None = None) -> int:
        """Send a value as a text message of JSON, whatever the option ``codec`` is; see `tkws.JSON`.

        Args:
            value: A dict, list, str, int, float, bool or None, and so on within it.
            compress: As for `send`.

        Returns:
            As `send`.

        Raises:
            TypeError: ``value`` holds something else, or ``compress`` is of a wrong type.
            ValueError: ``value`` holds an infinite number or NaN, contains itself, or is nested too deeply.
            StateError: As `send`.
        """
        return self.send(JSON.encode(value), compress=compress)

    def send_stream(
        self,
        source: Source,
        *,
        text: bool = False,
        size: int | None = None,
        fragment_size: int | None = None,
        compress: bool | None = None,
        on_progress: Callable[[Upload], object] | None = None,
        on_end: Callable[[Upload], object] | None = None,
    ) -> Upload:
        """Send one message of any length in fragments, as the line takes it.

        The source is read, soon after the call, only as fast as the peer reads. Until the message is whole,
        others wait, also from other threads and of broadcasts; pings and pongs pass. It belongs to this
        connection: if that ends, so does the stream, and a reconnecting client does not send it again.

        Args:
            source: A file opened in binary mode (anything with ``read(size)``), a callable ``(size)`` that
                returns bytes, or an iterable of bytes, such as a generator. A file and a callable end with
                an empty result. It is closed at the end, however that comes, if it has a ``close()``.
            text: Whether to send a text message; the source then returns str, or bytes in UTF-8.
            size: The bytes of the message, if known; a source that returns more or fewer fails. None to
                take it from a regular file, and to read anything else to its end.
            fragment_size: The most bytes of a fragment; None for the option ``fragment_size``, or 64 KiB.
            compress: As for `send`.
            on_progress: Called as ``on_progress(upload)`` up to 30 times a second while it is sent, and when
                all of it was.
            on_end: Called as ``on_end(upload)`` once, when all of it has left the program, or it failed or
                was cancelled: see `Upload.error`. An exception of the source without ``on_end`` goes to
                ``report_callback_exception``. If a part had left by then, the connection is closed with 1011.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``size`` or ``fragment_size`` is out of range.
            StateError: The connection is not open, a message in fragments is unfinished, or the caller is not
                in Tk's thread.
        """
        self.loop.check_thread()
        upload = new_upload(
            self,
            self._session,
            source,
            text=text,
            size=size,
            fragment_size=fragment_size,
            compress=compress,
            on_progress=on_progress,
            on_end=on_end,
        )
        self._sending.send_stream(upload)
        return upload

    def call(
        self,
        method: str,
        params: list[Any] | tuple[Any, ...] | dict[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_result: Callable[[Any], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> Call:
        """Call a method of the peer. The connection's handler is a `tkws.JSONRPC`, or a `tkws.tee` with one.

        Args:
            method: The method of the peer.
            params: Its arguments, by position or by name.
            timeout: Seconds to wait for the answer; None to wait until the connection ends.
            on_result: Called with the result, in Tk's thread.
            on_error: Called with the exception that ends the call instead: a `JSONRPCError` of the peer, a
                `CallTimeout`, or a `ConnectionClosed`. Without it, and with ``on_result``, the first two go
                to ``report_callback_exception``.

        Returns:
            The call, which can be cancelled and, with `tkws.aio`, awaited.

        Raises:
            TypeError: An argument is of a wrong type, or ``params`` cannot be encoded.
            ValueError: ``timeout`` is not above 0, or ``params`` cannot be encoded.
            StateError: The connection is not open, or its handler is not a `tkws.JSONRPC`.
        """
        self.loop.check_process()
        return caller_of(self._options.handler).call(
            self, method, params, timeout=timeout, on_result=on_result, on_error=on_error
        )

    def notify(self, method: str, params: list[Any] | tuple[Any, ...] | dict[str, Any] | None = None) -> int:
        """Call a method of the peer that it does not answer, with the same kind of handler as `call`.

        Args:
            method: The method of the peer.
            params: Its arguments, by position or by name.

        Returns:
            As `send`.

        Raises:
            TypeError: An argument is of a wrong type, or ``params`` cannot be encoded.
            ValueError: ``params`` cannot be encoded.
            StateError: As `send`, or the handler of the connection is not a `tkws.JSONRPC`.
        """
        self.loop.check_process()
        return caller_of(self._options.handler).notify(self, method, params)

    def receive_into(
        self,
        target: Target,
        *,
        max_size: int | None = None,
        on_progress: Callable[[Download], object] | None = None,
        on_end: Callable[[Download], object] | None = None,
    ) -> Download:
        """Write the next message to a file, or hand it to a function, as it comes.

        The handler does not get this message. Further calls take the messages after it. The option
        ``max_message`` is not for it. Text goes to a file in UTF-8.

        Args:
            target: The path of a file, which has the ending ``.part`` until it is complete, or ``.2.part``
                and so on if there is such a file; or a callable ``(data)`` such as the ``write`` of a file,
                which gets the parts of the message: bytes, or str that is whole characters.
            max_size: The most bytes that the message may have; a longer one closes the connection with 1009.
                None for any.
            on_progress: Called as ``on_progress(download)`` up to 30 times a second while it comes, and when
                all of it has.
            on_end: Called as ``on_end(download)`` once, when all was received, or it failed or was
                cancelled: see `Download.error`. An exception of the target without ``on_end`` goes to
                ``report_callback_exception``. The rest of the message is dropped after one.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``max_size`` is negative.
            OSError: The file cannot be made.
            StateError: The connection is over, or the caller is not in Tk's thread.
        """
        self.loop.check_thread()
        if self.state is State.CLOSED:
            raise not_open(State.CLOSED)
        download = new_download(
            self._session, target, max_size=max_size, on_progress=on_progress, on_end=on_end
        )
        self._session.receive_into(download)
        return download

    def ping(self, payload: str | Buffer = b"") -> int:
        """Send a ping; the answer is a ``pong`` event (RFC 6455, 5.5.2).

        Args:
            payload: At most 125 bytes; a ``str`` is encoded as UTF-8.

        Returns:
            The number of bytes queued, including the header; from another thread 0.

        Raises:
            TypeError: ``payload`` is neither a ``str`` nor bytes-like.
            ValueError: ``payload`` is longer.
            StateError: The connection is not open. From another thread this may show only later: then it
                is an ``error`` event, or ``disconnect`` comes before the ping was sent.
        """
        return self._send_control("ping", payload)

    def pong(self, payload: str | Buffer = b"") -> int:
        """Send an unsolicited pong (RFC 6455, 5.5.3). Pings are answered automatically.

        Args:
            payload: As for `ping`.

        Returns:
            As `ping`.

        Raises:
            TypeError: As `ping`.
            ValueError: As `ping`.
            StateError: As `ping`.
        """
        return self._send_control("pong", payload)

    def close(self, code: int | None = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Begin the closing handshake, or cancel the opening; ``close`` and ``disconnect`` follow.

        Messages sent before, from any thread, go out first. Idempotent.

        Args:
            code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; None for a Close frame without a code.
            reason: A text for the peer; it is cut off after 123 bytes of UTF-8.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``code`` must not be sent, or there is a ``reason`` without a ``code``.
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
            StateError: The caller is not in Tk's thread.
        """
        self.loop.check_thread()
        self._session.pause()

    def resume(self) -> None:
        """Continue after `pause`; the handler is called from the loop.

        Raises:
            StateError: The caller is not in Tk's thread.
        """
        self.loop.check_thread()
        self._session.delivery.resume()

    def reconnect_now(self) -> None:
        """Begin the next attempt now instead of after its delay; a no-op if none is waiting.

        Raises:
            StateError: The caller is not in Tk's thread.
        """
        self.loop.check_thread()
        self._session.reconnect_now()

    def join(self, group: str) -> None:
        """Join a group of the server's, such as a room: ``server.broadcast(message, to=group)`` reaches it.

        A group exists while it has members. The connection leaves its groups when it ends. Idempotent.

        Args:
            group: A name, without the wildcards ``*``, ``?`` and ``[``.

        Raises:
            TypeError: ``group`` is not a str.
            ValueError: ``group`` is empty, or has a wildcard.
            StateError: The connection is a client, has no `Server` or has ended, or the caller is not in Tk's
                thread.
        """
        check_group(group)
        self.loop.check_thread()
        owner = self._session.owner
        if owner is None:
            raise not_of_a_server()
        if self._session.phase is Phase.ENDED:
            raise not_open(State.CLOSED)
        owner.join(self._session, group)

    def leave(self, group: str) -> None:
        """Leave a group; a no-op for one that it has not joined.

        Raises:
            TypeError: ``group`` is not a str.
            StateError: The caller is not in Tk's thread.
        """
        check_text("group", group)
        self.loop.check_thread()
        if self._session.owner is not None and self._session.phase is not Phase.ENDED:
            self._session.owner.leave(self._session, group)

    # Its state

    @property
    def groups(self) -> frozenset[str]:
        """The names of the groups that it has joined; at `disconnect`, those that it was in until then."""
        return frozenset(self._session.groups or ())

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self._session.state

    @property
    def retry_in(self) -> float | None:
        """The seconds until the next attempt to connect; None if none is waiting."""
        return self._session.retry_in

    @property
    def close_code(self) -> int | None:
        """The code of the ``close`` event (RFC 6455, 7.1.5); None before it."""
        if self._session.events.closed_unopened:
            return CLOSED_UNOPENED[0]
        return self._session.driver.engine.close_code if self._session.driver else None

    @property
    def close_reason(self) -> str:
        """The reason of the ``close`` event; empty before it."""
        if self._session.events.closed_unopened:
            return CLOSED_UNOPENED[1]
        return self._session.driver.engine.close_reason if self._session.driver else ""

    @property
    def latency(self) -> float | None:
        """The round-trip time of the last answered ping, in seconds; None before one was answered."""
        return self._session.driver.engine.keepalive.latency if self._session.driver else None

    @property
    def buffered_amount(self) -> int:
        """The bytes waiting to be sent."""
        return self._session.buffered_amount

    @property
    def tls(self) -> TLSInfo | None:
        """The TLS of the connection, or of the last one: its version, cipher, and the peer's certificate.

        None without TLS, and before the connection is open.
        """
        stream = self._session.driver.stream if self._session.driver else None
        return stream.info if isinstance(stream, TLSStream) else None

    @property
    def statistics(self) -> Statistics:
        """The figures of the connection so far."""
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

    def _change(self, changes: Mapping[str, Any]) -> None:
        self.loop.check_thread()
        options = changed(self._options, changes)
        if options.compression != self._options.compression:
            raise StateError("compression: cannot be changed once the opening handshake has begun")
        before, self._options = self._options.handler, options
        self._session.configure(options)
        if options.handler is not before:
            self._leave_caller(before)

    def _leave_caller(self, handler: object) -> None:
        """End the calls of the handler until now, to which no answer would come."""
        caller = find_caller(handler)
        if caller is not None and caller is not find_caller(self._options.handler):
            caller.leave(self)

    def _send_control(self, kind: str, payload: str | Buffer) -> int:
        encoded = encode_control("payload", payload)
        if self.loop.in_loop_thread():
            return self._sending.send_control(kind, encoded)
        self._require_not_over()
        self._sending.threads.submit(partial(self._sending.send_control, kind, encoded))
        return 0

    def _send_expiring(
        self, message: str | Buffer, final: bool, compress: bool | None, expires: float
    ) -> int:
        deadline = self.loop.now() + check_seconds("expires", expires)
        if not final:
            raise ValueError("expires: only for a whole message, not with final=False")
        _, payload = encode_message(message)
        copy = message if isinstance(message, str) else payload  # the caller may change the original
        if self.loop.in_loop_thread():
            return self._sending.send_expiring(copy, compress, deadline)
        self._require_not_over()
        send = partial(self._sending.send_expiring, copy, compress, deadline)
        self._sending.threads.submit(send, copy)
        return len(payload)

    def _send_from_thread(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        _, payload = encode_message(message)
        copy = message if isinstance(message, str) else payload  # the caller may change the original
        self._require_not_over()
        self._sending.threads.submit(
            partial(self._sending.send_for_thread, copy, final, compress), copy, final=final
        )
        return len(payload)

    def _require_not_over(self) -> None:
        if self.state in (State.CLOSING, State.CLOSED):
            raise not_open(self.state)


def session_of(ws: WebSocket) -> Session:
    """Return the session of a WebSocket, for the package's own modules."""
    return ws._session  # noqa: SLF001 - the only such access


def follow_log_levels() -> None:
    """Make every open connection log its frames and timers, or not, as the level of its logger says now."""
    for ws in list(all_websockets):
        driver = session_of(ws).driver
        if driver is not None:
            driver.follow_log_level()


def call_as_handler(ws: WebSocket, call: Callable[[], object]) -> bool:
    """Run ``call`` in place of the handler; events wait meanwhile.

    For handlers that delay messages, such as `tkws.batched`.

    Returns:
        False, without a call, if the handler runs or delivery is paused.
    """
    return session_of(ws).delivery.run(call)


def hold_events(ws: WebSocket) -> Callable[[], None] | None:
    """Hold back later events, also after the handler has returned.

    Returns:
        Releases them; call it once, in the thread of Tk. If they are held several times, the last
        call counts. None with the option ``reentrant``, with which no event waits.
    """
    delivery = session_of(ws).delivery
    if delivery.reentrant:
        return None
    delivery.hold()
    return delivery.release
