"""Sends a message in parts, as fast as the network accepts them: `WebSocket.send_stream`.

Knows the source and the connection, but not the messages that wait for this one to end: those are queued by
`tkws.connection.sending`. A fragment is read from the source only while little data waits to be sent, so the
lower layers' buffers bound the memory, not the size of the message. The program's functions are called from
the loop, and may do anything, so the state is checked again when they return.

A message that has begun cannot be taken back. If it cannot be completed, the connection is closed, and
nothing else is sent: the peer would take that for the rest of the message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tkws.checks import check_flag, check_kind, check_size
from tkws.connection.driver import ConnectionDriver
from tkws.connection.fragments import Fragments, Source, check_source, size_of
from tkws.connection.transfer import Transfer, as_exception, check_transfer_callbacks
from tkws.errors import StateError
from tkws.plurals import counted
from tkws.protocol.closing import CloseCode

if TYPE_CHECKING:
    from tkws.connection.sending import Sending
    from tkws.connection.session import Session
    from tkws.connection.websocket import WebSocket

FRAGMENT_SIZE: Final = 64 * 1024
"""Bytes of a fragment unless ``fragment_size`` is set: a control frame waits for at most one fragment."""


class Upload(Transfer):
    """A message that is being sent in parts; `WebSocket.send_stream` returns it.

    With `tkws.aio`, ``await upload`` waits until all of it has left the program, and returns the upload, or
    raises its ``error``; cancelling the task cancels the upload.

    Attributes:
        ws: The connection.
        total: The size of the whole message in bytes; None if unknown.
        done: Whether the upload is complete, has failed or was cancelled.
        error: Why the upload is incomplete: the exception of the source, a `StateError` after `cancel`, or a
            `ConnectionClosed` if the connection ended. Otherwise None.
    """

    def __init__(
        self,
        ws: WebSocket,
        sending: Sending,
        fragments: Fragments,
        *,
        text: bool,
        total: int | None,
        compress: bool | None,
        on_progress: Callable[[Upload], object] | None,
        on_end: Callable[[Upload], object] | None,
    ) -> None:
        super().__init__(ws, on_progress, on_end)
        self.total: int | None = total
        self._sending = sending
        self._fragments = fragments
        self._empty: str | bytes = "" if text else b""
        self._compress = compress
        self._driver: ConnectionDriver | None = None  # once it has begun
        self._queued = 0  # bytes handed to the connection
        self._sent = 0
        self._begun = False  # whether a fragment was sent
        self._complete = False  # whether the last fragment was sent
        self._reading = False  # whether the source is being asked, which may run Tk's loop
        self._due = False  # whether `_send_next` is scheduled

    def __repr__(self) -> str:
        total = "? bytes" if self.total is None else counted(self.total, "byte")
        return f"<Upload {self.sent} of {total}, {self._state('sending')}>"

    @property
    def sent(self) -> int:
        """How many bytes of the message have left the program; an estimate if it is compressed."""
        if not self.done and self._driver is not None:
            self._sent = max(self._sent, self._queued - self._driver.buffered_amount)
        return self._sent

    def cancel(self, *, finish: bool = False) -> None:
        """Stop sending; a no-op if the upload is done.

        If no part has left yet, the message is not sent at all. Parts that have left cannot be taken back.

        Args:
            finish: False to close the connection with 1001 if a part has left, so that the peer does not
                take it for the whole message. True to end the message early and keep the connection; use
                this only if the peer can tell that the message is incomplete.

        Raises:
            TypeError: ``finish`` is not a bool.
            StateError: The caller is not in Tk's thread.
        """
        check_flag("finish", finish)
        self._loop.check_thread()
        if self.done:
            return
        error = StateError("The stream was cancelled by this program")
        if finish and self._driver is not None and self._half_sent:
            self._send_empty_end(self._driver)
        self._break_off(error, CloseCode.GOING_AWAY, "A message was cancelled")

    # Called by `Sending`

    def begin(self, driver: ConnectionDriver) -> None:
        """Send the first fragment soon. Called when no other message is half sent."""
        self._driver = driver
        driver.call_when_low(self._send_next)
        self._send_soon()

    # How it works

    def _send_soon(self) -> None:
        if not (self._due or self.done or self._loop.closed):
            self._due = True
            self._loop.call_soon(self._send_next)

    def _send_next(self) -> None:
        """Send a fragment, unless enough data already waits; called again until all fragments are sent."""
        self._due = False
        driver = self._driver
        if self._reading or driver is None or self.done:
            return
        if not driver.takes_messages:
            driver.end_pause()
            return
        if self._complete:
            if not driver.buffered_amount:
                self._end(None)
                self._report_progress(always=True)
            return
        if driver.writing_paused:
            return
        fragment = self._read()
        if fragment is not None and self._may_send(driver):  # the source may have done anything
            self._send(driver, *fragment)
        self._send_soon()
        self._report_progress()

    def _may_send(self, driver: ConnectionDriver) -> bool:
        return not self.done and driver.takes_messages

    def _read(self) -> tuple[str | bytes, int, bool] | None:
        self._reading = True
        try:
            return self._fragments.read()
        except BaseException as error:  # an interrupt too: the position in the source is then unknown
            if not self.done:
                failure = as_exception(error, "The source of the stream")
                self._break_off(failure, CloseCode.INTERNAL_ERROR, "The source of a message failed")
            if not isinstance(error, Exception):
                raise
            return None
        finally:
            self._reading = False
            if self.done:
                self._close_source()

    def _send(self, driver: ConnectionDriver, data: str | bytes, size: int, last: bool) -> None:
        driver.engine.send(data, self._loop.now(), final=last, compress=self._compress)
        self._begun = True
        self._queued += size
        driver.write()
        if last:
            self._complete = True
            driver.call_when_empty()

    def _send_empty_end(self, driver: ConnectionDriver) -> None:
        driver.engine.send(self._empty, self._loop.now(), final=True)
        driver.flush()
        self._complete = True

    @property
    def _half_sent(self) -> bool:
        return self._begun and not self._complete

    def _break_off(self, error: Exception, code: CloseCode, reason: str) -> None:
        """End with an error, and close the connection if the message is half sent."""
        self._end(error)
        if self._half_sent:
            self.ws.close(code, reason)

    def _release(self, error: Exception | None) -> None:
        self._sent = self._queued if error is None else self.sent
        self.done = True
        self.error = error
        if self._driver is not None:
            self._driver.call_when_low(None)
        if not self._reading:
            self._close_source()
        self._sending.stream_ended(self, line_free=self._driver is not None and not self._half_sent)

    def _close_source(self) -> None:
        try:
            self._fragments.close()
        except Exception:  # the program's
            self._loop.report_exception()


def new_upload(
    ws: WebSocket,
    session: Session,
    source: Source,
    *,
    text: bool,
    size: int | None,
    fragment_size: int | None,
    compress: bool | None,
    on_progress: Callable[[Upload], object] | None,
    on_end: Callable[[Upload], object] | None,
) -> Upload:
    """Implement `WebSocket.send_stream`: check the arguments, and return the upload.

    Raises:
        TypeError: As there.
        ValueError: As there.
    """
    check_flag("text", text)
    check_source(source, text)
    total = size_of(source) if size is None else check_size("size", size)
    if fragment_size is not None:
        fragment_size = check_size("fragment_size", fragment_size, least=1)
    if compress is not None:
        check_kind("compress", compress, bool, "True, False or None")
    check_transfer_callbacks(on_progress, on_end, "(upload)")
    most = fragment_size or session.options.fragment_size or FRAGMENT_SIZE
    return Upload(
        ws,
        session.sending,
        Fragments(source, text, total, most),
        text=text,
        total=total,
        compress=compress,
        on_progress=on_progress,
        on_end=on_end,
    )
