"""One transport and one engine, joined on the loop.

Knows nothing of how the connection came about or what its owner makes of its events. After
every entry one routine, `ConnectionDriver._settle`, does what the engine asks for: writes its
output, hands on its events, ends or drops the stream, sets the one timer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from tkws.connection.delivery import Delivery
from tkws.errors import printable
from tkws.loop import Loop, Timer
from tkws.net import Stream
from tkws.net.tlserrors import PEER, explain_tls
from tkws.options import ConnectionOptions
from tkws.protocol.closing import DEFAULT_REASONS, CloseCode
from tkws.protocol.engine import Engine, State
from tkws.protocol.events import Event, EventRecord

_log = logging.getLogger("tkws")

# The most bytes that go out inside a call of the program; more leave after it, in slices of the loop.
_AT_ONCE = 64 * 1024

# Seconds that the peer's Close waits while a handler runs Tk's loop, which may still answer what came before.
# Others wait ten seconds or more for an answer to their Close.
_PATIENCE = 1.0

_OPEN: Final = State.OPEN  # in Python 3.11, looking a member up on its enum is a call


class ConnectionDriver:
    """An open connection, as the owner of its stream.

    Args:
        loop: The loop that serves the stream.
        stream: Carries the bytes; belongs to the connection from now on.
        engine: Speaks the protocol.
        delivery: Takes the events.
        on_lost: Called once, with the reason in a sentence, when the stream is gone.

    Attributes:
        engine: As above, for whoever sends.
        stream: As above.
    """

    __slots__ = (
        "_at_eof", "_awaits_pong", "_delivery", "_high_water", "_is_slow", "_loop", "_max_buffered",
        "_may_end", "_muted", "_on_lost", "_patience", "_paused", "_put_off", "_timer", "_write_due",
        "engine", "get_buffer", "stream",
    )  # fmt: skip

    def __init__(
        self, loop: Loop, stream: Stream, engine: Engine, delivery: Delivery, on_lost: Callable[[str], object]
    ) -> None:
        self.engine = engine
        self.stream = stream
        self._loop = loop
        self._delivery = delivery
        self._on_lost = on_lost
        self.get_buffer = engine.reader.get_buffer
        self._timer: Timer | None = None
        self._awaits_pong = False  # whether the timer is for a pong, after which the next deadline is nearer
        self._write_due = False
        self._high_water = 0
        self._paused = False
        self._at_eof = False
        self._is_slow = False  # whether the peer has let the write buffer fill up
        self._max_buffered: int | None = None
        self._may_end = False
        self._muted = False
        self._put_off: list[Callable[[], object]] | None = None  # ends that wait for `allow_end`
        self._patience: Timer | None = None
        engine.concludes_alone = False
        stream.set_owner(self)
        loop.on_wake(self._on_wake)

    @property
    def buffered_amount(self) -> int:
        """Bytes that wait to be sent."""
        return self.stream.buffered_amount + self.engine.output_amount

    def start(self, data: bytes) -> None:
        """Begin with ``data`` that arrived with the handshake; its events wait for `Delivery.deliver`."""
        if data:
            self.engine.receive_data(data, self._loop.now())
        if self.engine.has_output:
            self._write()
        self._delivery.enqueue(self.engine.take_events())
        self._set_timer()

    def allow_end(self) -> None:
        """Let the connection end from now on, since `connect` is being told.

        Until then the peer's Close, its fault and a loss wait, so that what the program sends at
        `connect` is sent on an open connection.
        """
        self._may_end = True
        put_off, self._put_off = self._put_off, None
        for end in put_off or ():
            self._loop.call_soon(end)

    def mute(self) -> None:
        """Deliver nothing more: the program has closed, and was never told of this connection."""
        self._muted = True
        self.allow_end()

    def configure(self, options: ConnectionOptions) -> None:
        """Let changed options take effect."""
        if self.stream.closed:
            return
        engine = self.engine
        engine.keepalive.interval = options.keepalive
        engine.keepalive.pong_timeout = options.pong_timeout
        engine.ping_payload = options.ping_payload
        engine.close_timeout = options.close_timeout
        engine.echo_close_reason = options.echo_close_reason
        engine.reader.max_message = options.max_message
        engine.reader.max_fragments = options.max_fragments
        self._high_water = options.high_water
        self._max_buffered = options.max_buffered
        self.stream.set_write_limits(options.high_water, options.low_water)
        self._set_timer()

    def output_added(self) -> None:
        """Write what the engine was given to send: at once, or gathered with the rest of a slice."""
        if self._write_due or self._loop.dispatching or self.engine.output_amount > _AT_ONCE:
            self.gather()
        else:
            self._write()

    def gather(self) -> None:
        """Write what the engine was given to send when the slice is over, or soon where none is served."""
        if not self._write_due:
            self._write_due = True
            self._loop.at_slice_end(self._write)

    def send_directly(self, frame: bytes, now: float) -> bool:
        """Write a frame of `encode_broadcast` at once, if nothing waits before it; return whether."""
        if self.stream.buffered_amount or not self.engine.send_encoded(frame, now, directly=True):
            return False
        self.stream.write(frame)
        return True

    def go_on(self) -> None:
        """Go on now that the delivery has room."""
        self.regulate()
        self._settle()

    def regulate(self) -> None:
        """Read, or stop reading, as the delivery has room or not."""
        full = self._delivery.should_pause_reading
        if full is self._paused or self.stream.closed:
            return
        self._paused = full
        if full:
            self._delivery.wants_capacity = True
            self.stream.pause_reading()
            self.engine.pause_reading(self._loop.now())
        else:
            self.engine.resume_reading(self._loop.now())
            self.stream.resume_reading()
            self._set_timer()

    def cancel(self) -> None:
        """Say goodbye (1001) and drop the stream without an event: the program's window is gone."""
        self._cancel_timers()
        if not self.stream.closed:
            self.engine.close(CloseCode.GOING_AWAY, "", self._loop.now())
            self._write()
            self.stream.abort()
        self.engine.receive_eof(self._loop.now(), "The interpreter has gone")  # drops what is half received

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Take bytes from the stream."""
        self.engine.receive_data(data, self._loop.now())
        self._settle()
        if self._is_slow:
            self._judge()

    def buffer_updated(self, count: int) -> None:
        """Take note of bytes that the stream put there."""
        self.engine.buffer_updated(count, self._loop.now())
        self._settle()
        if self._is_slow:
            self._judge()

    def eof_received(self) -> None:
        """Take note that the peer sends nothing more."""
        if not self._may_end:
            self._put_end_off(self.eof_received)
            return
        engine = self.engine
        self._at_eof = True
        if engine.ending is None and engine.close_code is None:
            engine.receive_eof(self._loop.now())
        self._settle()

    def connection_lost(self, cause: Exception | None) -> None:
        """Take note that the stream is gone."""
        if not self._may_end:
            self._put_end_off(partial(self.connection_lost, cause))
            return
        if self.engine.state is not State.CLOSED:
            why = "it was closed on this side" if cause is None else explain_tls(cause, PEER)
            self.engine.receive_eof(self._loop.now(), f"The connection broke: {why}")
        self._settle()
        self._cancel_timers()
        self._loop.cancel_on_wake(self._on_wake)
        self._on_lost(self._sentence())

    def pause_writing(self) -> None:
        """Owe the peer, which does not read, no more than one pong; `buffered_amount` tells the program."""
        self._is_slow = True
        self.engine.hold_pongs()

    def resume_writing(self) -> None:
        """Tell the program that the buffer drained: from the loop, since it may be inside `configure`."""
        self._is_slow = False
        self._loop.call_soon(self._has_drained)

    # How it works

    def _has_drained(self) -> None:
        if not (self._is_slow or self.stream.broken):
            self.engine.release_pong(self._loop.now())
            if self.engine.has_output:
                self.output_added()
        if self.stream.broken or self.engine.state is not State.OPEN:
            self._delivery.resume()  # a program that waits for `drain` would not hear of the end
            return
        self._delivery.deliver_now((Event.DRAIN, None))

    def _judge(self) -> None:
        """Give up a peer that sends on and does not read the answers."""
        most = self._max_buffered
        if (
            most is not None
            and self._may_end
            and self.stream.buffered_amount > most
            and self.engine.state is _OPEN
        ):
            cause = f"The peer sends and does not read: more than {most} bytes wait for it"
            self.engine.receive_eof(self._loop.now(), cause)
            self._settle()

    def _settle(self) -> None:
        engine = self.engine
        try:
            self._deliver()
            # The handler may have answered, until now, what came before the peer's Close or fault.
            if engine.ending is not None and not self._may_be_answered():
                engine.conclude(self._loop.now())
                self._deliver()
        finally:  # a handler's SystemExit leaves by way of mainloop, which may be called again
            if engine.state is not _OPEN:
                self._settle_closing()
            elif self._timer is None or self._awaits_pong:  # else what is received only puts it off
                self._set_timer()

    def _may_be_answered(self) -> bool:
        """Whether the program may still answer what came before the peer's Close or fault."""
        delivery = self._delivery
        if self._may_end and not delivery.running and not delivery.has_backlog:
            return False
        delivery.wants_capacity = True  # and look again when what came before was told
        if not self._may_end or not delivery.running:
            return True
        if self._patience is None:
            self._patience = self._loop.call_later(_PATIENCE, self._settle)
        return self._patience.active

    def _put_end_off(self, end: Callable[[], object]) -> None:
        self._put_off = [*(self._put_off or ()), end]

    def _settle_closing(self) -> None:
        # A peer that closed, and sends nothing more, may still read what it was answered before.
        if self._at_eof and self.engine.state is State.CLOSING and not self.buffered_amount:
            self.engine.receive_eof(self._loop.now())
        if self.engine.state is State.CLOSING:
            self._set_timer()
        elif self.stream.buffered_amount:
            self.stream.abort()  # the peer will not take it any more
        else:
            self.stream.close()

    def _deliver(self) -> None:
        engine = self.engine
        if engine.has_output or engine.output_ended:  # pongs and Close frames do not wait for the handler
            self._write()
        events = engine.take_events()
        if engine.state is not _OPEN:
            self._log_fault(events)
            if engine.state is State.CLOSED:
                self._settle_closing()  # what comes next does not wait for a handler that opens a dialog
            if self._muted:
                return
        if events and self._delivery.post(events) is not self._paused:
            self.regulate()

    def _log_fault(self, events: list[EventRecord]) -> None:
        for kind, fault in events:
            if kind is Event.ERROR:  # a failed connection is to be logged (RFC 6455, 7.1.7)
                # From the loop, since a handler of logging is the program's own, and may do anything.
                self._loop.call_soon(_log.info, "failed %s: %s", self.stream.peername, fault)

    def _write(self) -> None:
        # What was gathered showed in `buffered_amount`, and the program may have stopped sending for it.
        waited = self.buffered_amount if self._write_due else 0
        self._write_due = False
        output = self.engine.take_lazy_output()
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

    def _set_timer(self) -> None:
        """See that the engine's deadline is met; a timer that is early enough already may stay."""
        if self.engine.awaits_peer:
            self._report_output()
        deadline = self.engine.deadline
        if deadline is None or (self._timer is not None and self._timer.when <= deadline):
            return
        if self._loop.closed:  # by the handler, perhaps
            return
        self._cancel_timer()
        self._awaits_pong = self.engine.keepalive.unanswered
        self._timer = self._loop.call_later(deadline - self._loop.now(), self._on_timer)

    def _on_wake(self) -> None:
        self.engine.probe(self._loop.now())
        self._settle()
        self._set_timer()

    def _on_timer(self) -> None:
        self._timer = None
        if not self._may_end:
            self._put_end_off(self._on_timer)
            return
        if self.engine.awaits_peer:
            self.stream.receive_now()  # what has arrived counts before the peer is judged
            self._report_output()
        self.engine.handle_timer(self._loop.now())
        self._settle()

    def _report_output(self) -> None:
        self.engine.output_remaining(self.stream.unacknowledged_amount, self._loop.now())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cancel_timers(self) -> None:
        self._cancel_timer()
        if self._patience is not None:
            self._patience.cancel()

    def _sentence(self) -> str:
        code = self.engine.close_code or CloseCode.ABNORMAL_CLOSURE
        reason = self.engine.close_reason or DEFAULT_REASONS.get(code, "")
        return printable(f"Disconnected: {int(code)} {reason}".rstrip())
