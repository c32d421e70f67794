"""A message that is dropped if it has not begun to leave in time: `WebSocket.send` with ``expires``.

It waits while anything before it does, and later ones wait for it, so that the order is kept. To the queue
it is like a message in parts (`tkws.connection.upload`): it takes the line, and gives it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tkws.connection.driver import ConnectionDriver
from tkws.errors import MessagesLost, StateError
from tkws.loop import Loop, Timer
from tkws.protocol.events import Event

if TYPE_CHECKING:
    from tkws.connection.sending import Sending


class ExpiringMessage:
    """One message, until it is sent or dropped.

    Args:
        loop: Runs the timer.
        sending: The queue that it waits in.
        message: The message; it must not change.
        compress: As for `WebSocket.send`.
        deadline: When it is dropped, on the loop's clock.

    Attributes:
        done: Whether it was sent or dropped.
    """

    __slots__ = ("_compress", "_deadline", "_driver", "_loop", "_message", "_sending", "_timer", "done")

    def __init__(
        self, loop: Loop, sending: Sending, message: str | bytes, compress: bool | None, deadline: float
    ) -> None:
        self.done: bool = False
        self._loop = loop
        self._sending = sending
        self._message = message
        self._compress = compress
        self._deadline = deadline
        self._driver: ConnectionDriver | None = None
        self._timer: Timer = loop.call_later(max(0.0, deadline - loop.now()), self._expire)

    def begin(self, driver: ConnectionDriver) -> None:
        """Send it once nothing is left to send."""
        self._driver = driver
        driver.call_when_low(self._send)
        self._loop.call_soon(self._send)

    def fail(self, error: Exception, *, report: bool = True) -> None:
        """Drop it, since the connection has ended; ``report`` says whether an error is reported."""
        self._drop(error if report else None)

    def _send(self) -> None:
        driver = self._driver
        if self.done or driver is None:
            return
        if self._loop.now() >= self._deadline:
            self._expire()
            return
        if driver.engine.writer.has_output:
            driver.write()
        if not driver.takes_messages:
            driver.end_pause()
        elif driver.stream.buffered_amount:
            driver.call_when_empty()
        else:
            self._end()
            driver.engine.send(self._message, self._loop.now(), compress=self._compress)
            driver.flush()
            self._sending.stream_ended(self, line_free=True)

    def _expire(self) -> None:
        self._drop(StateError("It had not begun to leave when it expired"))

    def _drop(self, error: Exception | None) -> None:
        if self.done:
            return
        self._end()
        self._sending.stream_ended(self, line_free=self._driver is not None)
        if error is not None:
            lost = MessagesLost([self._message])
            lost.__cause__ = error
            self._sending.post([(Event.ERROR, lost)])

    def _end(self) -> None:
        self.done = True
        self._timer.cancel()
        if self._driver is not None:
            self._driver.call_when_low(None)
