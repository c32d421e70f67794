"""Delivers events to the handler: in order, never nested, a slice at a time.

Knows the loop and the handler, not where events come from. After posting, the owner checks
`should_pause_reading`, stops reading while it is true, and continues when ``on_capacity`` is called.

While the handler runs, later events of the same connection wait, even if it runs a nested event loop
(a dialog, ``update()``, ``wait_variable``); ``reentrant`` allows them. Reading continues in such a loop, up
to a limit, so that pings are answered. The same holds after the handler has returned, until `release` has
been called for each `hold`.
"""

from __future__ import annotations

from collections.abc import Callable

from tkws.loop import Loop
from tkws.options import Handler
from tkws.protocol.events import Event, EventRecord, Part

MAX_NESTED_EVENTS = 256  # events that may wait for a handler that runs Tk's loop before reading stops
MAX_NESTED_SIZE = 1024 * 1024  # bytes or characters of the same events
MAX_UNTIMED_CALLS = 64  # calls of a quick handler between two readings of the clock
QUICK_BATCH_TIME = (
    0.0005  # seconds; if the last calls took less in all, twice as many precede the next reading
)

DeliverEvent = Callable[[Event, object], object]


class Delivery:
    """Delivers one connection's events to its handler.

    Args:
        loop: Measures slices, and continues deliveries that took longer.
        ws: The handler's first argument.
        handler: Called with each event; may be changed at any time.
        reentrant: Whether it may be called while it runs; may be changed at any time.
        on_capacity: Called from the loop once there is room for more events, also in a nested loop.
        deliver_milestone: Called in place of the handler for `connect` and `disconnect`; calls the handler.

    Attributes:
        handler: As above.
        reentrant: As above.
        paused: Whether events wait for `resume`.
        wants_capacity: Whether to call ``on_capacity`` as soon as the handler has returned.
    """

    __slots__ = (
        "_calls",
        "_deliver_milestone",
        "_holds",
        "_logs",
        "_loop",
        "_milestones",
        "_nesting_check_due",
        "_on_capacity",
        "_running",
        "_silenced",
        "_stopped",
        "_waiting",
        "_waiting_size",
        "_ws",
        "handler",
        "paused",
        "reentrant",
        "wants_capacity",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        ws: object,
        handler: Handler,
        reentrant: bool,
        *,
        on_capacity: Callable[[], object],
        deliver_milestone: DeliverEvent,
    ) -> None:
        self.handler: Handler = handler
        self.reentrant: bool = reentrant
        self.paused: bool = False
        self.wants_capacity: bool = False
        self._loop = loop
        self._logs = loop.logs
        self._ws = ws
        self._on_capacity = on_capacity
        self._deliver_milestone = deliver_milestone
        self._waiting: list[EventRecord] = []  # the last is next
        self._waiting_size = 0
        self._milestones = 0  # waiting events that are for `deliver_milestone`
        self._calls = 0  # of the handler, one in another
        self._holds = 0
        self._running = False  # whether there is a call or a hold
        self._stopped = False  # whether it was paused or is held
        self._silenced = False
        self._nesting_check_due = False

    @property
    def should_pause_reading(self) -> bool:
        """Whether so many events are waiting that nothing more should be read."""
        if self._running and not self.paused:  # a nested loop: pings are still read, up to a limit
            return len(self._waiting) >= MAX_NESTED_EVENTS or self._waiting_size >= MAX_NESTED_SIZE
        return self.paused or bool(self._waiting)

    @property
    def has_backlog(self) -> bool:
        """Whether events wait for the next slice or for `resume`, as opposed to a handler that runs."""
        return bool(self._waiting) and not self._running

    @property
    def running(self) -> bool:
        """Whether the handler runs or delivery is held.

        If the handler runs during a callback of the loop, it runs a nested loop.
        """
        return self._running

    def post(self, events: list[EventRecord]) -> bool:
        """Call the handler with ``events``, or queue them after those that are waiting.

        Returns:
            `should_pause_reading`.
        """
        if self._silenced:
            return False
        if self._running:
            self._waiting_size += _size_of(events)
        self._waiting[:0] = events[::-1]
        self.run(self._call_handler)
        return bool(self._waiting) and self.should_pause_reading

    def enqueue(self, events: list[EventRecord]) -> None:
        """Queue ``events`` after those that are waiting, until `deliver` is called."""
        if not self._silenced:
            self._milestones += _milestones_in(events)
            self._waiting[:0] = events[::-1]

    def deliver(self) -> None:
        """Call the handler with waiting events as far as it may be called; only for calls from the loop."""
        if self._running:
            self._serve_nested_loop()
        elif self._waiting:
            self._schedule_nesting_check()
            self.run(self._call_handler)
        if not (self.should_pause_reading or self._silenced):
            self.wants_capacity = False
            self._on_capacity()

    def withdraw_from(self, type: Event) -> bool:
        """Drop the first waiting event of a type and all after it; return whether there was one."""
        for index in range(len(self._waiting) - 1, -1, -1):
            if self._waiting[index][0] is type:
                self._milestones -= _milestones_in(self._waiting[: index + 1])
                del self._waiting[: index + 1]
                return True
        return False

    def withdraw_last(self, type: Event) -> list[EventRecord]:
        """Drop and return the last waiting event, if it is of this type."""
        if not self._waiting or self._waiting[0][0] is not type:
            return []
        self._milestones -= _is_milestone(type)
        return [self._waiting.pop(0)]

    def has_waiting(self, type: Event) -> bool:
        """Tell whether an event of a type is waiting."""
        return any(waiting is type for waiting, _ in self._waiting)

    def deliver_now(self, event: EventRecord) -> None:
        """Call the handler even while paused: the program may wait for this event before it resumes."""
        if self._running or not self.paused or self.has_waiting(Event.CONNECT):
            self.post([event])
        elif not self._silenced:
            self._run(lambda: self._call_one(*event))

    def pause(self) -> None:
        """Hold events back until `resume`."""
        self.paused = self._stopped = True

    def resume(self) -> None:
        """Resume delivery after `pause`. The handler is called from the loop, never from inside this call."""
        if self.paused and not (self._silenced or self._loop.closed):
            self.paused = False
            self._stopped = self._holds > 0
            self._loop.call_soon(self.deliver)

    def hold(self) -> None:
        """Hold events back as if the handler were still running, until each `hold` has had its `release`."""
        self._holds += 1
        self._running = self._stopped = True

    def release(self) -> None:
        """End a `hold`. The handler is called from the loop, never from inside this call."""
        self._holds -= 1
        self._stopped = self.paused or self._holds > 0
        self._returned()

    def silence(self) -> None:
        """Drop waiting events and never call the handler again: the program is gone."""
        self._silenced = True
        self._waiting.clear()

    def run(self, call: Callable[[], object]) -> bool:
        """Run ``call`` in place of the handler; events posted meanwhile wait.

        Returns:
            False, without a call, if the handler runs or delivery is paused.
        """
        if self._silenced or self.paused or (self._running and not self.reentrant):
            return False
        self._run(call)
        return True

    # How it works

    def _run(self, call: Callable[[], object]) -> None:
        self._calls += 1
        self._running = True
        try:
            call()
        finally:
            self._calls -= 1
            self._returned()

    def _returned(self) -> None:
        self._running = self._calls > 0 or self._holds > 0
        if not self._waiting:
            self._waiting_size = 0
            if self.wants_capacity and not self._running:
                self._schedule()
        elif not (self._running or self.paused):
            self._schedule()

    def _schedule(self) -> None:
        if not (self._silenced or self._loop.closed):
            self._loop.call_soon(self.deliver)

    def _call_handler(self) -> None:
        """Call the handler until no events are waiting, delivery is paused or held, or the slice is spent."""
        if self._logs.waiting:  # what led to these events
            self._logs.flush()
        waiting = self._waiting
        left = 0.0
        calls = stride = 1
        if self.reentrant and len(waiting) > 1:
            self._schedule_nesting_check()
        while waiting and not self._stopped:
            type, message = waiting.pop()
            try:
                if self._milestones and _is_milestone(type):
                    self._milestones -= 1
                    self._deliver_milestone(type, message)
                else:
                    self.handler(self._ws, type, message)
            except Exception:
                self._loop.report_exception()
            calls -= 1
            if calls == 0 and waiting:
                before, left = left, self._loop.slice_left()
                if left <= 0:
                    return
                stride = min(2 * stride, MAX_UNTIMED_CALLS) if before - left < QUICK_BATCH_TIME else 1
                calls = stride

    def _call_one(self, type: Event, message: object) -> None:
        try:
            self.handler(self._ws, type, message)
        except Exception:
            self._loop.report_exception()

    # A handler that runs Tk's loop

    def _schedule_nesting_check(self) -> None:
        """Find out, by a callback of the loop, whether the handler that is called next runs the loop."""
        if not self._nesting_check_due:
            self._nesting_check_due = True
            self._loop.call_soon(self._check_nesting)

    def _check_nesting(self) -> None:
        self._nesting_check_due = False
        if self._running and not self._silenced:
            self._serve_nested_loop()
            if not self.should_pause_reading:
                self._on_capacity()

    def _serve_nested_loop(self) -> None:
        self._waiting_size = _size_of(self._waiting)  # includes what waited before the handler was called
        if self.reentrant and self._waiting and not self.paused:
            self._run(self._call_handler)


def _is_milestone(type: Event) -> bool:
    return type is Event.CONNECT or type is Event.DISCONNECT


def _milestones_in(events: list[EventRecord]) -> int:
    return sum(_is_milestone(type) for type, _ in events)


def _size_of(events: list[EventRecord]) -> int:
    messages = (message.data if isinstance(message, Part) else message for _, message in events)
    return sum(len(message) for message in messages if isinstance(message, str | bytes))
