"""Drives one engine over one stream, on the loop.

Knows neither how the connection was opened nor what its owner does with the events. After every call from
the stream or a timer, `ConnectionDriver._process_engine` does what the engine asks for: it writes the
output, delivers the events, half-closes or drops the stream, and sets the timer.

Long because each of these is a method here, with the reason for its place in the order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tkws.connection.delivery import Delivery
from tkws.connection.limits import ConnectionLimits, has_limits
from tkws.connection.logs import ConnectionLog
from tkws.errors import ProtocolError, printable
from tkws.loop import Loop, Timer
from tkws.net import Stream, StreamOwner
from tkws.net.tlserrors import PEER, explain_tls
from tkws.options import ConnectionOptions
from tkws.plurals import counted
from tkws.protocol.closing import DEFAULT_REASONS, CloseCode
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engine import Engine
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.state import State
from tkws.protocol.trace import TracedFrame, Tracer

# Bytes; more are not written inside the program's call but after it, in slices of the loop.
MAX_IMMEDIATE_WRITE = 64 * 1024

# Bytes that wait while a message is sent in parts: enough for the line, and little memory.
STREAM_HIGH_WATER = 256 * 1024
STREAM_LOW_WATER = 64 * 1024

# Seconds that the answer to the peer's Close is put off while a handler that runs Tk's loop may still answer
# earlier messages. Other implementations wait at least ten seconds for the answer to their Close.
ANSWER_TIMEOUT = 1.0

_OPEN: Final = State.OPEN  # in Python 3.11, looking a member up on its enum is a call


class ConnectionDriver(StreamOwner):
    """An open connection, as the owner of its stream.

    Args:
        loop: The loop that serves the stream.
        stream: Carries the bytes; it belongs to the driver from now on.
        engine: Speaks the protocol.
        delivery: Takes the events.
        on_lost: Called once when the stream is gone, with the message of the `disconnect` event.
        log: The log of the connection.

    Attributes:
        engine: As above; callers queue their output in it, then call `flush`.
        stream: As above.
        writing_paused: Whether the write buffer is full.
    """

    __slots__ = (
        "_answer_timer", "_at_eof", "_awaits_pong", "_deadline", "_debugging", "_deferred_ends", "_delivery",
        "_drain_due", "_end_allowed", "_high_water", "_limits", "_limits_of", "_log", "_loop", "_low_water",
        "_max_buffered", "_muted", "_on_lost", "_on_low", "_paused", "_timer", "_tracer", "_write_due",
        "engine", "stream", "writing_paused",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        stream: Stream,
        engine: Engine,
        delivery: Delivery,
        on_lost: Callable[[str], object],
        *,
        log: ConnectionLog,
    ) -> None:
        self.engine: Engine = engine
        self.stream: Stream = stream
        self._loop = loop
        self._delivery = delivery
        self._on_lost = on_lost
        self._log = log
        self._debugging = False  # whether frames and timers are logged, so that each costs one test if not
        self._tracer: Tracer | None = None
        self._timer: Timer | None = None
        self._deadline = 0.0  # of the engine, for which the timer was set; the timer may be a little later
        self._awaits_pong = False  # whether the timer waits for a pong: then the next deadline may be earlier
        self._write_due = False
        self._high_water = 0
        self._low_water = 0
        self._on_low: Callable[[], object] | None = None
        self._limits: ConnectionLimits | None = None
        self._limits_of: tuple[object, ...] = ()  # the options that they were made from
        self._drain_due = False  # whether the buffer was full before `call_when_low`
        self._paused = False
        self._at_eof = False
        self.writing_paused: bool = False
        self._max_buffered: int | None = None
        self._end_allowed = False
        self._muted = False
        self._deferred_ends: list[Callable[[], object]] | None = None  # until `allow_end`
        self._answer_timer: Timer | None = None
        engine.auto_complete_close = False
        engine.reader.may_hold = True
        stream.set_owner(self)
        loop.on_wake(self._on_wake)

    @property
    def buffered_amount(self) -> int:
        """The bytes waiting to be sent."""
        return self.stream.buffered_amount + self.engine.writer.output_amount

    @property
    def takes_messages(self) -> bool:
        """Whether what is sent may still arrive: the connection is open, and sending has not failed."""
        return self.engine.state is _OPEN and not (self.stream.broken or self.stream.closed)

    def start(self, data: bytes) -> None:
        """Process ``data`` that arrived with the handshake; its events wait for `Delivery.deliver`."""
        if self._limits is not None:
            self._limits.unread = data
            self._defer_end(self._resume_rate)
        elif data:
            self._receive(data)
            if self.engine.reader.held:
                self._defer_end(self._process_engine)
        if self.engine.writer.has_output:
            self.write()
        self._delivery.enqueue(self.engine.take_events())
        self._set_timer()

    def allow_end(self) -> None:
        """Stop deferring the end of the connection; called when the handler gets `connect`.

        Until then the peer's Close, its protocol error and a loss are deferred, so that the handler of
        `connect` can send on an open connection.
        """
        self._end_allowed = True
        deferred, self._deferred_ends = self._deferred_ends, None
        for end in deferred or ():
            self._loop.call_soon(end)

    def mute(self) -> None:
        """Deliver no more events: the program closed before it got `connect`."""
        self._muted = True
        self.allow_end()

    def configure(self, options: ConnectionOptions) -> None:
        """Apply changed options."""
        if self.stream.closed:
            return
        self.follow_log_level()
        self.engine.configure(options.for_engine())
        self._high_water = options.high_water
        self._low_water = options.low_water
        self._max_buffered = options.max_buffered
        self._set_limits(options)
        if self._on_low is None:
            self.stream.set_write_limits(options.high_water, options.low_water)
        self._set_timer()

    def follow_log_level(self) -> None:
        """Begin or stop to log frames and timers, as the level of the logger says now."""
        self._debugging = self._log.debugging
        self._trace()

    def set_tracer(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with each frame; None to stop."""
        self._tracer = tracer
        self._trace()

    def flush(self) -> None:
        """Write what was queued in the engine: at once, or at the end of the slice if one is being served."""
        writer = self.engine.writer
        if self._write_due or self._loop.dispatching or writer.output_amount > MAX_IMMEDIATE_WRITE:
            self.write_at_slice_end()
        else:
            self.write()

    def write(self) -> None:
        """Write what was queued in the engine now."""
        # `buffered_amount` included what waited for the end of the slice: the program may wait for `drain`.
        waited = self.buffered_amount if self._write_due else 0
        self._write_due = False
        if self._limits is not None:
            self._limits.sent()
        output = self.engine.writer.take_output()
        if len(output) == 1:
            self.stream.write(output[0])
        elif output:
            self.stream.writelines(output)
        if waited > self._high_water:
            self.stream.note_buffered(waited)
        if self.engine.state is not _OPEN:
            if self.engine.output_ended:
                self.stream.end()
            self._set_timer()
            if self._limits is not None:
                self._loop.call_soon(self._lift_limits)

    def write_at_slice_end(self) -> None:
        """Write what was queued in the engine at the end of the slice; if none is being served, soon."""
        if not self._write_due:
            self._write_due = True
            self._loop.at_slice_end(self.write)

    def end_pause(self) -> None:
        """Resume delivery: a program that waits for what it sends would not learn of the end otherwise."""
        self._delivery.resume()

    def call_when_low(self, call: Callable[[], object] | None) -> None:
        """Call ``call`` from the loop each time little is left to send; None to report `drain` again."""
        if call is not None:
            full = self.writing_paused or self.buffered_amount > self._high_water
            self._drain_due = self._drain_due or full
        self._on_low = call
        if not self.stream.closed:
            high, low = self._high_water, self._low_water
            if call is not None:
                high, low = min(high, STREAM_HIGH_WATER), min(low, STREAM_LOW_WATER)
            self.stream.set_write_limits(high, low)

    def call_when_empty(self) -> None:
        """Make the next call of `call_when_low` once nothing is left to send."""
        if not self.stream.closed:
            self.stream.set_write_limits(0, 0)

    def send_directly(self, message: EncodedMessage, now: float) -> bool:
        """Write a message of a broadcast at once; return False if other output is waiting."""
        if self.stream.buffered_amount:
            return False
        frame = self.engine.send_encoded(message, now, directly=True)
        if not frame:
            return False
        self.stream.write(frame)
        return True

    def resume(self) -> None:
        """Continue after the delivery has regained capacity."""
        self.update_reading()
        self._process_engine()

    def update_reading(self) -> None:
        """Start or stop reading, depending on whether the delivery has capacity."""
        unread = self._limits is not None and bool(self._limits.unread)
        full = self._delivery.should_pause_reading or self.engine.reader.held or self._over_rate or unread
        if full:
            self._delivery.wants_capacity = True
        if full is self._paused or self.stream.closed:
            return
        self._paused = full
        if self._debugging:
            self._log.debug("reading is paused" if full else "reading is resumed")
        if full:
            self.stream.pause_reading()
            self.engine.pause_reading(self._loop.now())
        else:
            self.engine.resume_reading(self._loop.now())
            self.stream.resume_reading()
            self._set_timer()

    def cancel(self) -> None:
        """Send a Close frame (1001) and drop the stream without an event: the program's window is gone."""
        self._cancel_timers()
        if not self.stream.closed:
            self.engine.close(CloseCode.GOING_AWAY, "", self._loop.now())
            self.write()
            self.stream.abort()
        self.engine.receive_eof(self._loop.now(), "The interpreter is gone")  # frees received fragments

    # Called by the stream

    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
        if self._limits is not None:
            self.engine.keepalive.data_received(self._loop.now())
            self._limits.unread += data
            self._read_unread()
            return
        self._receive(data)
        self._process_engine()
        if self.writing_paused:
            self._enforce_max_buffered()

    def get_buffer(self) -> memoryview | None:
        """Return where the rest of a large message belongs, else None."""
        if self._limits is not None and self._limits.unread:
            return None
        payload = self.engine.reader.payload
        return payload.missing if payload is not None else None

    def buffer_updated(self, count: int) -> None:
        """Process bytes that the stream received into the buffer of `get_buffer`."""
        self.engine.buffer_updated(count, self._loop.now())
        self._process_engine()
        if self.writing_paused:
            self._enforce_max_buffered()
        if self._limits is not None:
            self._limits.received()
            self.update_reading()

    def eof_received(self) -> None:
        """Process the end of what the peer sends."""
        if not self._end_allowed:
            self._defer_end(self.eof_received)
            return
        self._read_to_end()
        engine = self.engine
        self._at_eof = True
        if engine.pending_close is None and engine.close_code is None:
            engine.receive_eof(self._loop.now())
        self._process_engine()

    def connection_lost(self, cause: Exception | None) -> None:
        """Process the loss of the stream."""
        if not self._end_allowed:
            self._defer_end(partial(self.connection_lost, cause))
            return
        self._read_to_end()
        if self.engine.state is not State.CLOSED:
            why = "it was closed on this side" if cause is None else explain_tls(cause, PEER)
            self.engine.receive_eof(self._loop.now(), f"The connection broke: {why}")
        self._process_engine()
        self._cancel_timers()
        self._loop.cancel_on_wake(self._on_wake)
        self._on_lost(self._disconnect_message())

    def pause_writing(self) -> None:
        """While the peer is not reading, answer only its latest ping (RFC 6455, 5.5.3)."""
        self.writing_paused = True
        self._log.debug("above high_water: %d bytes are waiting to be sent", self.buffered_amount)
        self.engine.defer_pongs()

    def resume_writing(self) -> None:
        """Post `drain`: from the loop, since the program may be inside `configure`."""
        self.writing_paused = False
        self._log.debug("down to low_water: %d bytes are waiting to be sent", self.buffered_amount)
        self._loop.call_soon(self._report_drain)

    # How it works

    def _trace(self) -> None:
        log, tracer = self._log.frame if self._debugging else None, self._tracer
        if log is None or tracer is None:
            self.engine.trace(log or tracer)
            return

        def both(frame: TracedFrame) -> None:
            log(frame)
            tracer(frame)

        self.engine.trace(both)

    def _report_drain(self) -> None:
        if not (self.writing_paused or self.stream.broken):
            self.engine.send_deferred_pong(self._loop.now())
            if self.engine.writer.has_output:
                self.flush()
        if not self.takes_messages:
            self.end_pause()
            return
        if self._on_low is not None:
            self._on_low()
            if not self._drain_due or self.writing_paused:
                return
            self._drain_due = False
        self._delivery.deliver_now((Event.DRAIN, None))

    def _enforce_max_buffered(self) -> None:
        """Drop a peer that keeps sending but does not read our replies."""
        limit = self._max_buffered
        if (
            limit is not None
            and self._end_allowed
            and self.stream.buffered_amount > limit
            and self.engine.state is _OPEN
        ):
            waiting = counted(limit, "byte is", "bytes are")
            cause = f"The peer keeps sending but does not read: more than {waiting} waiting for it"
            self.engine.receive_eof(self._loop.now(), cause)
            self._process_engine()

    @property
    def _over_rate(self) -> bool:
        return self._limits is not None and self._limits.paused

    def _set_limits(self, options: ConnectionOptions) -> None:
        """Make the limits in time afresh, if their options have changed."""
        given = (
            options.max_messages_per_second, options.max_bytes_per_second, options.over_rate,
            options.idle_timeout, options.max_lifetime,
        )  # fmt: skip
        if given == self._limits_of:
            return
        self._limits_of = given
        unread = b""
        if self._limits is not None:
            unread = self._limits.unread
            self._limits.cancel()
            self._limits = None
        if has_limits(options):
            self._limits = ConnectionLimits(
                self._loop,
                self.engine,
                options,
                on_resume=self._resume_rate,
                on_over=self._fail_over_rate,
                on_expired=self._close_expired,
            )
            self._limits.unread = unread
        elif unread:
            self._receive(unread)
        if unread:
            self._loop.call_soon(self._resume_rate)
        self.update_reading()

    def _resume_rate(self) -> None:
        """Continue with what was received before the limits paused, or were changed."""
        self._read_unread()
        self.resume()

    def _read_unread(self) -> None:
        """Process received bytes as far as the limits allow it."""
        while (limits := self._limits) is not None and limits.unread and not limits.must_wait():
            if self._loop.slice_spent():
                self._loop.call_soon(self._resume_rate)
                break
            self.engine.receive_data(limits.next_portion(), self._loop.now())
            self._process_engine()
            if self.writing_paused:
                self._enforce_max_buffered()
            if self._limits is limits:  # the handler may have changed them
                limits.received()
            if self.engine.reader.stopped:
                limits.unread = b""
        self.update_reading()

    def _lift_limits(self) -> None:
        """Process what was received at any rate: the connection is closing."""
        if self._limits is not None:
            self._limits.lift()
            self._resume_rate()

    def _read_to_end(self) -> None:
        """Process all that was received, at any rate and in one go: nothing can come after it."""
        unread = b""
        if self._limits is not None:
            self._limits.lift()
            unread, self._limits.unread = self._limits.unread, b""
        reader = self.engine.reader
        if not (unread or reader.held):
            return
        if unread:
            self.engine.receive_data(unread, self._loop.now())
        if reader.held and not reader.asking:
            self.engine.receive_data(b"", self._loop.now())
        self._process_engine()

    def _fail_over_rate(self, reason: str) -> None:
        engine = self.engine
        if engine.pending_close is None and engine.state is _OPEN:
            engine.reader.stop()
            engine.pending_close = ProtocolError(CloseCode.POLICY_VIOLATION, reason)
            self._process_engine()

    def _close_expired(self, reason: str) -> bool:
        """Close the connection for its age; return False if it cannot be told apart from our own silence."""
        if (self._paused and not self._over_rate) or not self._end_allowed:
            return False
        self._log.info("closed with 1001: %s", reason)
        self.engine.close(CloseCode.GOING_AWAY, reason, self._loop.now())
        self.flush()
        return True

    def _receive(self, data: bytes) -> None:
        """Pass ``data`` to the engine, which reads as far as the slice lasts."""
        self.engine.receive_data(data, self._loop.now(), self._loop.slice_spent)

    def _process_engine(self) -> None:
        engine = self.engine
        try:
            self._deliver()
            if engine.reader.held:
                self._read_held()
            # Until now, the handler could answer what came before the peer's Close or protocol error.
            if engine.pending_close is not None and not self._handler_may_answer():
                engine.complete_close(self._loop.now())
                self._deliver()
        finally:  # a handler's SystemExit leaves by way of mainloop, which may be called again
            if engine.state is not _OPEN:
                self._process_closing()
            elif self._timer is None or self._awaits_pong:  # otherwise received data only postpones it
                self._set_timer()

    def _read_held(self) -> None:
        """Read on what waits in the engine, as far as the handler has taken what came before."""
        reader = self.engine.reader
        while reader.held and not self._must_wait_to_read():
            if self._loop.slice_spent():
                self._loop.call_soon(self._process_engine)
                break
            self._receive(b"")
            self._deliver()
        self.update_reading()

    def _must_wait_to_read(self) -> bool:
        """Tell whether what waits in the engine must wait until the handler returns, or is resumed."""
        delivery = self._delivery
        if self.engine.reader.asking:  # the handler may be about to ask for it in parts
            return delivery.running or delivery.has_backlog or delivery.paused
        return delivery.should_pause_reading

    def _handler_may_answer(self) -> bool:
        """Tell whether the program may still answer what came before the peer's Close or protocol error."""
        delivery = self._delivery
        if self._end_allowed and not delivery.running and not delivery.has_backlog:
            return False
        delivery.wants_capacity = True  # check again when earlier events have been delivered
        if not self._end_allowed or not delivery.running:
            return True
        if self._answer_timer is None:
            self._answer_timer = self._loop.call_later(ANSWER_TIMEOUT, self._process_engine)
        return self._answer_timer.active

    def _defer_end(self, end: Callable[[], object]) -> None:
        self._deferred_ends = [*(self._deferred_ends or ()), end]

    def _process_closing(self) -> None:
        # A peer that has closed and sends nothing more may still read earlier answers.
        if self._at_eof and self.engine.state is State.CLOSING and not self.buffered_amount:
            self.engine.receive_eof(self._loop.now())
        if self.engine.state is State.CLOSING:
            self._set_timer()
        elif self.stream.buffered_amount:
            self.stream.abort()  # the peer will not take the rest
        else:
            self.stream.close()

    def _deliver(self) -> None:
        engine = self.engine
        if engine.writer.has_output or engine.output_ended:
            self.write()  # pongs and Close frames do not wait for the handler
        events = engine.take_events()
        if self._debugging:
            self._log.latency(events, engine.keepalive.latency)
        if engine.state is not _OPEN:
            self._log_fault(events)
            if engine.state is State.CLOSED:
                self._process_closing()  # before a handler that may open a dialog
            if self._muted:
                return
        if events and self._delivery.post(events) is not self._paused:
            self.update_reading()

    def _log_fault(self, events: list[EventRecord]) -> None:
        fault = self.engine.fault
        if fault is not None and (Event.ERROR, fault) in events:  # should be logged (RFC 6455, 7.1.7)
            self._log.info("failed with %d, a fault of %r: %s", fault.code, self.stream.peername, fault)

    def _set_timer(self) -> None:
        """Set the timer for the engine's deadline, unless the present one is early enough."""
        if self.engine.awaits_peer:
            self._report_unacknowledged()
        deadline = self.engine.deadline
        if deadline is None or (self._timer is not None and self._deadline <= deadline):
            return
        if self._loop.closed:  # a handler may have closed it
            return
        self._cancel_timer()
        self._deadline = deadline
        self._awaits_pong = self.engine.keepalive.unanswered
        seconds = deadline - self._loop.now()
        self._timer = self._loop.call_later(seconds, self._on_timer)
        if self._debugging:
            self._log.timer(seconds, self.engine.state, awaits_pong=self._awaits_pong)

    def _on_wake(self) -> None:
        self._log.debug("the machine has slept")
        self.engine.probe(self._loop.now())
        self._process_engine()
        self._set_timer()

    def _on_timer(self) -> None:
        self._timer = None
        if not self._end_allowed:
            self._defer_end(self._on_timer)
            return
        if self.engine.awaits_peer:
            self.stream.receive_now()  # data that has arrived counts as a sign of life
            self._report_unacknowledged()
        self.engine.handle_timer(self._loop.now())
        self._process_engine()

    def _report_unacknowledged(self) -> None:
        self.engine.note_unsent(self.stream.unacknowledged_amount, self._loop.now())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cancel_timers(self) -> None:
        self._cancel_timer()
        if self._limits is not None:
            self._limits.cancel()
        if self._answer_timer is not None:
            self._answer_timer.cancel()

    def _disconnect_message(self) -> str:
        code = self.engine.close_code or CloseCode.ABNORMAL_CLOSURE
        reason = self.engine.close_reason or DEFAULT_REASONS.get(code, "")
        return printable(f"Disconnected: {int(code)} {reason}".rstrip())
