"""Sends the program's messages: at once, or once there is a connection that may take them.

Each message ends in one of three ways: a connection takes it, an event reports its loss, or the call that
sends it raises. Order: messages that the handler of `connect` sends go first, then those buffered before
there was a connection, then all later ones. While a message goes out in parts (`tkws.connection.upload`),
later ones wait for its end.

Knows the connection, not how it begins and ends.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from tkws.checks import MAX_COUNT, Buffer
from tkws.connection.callall import call_all
from tkws.connection.driver import ConnectionDriver
from tkws.connection.expiring import ExpiringMessage
from tkws.connection.offline import OfflineBuffer
from tkws.connection.threadqueue import ThreadQueue, beginning_lost
from tkws.errors import MessagesLost, StateError
from tkws.loop import Loop
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.state import State, not_open
from tkws.protocol.writer import unfinished_message

if TYPE_CHECKING:
    from tkws.connection.broadcasts import PendingBroadcasts
    from tkws.connection.upload import Upload


class _Stage(Enum):
    """Which messages the connection takes at present."""

    OFFLINE = auto()
    CONNECT_PENDING = auto()  # open; `connect` has not been delivered
    IN_CONNECT_HANDLER = auto()  # the handler of `connect` runs
    CONNECTED = auto()
    OVER = auto()


class Sending:
    """The outgoing messages of one `WebSocket`.

    Args:
        loop: The loop that serves it.
        capacity: Bytes that may be buffered until there is a connection.
        post: Takes the events that report a loss.

    Attributes:
        direct: The connection, if it takes any message right away; if None, call `send`.
        pending: Broadcasts that are to be sent before anything else; None without any.
        post: As above.
        streaming: Whether a message has the line, such as one in parts, for whose end all others wait.
        threads: Calls that other threads submitted.
    """

    __slots__ = (
        "_capacity", "_closing", "_discarding", "_driver", "_handler_depth", "_loop", "_offline", "_stage",
        "_uploads", "direct", "pending", "post", "streaming", "threads",
    )  # fmt: skip

    def __init__(self, loop: Loop, capacity: int, post: Callable[[list[EventRecord]], object]) -> None:
        self.direct: ConnectionDriver | None = None
        self.pending: PendingBroadcasts | None = None
        self.streaming: bool = False
        self.post: Callable[[list[EventRecord]], object] = post
        self.threads: ThreadQueue = ThreadQueue(loop, post)
        self._loop = loop
        self._capacity = capacity
        self._driver: ConnectionDriver | None = None
        self._offline = OfflineBuffer()
        self._stage = _Stage.OFFLINE
        self._handler_depth = 0  # callback nesting in which the handler of `connect` runs
        self._closing = False  # whether only the handler of `connect` may still send
        self._discarding = False  # fragments of a message whose beginning was lost
        self._uploads: tuple[Upload | ExpiringMessage, ...] = ()  # those that have not ended

    @property
    def waiting_amount(self) -> int:
        """The bytes of pending broadcasts, and of the messages that wait for the end of one in parts."""
        pending = 0 if self.pending is None else self.pending.size
        return pending + self._offline.size if self.streaming else pending

    # Called by the program

    def send(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        """Send a message, or a fragment of one, for the program in Tk's thread; see `WebSocket.send`.

        Raises:
            StateError: The message cannot be sent now, or it continues a message whose beginning was lost.
        """
        if self._discarding and not self._starts_new_message():
            self._discarding = not final
            self._update_direct()
            raise beginning_lost()
        return self.send_for_thread(message, final, compress)

    def send_for_thread(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        """Send a message, or a fragment of one, for another thread; `ThreadQueue` tracks its fragments.

        Raises:
            StateError: The frame cannot be sent now.
        """
        self.send_pending()
        if self._capacity and not self._closing and self._must_wait():
            if final:
                return self._offline.add(message, compress, self._capacity)
            if self._stage is not _Stage.OFFLINE:
                raise StateError(
                    "A message in fragments cannot be begun before `connect` was delivered: wait until its "
                    "handler has returned, or send it whole"
                )
        driver = self.open_driver(can_be_buffered=final)
        if self.streaming and driver.takes_messages:
            if not final:
                raise StateError(
                    "A message in fragments cannot be begun while another is being sent, such as a stream: "
                    "wait for its end, or send it whole"
                )
            return self._offline.add(message, compress, MAX_COUNT)
        size = driver.engine.send(message, self._loop.now(), final=final, compress=compress)
        driver.flush()
        if final and self._offline and self._stage is _Stage.CONNECTED:  # waiting for the end of this message
            self.flush_offline()
        return size

    def send_stream(self, upload: Upload) -> None:
        """Begin a message in parts, once those before it are sent.

        Raises:
            StateError: The connection is not open, or a message in fragments is unfinished.
        """
        self._driver_for_whole()
        self._begin_or_wait(upload)

    def send_expiring(self, message: str | bytes, compress: bool | None, deadline: float) -> int:
        """Send a message if it can begin to leave before ``deadline``, on the loop's clock.

        Returns:
            The bytes of the payload.

        Raises:
            StateError: The connection is not open, or a message in fragments is unfinished.
        """
        driver = self._driver_for_whole()
        waits = self.streaming or (self._capacity and self._must_wait())
        if not waits and not driver.buffered_amount:
            return self.send_for_thread(message, True, compress)
        self._begin_or_wait(ExpiringMessage(self._loop, self, message, compress, deadline))
        return len(message.encode() if isinstance(message, str) else message)

    def _begin_or_wait(self, upload: Upload | ExpiringMessage) -> None:
        self._uploads += (upload,)
        if self.streaming or (self._capacity and self._must_wait()):
            self._offline.add_call(partial(self._begin_upload, upload))
            self._update_direct()
        else:
            self._begin_upload(upload)

    def send_encoded_later(self, message: EncodedMessage) -> bool:
        """Send a message of a broadcast after the message in parts; return False if not open."""
        if self._driver is None or not self._driver.takes_messages:
            return False
        self._offline.add_call(partial(self._send_encoded, self._driver, message), len(message.frame))
        return True

    def await_pending(self, broadcasts: PendingBroadcasts | None) -> None:
        """Send these broadcasts before anything else; None when they are sent."""
        self.pending = broadcasts
        if broadcasts is None:
            self._update_direct()
        else:
            self.direct = None

    def send_pending(self) -> None:
        """Send the pending broadcasts."""
        if self.pending is not None:
            self.pending.send()

    def send_control(self, kind: str, payload: bytes) -> int:
        """Send a ping or a pong; return the bytes queued.

        Raises:
            StateError: The connection is not open.
        """
        self.send_pending()
        driver = self.open_driver()
        send = driver.engine.ping if kind == "ping" else driver.engine.pong
        size = send(payload, self._loop.now())
        driver.flush()
        return size

    def open_driver(self, *, can_be_buffered: bool = False) -> ConnectionDriver:
        """Return the connection; ``can_be_buffered`` is as for `not_open`.

        Raises:
            StateError: The connection is not open.
        """
        if self._driver is None:
            state = State.CLOSED if self._stage is _Stage.OVER else State.CONNECTING
            raise not_open(state, can_be_buffered=can_be_buffered)
        if self._closing and self._must_wait():
            raise not_open(State.CLOSING)
        return self._driver

    def flush_offline(self) -> None:
        """Send buffered messages, as far as the connection takes them."""
        if self._driver is not None:
            now = self._loop.now()
            while not self.streaming and self._offline.send_next(self._driver, now):
                pass
        self._update_direct()

    def set_capacity(self, capacity: int) -> None:
        """Change how many bytes may be buffered until there is a connection."""
        self._capacity = capacity
        self._update_direct()

    # Called by the session

    def connected(self, driver: ConnectionDriver) -> None:
        """Send on this connection from now on."""
        self._driver = driver
        self._stage = _Stage.CONNECT_PENDING
        self._update_direct()

    def begin_closing(self) -> None:
        """Refuse messages, except from the handler of `connect`, after which the connection closes."""
        self._closing = True
        self._update_direct()

    def begin_connect_handler(self) -> None:
        """Note that the handler of `connect` is about to be called."""
        if self._stage is _Stage.CONNECT_PENDING:
            self._stage = _Stage.IN_CONNECT_HANDLER
            self._handler_depth = self._loop.nesting()

    def end_connect_handler(self, driver: ConnectionDriver) -> None:
        """Note that the handler of `connect` for ``driver`` has returned."""
        if self._driver is driver and self._stage is _Stage.IN_CONNECT_HANDLER:
            self._stage = _Stage.CONNECTED
            self.flush_offline()

    def stream_ended(self, upload: Upload | ExpiringMessage, *, line_free: bool) -> None:
        """Note that a message in parts has ended, and whether others may be sent again."""
        self._uploads = tuple(other for other in self._uploads if other is not upload)
        if line_free:
            self.streaming = False
            if self._stage is _Stage.CONNECTED:
                self.flush_offline()
            self._update_direct()

    def fail_uploads(self, error: Exception, *, report: bool) -> None:
        """End the messages in parts with their connection; ``report`` says whether the program is called."""
        call_all(partial(upload.fail, error, report=report) for upload in self._uploads)

    def disconnected(self) -> list[EventRecord]:
        """Note that the connection is gone and another will follow; a message half sent is lost.

        Returns:
            The event that reports the messages that waited for the end of another.
        """
        streaming, self.streaming = self.streaming, False
        self._offline.drop_calls()
        lost = [] if self._capacity else self._offline.clear()
        if self._driver is not None:
            unfinished = self._driver.engine.writer.unfinished is not None and not streaming
            self._discarding = self._discarding or (unfinished and not self.threads.mid_message)
            self.threads.disconnected()
        self._driver = self.direct = None
        self._stage = _Stage.OFFLINE
        return [(Event.ERROR, MessagesLost(lost))] if lost else []

    def close(self) -> list[EventRecord]:
        """Refuse everything from now on; return the events that report messages that will never be sent."""
        self._driver = self.direct = self.pending = None
        self._stage = _Stage.OVER
        self.fail_uploads(not_open(State.CLOSED), report=False)
        return self.threads.close(self._offline.clear())

    # How it works

    def _driver_for_whole(self) -> ConnectionDriver:
        """Return the connection for a message that cannot continue one in fragments.

        Raises:
            StateError: The connection is not open, or a message in fragments is unfinished.
        """
        self.send_pending()
        driver = self.open_driver()
        if driver.engine.state is not State.OPEN:
            raise not_open(driver.engine.state)
        unfinished = driver.engine.writer.unfinished
        if unfinished is not None and not self.streaming:
            raise unfinished_message(unfinished)
        return driver

    def _begin_upload(self, upload: Upload | ExpiringMessage) -> None:
        if upload.done or self._driver is None:  # it was cancelled while it waited
            return
        self.streaming = True
        self._update_direct()
        upload.begin(self._driver)

    def _send_encoded(self, driver: ConnectionDriver, message: EncodedMessage) -> None:
        if driver.engine.send_encoded(message, self._loop.now()):
            driver.write_at_slice_end()

    def _must_wait(self) -> bool:
        """Tell whether a message has to wait for others, or for what the handler of `connect` sends."""
        if self._stage is _Stage.IN_CONNECT_HANDLER:
            return self._loop.nesting() > self._handler_depth  # called in Tk's loop inside that handler
        return self._stage is _Stage.OFFLINE or self._stage is _Stage.CONNECT_PENDING

    def _starts_new_message(self) -> bool:
        """Tell whether a message sent now cannot continue one of the previous connection."""
        return self._stage is _Stage.OVER or (
            self._stage is _Stage.IN_CONNECT_HANDLER and not self._must_wait()
        )

    def _update_direct(self) -> None:
        """Decide whether messages go out right away."""
        waits = self._offline or self._closing or (self._capacity and self._stage is not _Stage.CONNECTED)
        waits = waits or self._discarding or self.streaming or self.pending is not None
        self.direct = None if waits else self._driver
