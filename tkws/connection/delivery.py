"""Events reach the handler: in order, never nested, a slice at a time.

Knows the loop and the handler, not where events come from. Whoever posts asks `full`
afterwards, stops reading while it is true, and goes on when told by ``on_room``.

While the handler runs, later events of the same connection wait, even where it runs a nested
event loop (a dialog, ``update()``, ``wait_variable``); ``reentrant`` lifts that.
"""

from __future__ import annotations

from collections.abc import Callable

from tkws.loop import Loop
from tkws.options import Handler
from tkws.protocol.events import Event, EventRecord

_WAITING_EVENTS = 256  # that wait for a handler before reading stops
_WAITING_SIZE = 1024 * 1024  # the same, as the sum of their lengths
_MOST_UNCLOCKED = 64  # calls of a quick handler between two looks at the clock
_QUICK = 0.0005  # seconds; calls that took less in all may be more before the next look


class Delivery:
    """The way of one connection's events to its handler.

    Args:
        loop: Tells when a slice is spent and runs what is left.
        ws: The handler's first argument.
        handler: What is called; may be changed at any time.
        reentrant: Whether it may be called while it runs; may be changed at any time.
        on_room: Called when waiting events are gone, so that reading may go on.
    """

    __slots__ = (
        "_busy", "_closed", "_held", "_loop", "_on_room", "_waiting", "_waiting_size", "_ws", "handler",
        "reentrant",
    )  # fmt: skip

    def __init__(
        self, loop: Loop, ws: object, handler: Handler, reentrant: bool, on_room: Callable[[], object]
    ) -> None:
        self.handler = handler
        self.reentrant = reentrant
        self._loop = loop
        self._ws = ws
        self._on_room = on_room
        self._waiting: list[EventRecord] = []  # the last is next
        self._waiting_size = 0
        self._busy = False
        self._held = False
        self._closed = False

    @property
    def held(self) -> bool:
        """Whether events wait for `release`."""
        return self._held

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing more should be read."""
        if self._busy and not self._held:  # a nested loop: pings are still read, up to a bound
            return len(self._waiting) >= _WAITING_EVENTS or self._waiting_size >= _WAITING_SIZE
        return self._held or bool(self._waiting)

    @property
    def waits(self) -> bool:
        """Whether events wait for the next slice, or for `release`; not for a handler that runs."""
        return bool(self._waiting) and not self._busy

    def post(self, events: list[EventRecord]) -> bool:
        """Call the handler with ``events``, or keep them behind those that wait; return `full`."""
        if self._closed:
            return False
        if self._busy:
            sizes = (len(message) for _, message in events if isinstance(message, str | bytes))
            self._waiting_size += sum(sizes)
        self._waiting[:0] = events[::-1]
        self.run(self._call_handler)
        return bool(self._waiting) and self.full

    def overtake(self, event: EventRecord) -> None:
        """Call the handler though `hold` was called, since it may be what `release` waits for."""
        first = bool(self._waiting) and self._waiting[-1][0] is Event.CONNECT
        if first or self._busy or not self._held:
            self.post([event])
        elif not self._closed:
            self._run(lambda: self._tell(*event))

    def hold(self) -> None:
        """Let events wait until `release`."""
        self._held = True

    def release(self) -> None:
        """Go on after `hold`, from the loop."""
        if self._held and not (self._closed or self._loop.closed):
            self._held = False
            self._loop.call_soon(self._go_on)

    def close(self) -> None:
        """Drop what waits and call nobody any more: there is no program left to call."""
        self._closed = True
        self._waiting.clear()

    def _go_on(self) -> None:
        self.run(self._call_handler)
        if not self.full and not self._closed:
            self._on_room()

    def run(self, call: Callable[[], object]) -> bool:
        """Call back as if it were the handler: what is posted meanwhile waits.

        Returns:
            False, without a call, where it is not the time for one: the handler runs, or events
            wait for `release`.
        """
        if self._closed or self._held or (self._busy and not self.reentrant):
            return False
        self._run(call)
        return True

    def _run(self, call: Callable[[], object]) -> None:
        nested, self._busy = self._busy, True
        try:
            call()
        finally:
            self._busy = nested
            if not self._waiting:
                self._waiting_size = 0
            elif not nested and not self._held:
                self._loop.call_soon(self._go_on)

    def _call_handler(self) -> None:
        """Call the handler until nothing waits, it was held or the slice is spent."""
        waiting = self._waiting
        left = 0.0
        calls = stride = 1
        while waiting and not self._held:
            type, message = waiting.pop()
            try:
                self.handler(self._ws, type, message)
            except Exception:
                self._loop.report_exception()
            calls -= 1
            if calls == 0 and waiting:
                before, left = left, self._loop.slice_left()
                if left <= 0:
                    return
                stride = min(2 * stride, _MOST_UNCLOCKED) if before - left < _QUICK else 1
                calls = stride

    def _tell(self, type: Event, message: object) -> None:
        try:
            self.handler(self._ws, type, message)
        except Exception:
            self._loop.report_exception()
