"""Messages that a program has handed over and no connection has taken yet.

Some are kept while there is no connection (the option ``offline_buffer``), some come from threads
other than Tk's and wait for the loop. Knows nothing of how a connection begins or ends.

A message leaves in one of three ways: a connection takes it, an event tells its loss, or the call
that hands it over raises. Threads touch what `hand_in` touches and nothing else, and they do so under
the lock: so a call comes either before `close`, which tells what it finds, or after it, and raises.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from tkws.connection.driver import Connection
from tkws.errors import MessagesLost, StateError
from tkws.loop import Loop
from tkws.protocol.engine import Buffer, encode_message
from tkws.protocol.events import Event, EventRecord


class Outbox:
    """What one `WebSocket` has still to pass on.

    Args:
        loop: Takes what threads hand in.
        post: Told the events that tell of a loss.

    Attributes:
        kept: Messages that wait for a connection, with their ``compress``. It stays the same object.
        greeting: Whether the handler of ``connect`` runs, which sends before what was kept.
    """

    __slots__ = (
        "_closed", "_due", "_handed_in", "_kept_size", "_lock", "_loop", "_post", "_refused", "_torn",
        "_unfinished", "greeting", "kept",
    )  # fmt: skip

    def __init__(self, loop: Loop, post: Callable[[list[EventRecord]], object]) -> None:
        self.kept: deque[tuple[str | bytes, bool | None]] = deque()
        self.greeting = False
        self._loop = loop
        self._post = post
        self._kept_size = 0
        # Made when first needed: an empty one takes 760 bytes, and most connections have no threads.
        self._handed_in: deque[tuple[Callable[[], object], str | bytes | None, bool]] | None = None
        self._due = False  # whether `_take` is on its way
        self._closed = False
        # Reentrant: the collector may run a finalizer that sends while this thread is sending.
        self._lock = threading.RLock()
        self._refused: list[tuple[str | bytes | None, StateError]] = []  # not told yet
        self._unfinished = False  # whether a message of a thread was begun on this connection
        self._torn = False  # whether the fragments to come are of a message whose beginning is lost

    # What is kept while there is no connection

    def keep(self, message: str | Buffer, compress: bool | None, room: int) -> int:
        """Keep a message, of which all together have ``room`` bytes; return the bytes of its payload.

        Raises:
            StateError: There is no room for it.
        """
        _, payload = encode_message(message)
        if self._kept_size + len(payload) > room:
            raise StateError("The connection is CONNECTING and the offline buffer is full")
        self._kept_size += len(payload)
        self.kept.append((message if isinstance(message, str) else payload, compress))
        return len(payload)

    def send_kept(self, connection: Connection) -> None:
        """Send what was kept, as far as no message is half sent."""
        while self.kept and connection.engine.ready_for_message:
            message, compress = self.kept.popleft()
            self._kept_size -= len(encode_message(message)[1])
            connection.engine.send(message, self._loop.now(), compress=compress)
            connection.output_added()

    # What other threads hand in

    def hand_in(
        self, call: Callable[[], object], message: str | bytes | None = None, *, final: bool = True
    ) -> None:
        """Have a call made in the loop's thread, behind those before it; from any thread.

        Args:
            call: Passes the message on, or raises `StateError`.
            message: What is lost where it raises; None for what is no message.
            final: Whether it is a message, or the last fragment of one.

        Raises:
            StateError: The connection is over.
        """
        with self._lock:
            if self._closed:
                raise StateError("The connection is CLOSED, not OPEN")
            entry = call, message, final
            queue = self._handed_in
            if queue is None:
                queue = deque()  # which may collect, and a finalizer that sends has made another by then
                queue = self._handed_in = self._handed_in or queue
            queue.append(entry)
            due, self._due = self._due, True
        if not due:
            with suppress(StateError):  # the loop has closed since, and `close` has found the call
                self._loop.call_soon_threadsafe(self._take)

    def flush(self) -> None:
        """Pass on all that was handed in so far: it comes before what the program does now."""
        count = len(self._handed_in or ())
        while self._handed_in and count:
            self._pass_on(*self._handed_in.popleft())
            count -= 1

    def disconnected(self) -> None:
        """Take note that another connection will take what comes now: a message begun is torn."""
        self._torn |= self._unfinished
        self._unfinished = False

    def close(self) -> list[EventRecord]:
        """Refuse everything from now on; return the events that tell what will never be sent."""
        with self._lock:
            self._closed = True
            left, self._handed_in = self._handed_in or (), None
        lost = [message for message, _ in self.kept]
        self.kept.clear()
        return self._take_events([*lost, *(message for _, message, _ in left if message is not None)])

    # How it works

    def _take(self) -> None:
        """Pass on what was handed in, as far as the slice lasts."""
        try:
            while self._handed_in:
                self._pass_on(*self._handed_in.popleft())
                if self._loop.slice_spent():
                    break
        finally:
            with self._lock:
                self._due = bool(self._handed_in)
            if self._due:
                self._loop.call_soon(self._take)
        if self._refused:
            self._post(self._take_events())

    def _pass_on(self, call: Callable[[], object], message: str | bytes | None, final: bool) -> None:
        try:
            if self._torn and message is not None:
                raise StateError("The beginning of this message was lost")
            call()
            if message is not None:
                self._unfinished = not final
        except StateError as error:
            self._refused.append((message, error))
            if message is not None:
                self._torn = not final
        except Exception as error:
            self._loop.report_exception()
            if message is not None:
                self._refused.append((message, StateError(f"It could not be sent: {error}")))
                self._torn = not final

    def _take_events(self, lost: Iterable[str | bytes] = ()) -> list[EventRecord]:
        """Return one event for all messages, those that were refused first, and one for each other call."""
        refused, self._refused = self._refused, []
        events: list[EventRecord] = [(Event.ERROR, error) for message, error in refused if message is None]
        messages = [message for message, _ in refused if message is not None] + list(lost)
        if messages:
            event = MessagesLost(messages)
            event.__cause__ = refused[-1][1] if refused else None
            events.append((Event.ERROR, event))
        return events
