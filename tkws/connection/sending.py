"""What the program sends, from its call to the engine: at once, after `connect`, or never.

A message leaves in one of three ways: a connection takes it, an event tells its loss, or the call that
hands it over raises. Order: what the handler of `connect` sends goes first, then what was buffered while
there was no connection, then all that is sent from then on.

Knows the connection, not how it begins and ends.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from tkws.checks import Buffer
from tkws.connection.driver import ConnectionDriver
from tkws.connection.offline import OfflineBuffer
from tkws.connection.threadqueue import ThreadQueue
from tkws.errors import StateError
from tkws.loop import Loop
from tkws.protocol.engine import State, not_open
from tkws.protocol.events import EventRecord


class _Stage(Enum):
    """How far the connection is from taking whatever is sent."""

    OFFLINE = auto()
    UNTOLD = auto()  # it is open, and the handler of `connect` has not been called
    GREETING = auto()  # that handler runs
    GREETED = auto()
    OVER = auto()


class Sending:
    """The messages of one `WebSocket`.

    Args:
        loop: The loop that serves it.
        post: Told the events that tell of a loss.

    Attributes:
        direct: The connection, if it takes a whole message right away; None to ask `send`.
        threads: What other threads want to send, or want done.
    """

    __slots__ = (
        "_closing", "_depth", "_driver", "_loop", "_offline", "_room", "_stage", "_torn", "direct", "threads",
    )  # fmt: skip

    def __init__(self, loop: Loop, room: int, post: Callable[[list[EventRecord]], object]) -> None:
        self.direct: ConnectionDriver | None = None
        self.threads = ThreadQueue(loop, post)
        self._loop = loop
        self._room = room
        self._driver: ConnectionDriver | None = None
        self._offline = OfflineBuffer()
        self._stage = _Stage.OFFLINE
        self._depth = 0  # of callbacks, where the handler of `connect` runs
        self._closing = False  # whether only the handler of `connect` may still send
        self._torn = False  # whether the fragments to come are of a message whose beginning is lost

    # What is sent

    def send(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        """Send a message, or a fragment of one, for the program in the thread of Tk; see `WebSocket.send`.

        Raises:
            StateError: It cannot be sent now, or continues a message whose beginning is lost.
        """
        if self._torn and not self._begins_anew():
            self._torn = not final
            self._choose()
            raise StateError(
                "The beginning of this message was lost with its connection: send all of it again"
            )
        return self.pass_on(message, final, compress)

    def pass_on(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        """Send a message, or a fragment of one, for another thread, which keeps account of its own fragments.

        Raises:
            StateError: It cannot be sent now.
        """
        if self._room and not self._closing and self._must_wait():
            if final:
                return self._offline.add(message, compress, self._room)
            if self._stage is not _Stage.OFFLINE:
                raise StateError("A message in fragments cannot be begun before `connect` was told")
        driver = self.open_driver()
        size = driver.engine.send(message, self._loop.now(), final=final, compress=compress)
        driver.output_added()
        if final and self._offline and self._stage is _Stage.GREETED:  # which had to wait for its end
            self.flush_offline()
        return size

    def send_control(self, kind: str, payload: bytes) -> int:
        """Send a ping or a pong; return the bytes queued.

        Raises:
            StateError: The connection is not open.
        """
        driver = self.open_driver()
        send = driver.engine.ping if kind == "ping" else driver.engine.pong
        size = send(payload, self._loop.now())
        driver.output_added()
        return size

    def open_driver(self) -> ConnectionDriver:
        """Return the connection.

        Raises:
            StateError: There is none now.
        """
        if self._driver is None:
            raise not_open(State.CLOSED if self._stage is _Stage.OVER else State.CONNECTING)
        if self._closing and self._must_wait():
            raise not_open(State.CLOSING)
        return self._driver

    def flush_offline(self) -> None:
        """Send what is buffered, as far as the connection takes it."""
        if self._driver is not None:
            self._offline.send(self._driver, self._loop.now())
        self._choose()

    def set_room(self, room: int) -> None:
        """Change how many bytes may be buffered while there is no connection."""
        self._room = room
        self._choose()

    # What becomes of the connection

    def connected(self, driver: ConnectionDriver) -> None:
        """Send on this connection from now on."""
        self._driver = driver
        self._stage = _Stage.UNTOLD
        self._choose()

    def begin_closing(self) -> None:
        """Take nothing more, but from the handler of `connect`, after which the connection closes."""
        self._closing = True
        self._choose()

    def begin_greeting(self) -> None:
        """Take note that the handler of `connect` is about to be called."""
        if self._stage is _Stage.UNTOLD:
            self._stage = _Stage.GREETING
            self._depth = self._loop.nesting()

    def end_greeting(self, driver: ConnectionDriver) -> None:
        """Take note that the handler of `connect` for ``driver`` has returned."""
        if self._driver is driver and self._stage is _Stage.GREETING:
            self._stage = _Stage.GREETED
            self.flush_offline()

    def disconnected(self) -> None:
        """Take note that another connection will take what comes now: a message half sent is lost."""
        if self._driver is not None:
            unfinished = self._driver.engine.unfinished is not None
            self._torn = self._torn or (unfinished and not self.threads.mid_message)
            self.threads.disconnected()
        self._driver = self.direct = None
        self._stage = _Stage.OFFLINE

    def close(self) -> list[EventRecord]:
        """Refuse everything from now on; return the events that tell what will never be sent."""
        self._driver = self.direct = None
        self._stage = _Stage.OVER
        return self.threads.close(self._offline.clear())

    # How it works

    def _must_wait(self) -> bool:
        """Whether a message belongs after others that wait, or after what `connect` sends."""
        if self._stage is _Stage.GREETING:
            return self._loop.nesting() > self._depth  # sent by others, while that handler runs Tk's loop
        return self._stage is _Stage.OFFLINE or self._stage is _Stage.UNTOLD

    def _begins_anew(self) -> bool:
        """Whether what is sent now cannot continue a message of the connection before."""
        return self._stage is _Stage.OVER or (self._stage is _Stage.GREETING and not self._must_wait())

    def _choose(self) -> None:
        """Choose whether messages go out right away."""
        waits = self._offline or self._closing or (self._room and self._stage is not _Stage.GREETED)
        self.direct = None if waits or self._torn else self._driver
