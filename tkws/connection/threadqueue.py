"""Calls that threads other than Tk's hand over, made one after the other in the thread of Tk.

Knows nothing of how a connection begins or ends. Threads touch what `ThreadQueue.submit` touches and nothing
else, and they do so under the lock: a call comes either before `ThreadQueue.close`, which tells what it
finds, or after it, and raises.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from tkws.errors import MessagesLost, StateError
from tkws.loop import Loop
from tkws.protocol.engine import State, not_open
from tkws.protocol.events import Event, EventRecord


class ThreadQueue:
    """What other threads want one `WebSocket` to do.

    Args:
        loop: Makes the calls.
        post: Told the events that tell of a loss.

    Attributes:
        mid_message: Whether a message of a thread was begun on this connection and has not ended.
    """

    __slots__ = (
        "_closed", "_discarding", "_due", "_lock", "_loop", "_post", "_refused", "_submitted", "mid_message"
    )  # fmt: skip

    def __init__(self, loop: Loop, post: Callable[[list[EventRecord]], object]) -> None:
        self.mid_message = False
        self._loop = loop
        self._post = post
        # Made when first needed: an empty one takes 760 bytes, and most connections have no threads.
        self._submitted: deque[tuple[Callable[[], object], str | bytes | None, bool]] | None = None
        self._due = False  # whether `_take` is on its way
        self._closed = False
        # Reentrant: the collector may run a finalizer that sends while this thread is sending.
        self._lock = threading.RLock()
        self._refused: list[tuple[str | bytes | None, StateError]] = []  # not told yet
        self._discarding = False  # whether the fragments to come are of a message whose beginning is lost

    def submit(
        self, call: Callable[[], object], message: str | bytes | None = None, *, final: bool = True
    ) -> None:
        """Have a call made in the thread of Tk, after those before it; from any thread.

        Args:
            call: Passes the message on, or raises `StateError`.
            message: What is lost where it raises; None for what is no message.
            final: Whether it is a message, or the last fragment of one.

        Raises:
            StateError: The connection is over.
        """
        with self._lock:
            if self._closed:
                raise not_open(State.CLOSED)
            entry = call, message, final
            queue = self._submitted
            if queue is None:
                queue = deque()  # which may collect, and a finalizer that sends has made another by then
                queue = self._submitted = self._submitted or queue
            queue.append(entry)
            due, self._due = self._due, True
        if not due:
            with suppress(StateError):  # the loop has closed since, and `close` has found the call
                self._loop.call_soon_threadsafe(self._take)

    def flush(self) -> None:
        """Make all calls that were submitted so far: they come before what the program does now."""
        count = len(self._submitted or ())
        while self._submitted and count:
            self._pass_on(*self._submitted.popleft())
            count -= 1

    def disconnected(self) -> None:
        """Take note that another connection will take what comes now: a message begun is torn."""
        self._discarding |= self.mid_message
        self.mid_message = False

    def close(self, unsent: Iterable[str | bytes] = ()) -> list[EventRecord]:
        """Refuse everything from now on.

        Args:
            unsent: Messages that waited elsewhere, and will not be sent either.

        Returns:
            The events that tell what will never be sent.
        """
        with self._lock:
            self._closed = True
            left, self._submitted = self._submitted or (), None
        return self._take_events([*unsent, *(message for _, message, _ in left if message is not None)])

    # How it works

    def _take(self) -> None:
        """Make the calls, as far as the slice lasts."""
        try:
            while self._submitted:
                self._pass_on(*self._submitted.popleft())
                if self._loop.slice_spent():
                    break
        finally:
            with self._lock:
                self._due = bool(self._submitted)
            if self._due:
                self._loop.call_soon(self._take)
        if self._refused:
            self._post(self._take_events())

    def _pass_on(self, call: Callable[[], object], message: str | bytes | None, final: bool) -> None:
        try:
            if self._discarding and message is not None:
                raise StateError("The beginning of this message was lost")
            call()
            if message is not None:
                self.mid_message = not final
        except StateError as error:
            self._refused.append((message, error))
            if message is not None:
                self._discarding = not final
        except Exception as error:
            if message is not None:
                self._refused.append((message, StateError(f"It could not be sent: {error}")))
                self._discarding = not final
            self._loop.report_exception()

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
