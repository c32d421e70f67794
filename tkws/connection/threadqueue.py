"""Calls submitted by threads other than Tk's, made in order in Tk's thread.

Knows nothing of how a connection begins or ends. Other threads run `ThreadQueue.submit` and nothing else,
under a lock: a call is either submitted before `ThreadQueue.close`, which reports it as lost, or refused.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from tkws.errors import MessagesLost, StateError
from tkws.loop import Loop
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.state import State, not_open


class ThreadQueue:
    """The calls of other threads on one `WebSocket`.

    Args:
        loop: Makes the calls.
        post: Takes the events that report a loss.

    Attributes:
        mid_message: Whether a thread's message in fragments is half sent on this connection.
    """

    __slots__ = (
        "_closed", "_discarding", "_due", "_lock", "_loop", "_post", "_refused", "_submitted", "mid_message"
    )  # fmt: skip

    def __init__(self, loop: Loop, post: Callable[[list[EventRecord]], object]) -> None:
        self.mid_message: bool = False
        self._loop = loop
        self._post = post
        # Made at first use: an empty one takes 760 bytes, and few connections are used by other threads.
        self._submitted: deque[tuple[Callable[[], object], str | bytes | None, bool]] | None = None
        self._due = False  # whether `_run_calls` is scheduled
        self._closed = False
        # Reentrant: the collector may run a finalizer that sends while this thread is sending.
        self._lock = threading.RLock()
        self._refused: list[tuple[str | bytes | None, StateError]] = []  # not reported yet
        self._discarding = False  # fragments of a message whose beginning was lost

    def submit(
        self, call: Callable[[], object], message: str | bytes | None = None, *, final: bool = True
    ) -> None:
        """Submit a call for Tk's thread, from any thread; calls are made in order.

        Args:
            call: Sends the message, or raises `StateError`.
            message: The message that is lost if ``call`` raises; None if it sends none.
            final: Whether it is a whole message, or the last fragment of one.

        Raises:
            StateError: The connection is over.
        """
        with self._lock:
            if self._closed:
                raise not_open(State.CLOSED)
            entry = call, message, final
            queue = self._submitted
            if queue is None:
                queue = deque()  # may run the collector, and a finalizer that sends makes another
                queue = self._submitted = self._submitted or queue
            queue.append(entry)
            due, self._due = self._due, True
        if not due:
            with suppress(StateError):  # the loop has just closed, and `close` reports the call
                self._loop.call_soon_threadsafe(self._run_calls)

    def flush(self) -> None:
        """Make all calls submitted so far, before whatever the program does next."""
        count = len(self._submitted or ())
        while self._submitted and count:
            self._call(*self._submitted.popleft())
            count -= 1

    def disconnected(self) -> None:
        """Note that the connection is gone and another will follow; a message half sent is lost."""
        self._discarding |= self.mid_message
        self.mid_message = False

    def close(self, unsent: Iterable[str | bytes] = ()) -> list[EventRecord]:
        """Refuse everything from now on.

        Args:
            unsent: Messages that were buffered elsewhere, and will not be sent either.

        Returns:
            The events that report what will never be sent.
        """
        with self._lock:
            self._closed = True
            left, self._submitted = self._submitted or (), None
        return self._take_losses([*unsent, *(message for _, message, _ in left if message is not None)])

    # How it works

    def _run_calls(self) -> None:
        """Make calls until none is left or the slice is spent."""
        try:
            while self._submitted:
                self._call(*self._submitted.popleft())
                if self._loop.slice_spent():
                    break
        finally:
            with self._lock:
                self._due = bool(self._submitted)
            if self._due:
                self._loop.call_soon(self._run_calls)
        if self._refused:
            self._post(self._take_losses())

    def _call(self, call: Callable[[], object], message: str | bytes | None, final: bool) -> None:
        try:
            if self._discarding and message is not None:
                raise beginning_lost()
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

    def _take_losses(self, lost: Iterable[str | bytes] = ()) -> list[EventRecord]:
        """Return one event for all lost messages, refused ones first, and one for each other refused call."""
        refused, self._refused = self._refused, []
        events: list[EventRecord] = [(Event.ERROR, error) for message, error in refused if message is None]
        messages = [message for message, _ in refused if message is not None] + list(lost)
        if messages:
            event = MessagesLost(messages)
            event.__cause__ = refused[-1][1] if refused else None
            events.append((Event.ERROR, event))
        return events


def beginning_lost() -> StateError:
    """Return the error of a fragment that would continue a message on another connection."""
    return StateError(
        "The beginning of this message was lost with its connection: after its last fragment, which is "
        "refused too, send all of it again"
    )
