"""`Session`: carries out the transitions of `tkws.connection.lifecycle` for one `WebSocket`.

It owns the parts of a connection (driver, delivery, buffered messages) and whatever the current phase owns.
Knows nothing of addresses, HTTP or when to retry: an `Opener` and a `RetryPolicy` are passed in.

Invariants:

- A transition is planned as a whole, then carried out. Inputs that arrive meanwhile are carried out after it,
  and what an interrupt leaves undone is done from the loop.
- No effect calls the program. Its handlers, retry rule, headers and cookie jar are called from the loop,
  between transitions, and the result counts only if the request for it is still current.

Long because each effect of a transition is a method here: they share what the present phase owns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tkws.asynchandlers import runnable
from tkws.connection.attempt import Attempt, Cancellable, End, Opened, Opener, RetryDecision, RetryPolicy
from tkws.connection.callall import call_all
from tkws.connection.calls import find_caller
from tkws.connection.decoding import decoding
from tkws.connection.delivery import Delivery
from tkws.connection.driver import ConnectionDriver
from tkws.connection.lifecycle import Effect, Input, Phase, plan
from tkws.connection.lifecycleevents import LifecycleEvents
from tkws.connection.logs import ConnectionLog
from tkws.connection.sending import Sending
from tkws.errors import ConnectionClosed, OpenError
from tkws.loop import Loop, Timer
from tkws.options import ConnectionOptions, Handler
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engine import Engine
from tkws.protocol.events import MESSAGE_EVENTS, Event
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool
from tkws.protocol.state import State, not_open
from tkws.protocol.trace import Tracer

if TYPE_CHECKING:
    from tkws.connection.download import Download
    from tkws.connection.owner import SessionOwner
    from tkws.connection.websocket import WebSocket

# Seconds. A retry policy may return any number; a timer does not take any number.
_MAX_RETRY_DELAY = 366 * 24 * 3600.0

_MESSAGES: Final = (*MESSAGE_EVENTS, Event.PART)

# These come from the loop only, so the handler may be called at once.
_FROM_LOOP = (Input.FAILED, Input.LOST, Input.RETRY, Input.GIVE_UP)

_OPEN: Final = Phase.OPEN  # in Python 3.11, looking a member up on its enum is a call

all_websockets: dict[WebSocket, None] = {}
"""Every WebSocket of this process that is not closed, the oldest first."""

_parents: list[WebSocket] = []


def _leave_to_parent() -> None:
    """Forget the connections of the parent, but keep the objects: this is a fork."""
    _parents.extend(all_websockets)
    all_websockets.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_leave_to_parent)


class Session:
    """The implementation behind one `WebSocket`.

    Args:
        loop: The loop that serves it.
        role: Client or server.
        options: Its options.
        ws: The program's object, which is passed to handlers.
        masks: The source of a client's masks.

    Attributes:
        phase: The current phase of its life.
        options: As above; see `configure`.
        driver: The connection, or the last one; None before the first.
        delivery: Calls the handler with events.
        sending: Sends messages, and buffers those that have to wait.
        events: Tells the program of attempts and connections that end.
        log: Its log.
        connected_since: The Unix time at which the connection opened, in seconds; None before that.
        reconnections: How many times it was opened again.
        tracer: Called with each frame; None for no call.
        owner: The server, or a widget that it ends with; None without either.
        groups: The names of the groups that it has joined, also after its end; None if it never did.
    """

    __slots__ = (
        "_carrying_out", "_deferred_close", "_downloads", "_effects", "_handler", "_masks", "_opener",
        "_owned", "_policy", "connected_since", "delivery", "driver", "events", "groups", "log", "loop",
        "options", "owner", "phase", "reconnections", "role", "sending", "tracer", "ws",
    )  # fmt: skip

    def __init__(
        self, loop: Loop, role: Role, options: ConnectionOptions, ws: WebSocket, masks: MaskPool
    ) -> None:
        self.loop: Loop = loop
        self.role: Role = role
        self.options: ConnectionOptions = options
        self.ws: WebSocket = ws
        self.log: ConnectionLog = ConnectionLog(loop, role, ws.id)
        self.phase: Phase = Phase.IDLE
        self.driver: ConnectionDriver | None = None
        self.connected_since: float | None = None
        self.reconnections: int = 0
        self.tracer: Tracer | None = None
        self.owner: SessionOwner | None = None
        self.groups: dict[str, None] | None = None
        self._handler: Handler = _handler_of(options)
        self._downloads: tuple[Download, ...] = ()
        self.delivery: Delivery = Delivery(
            loop,
            ws,
            self._handler,
            options.reentrant,
            on_capacity=self._on_capacity,
            deliver_milestone=self._deliver_milestone,
        )
        self.sending: Sending = Sending(loop, options.offline_buffer, self.delivery.post)
        self.events: LifecycleEvents = LifecycleEvents(self.delivery, self.sending)
        self._masks = masks
        self._opener: Opener | None = None
        self._policy: RetryPolicy | None = None
        self._owned: Cancellable | None = None
        self._deferred_close: tuple[int | None, str] | None = None
        self._effects: list[tuple[Effect, Any]] = []
        self._carrying_out = False
        all_websockets[ws] = None

    # Inputs

    def start(self, opener: Opener, policy: RetryPolicy | None) -> None:
        """Begin the first attempt to open; with a policy, others may follow."""
        self.loop.on_close(self.destroy)
        if policy is not None:
            self.loop.on_wake(self.reconnect_now)
        self._opener = opener
        self._policy = policy
        self.feed(Input.START)

    def begin(self, opened: Opened) -> None:
        """Take over a stream; `connect` is delivered from the loop."""
        self.feed(Input.OPENED, opened)

    def close(self, code: int | None, reason: str) -> None:
        """Close, or give up opening, after the calls that other threads have submitted so far."""
        self.sending.threads.flush()
        self.begin_close(code, reason)

    def begin_close(self, code: int | None, reason: str) -> None:
        """Close, or give up opening, before anything else is sent but broadcasts."""
        self.sending.send_pending()
        self.feed(Input.CLOSE, (code, reason))
        self.delivery.resume()

    def reconnect_now(self) -> None:
        """Begin the next attempt now, if one is waiting."""
        self.feed(Input.DUE)

    def destroy(self) -> None:
        """End without telling the handler: the interpreter is being destroyed, and the program with it."""
        self.sending.send_pending()
        self.feed(Input.DESTROY)

    def feed(self, given: Input, payload: Any = None) -> None:
        """Plan the transition for an input and carry it out."""
        transition = plan(self.phase, given, retries=self._policy is not None)
        if transition.effects:
            self.log.debug("%s -> %s by %s", self.phase.name, transition.phase.name, given.name)
        self.phase = transition.phase
        if isinstance(payload, End) and transition.effects:
            self.events.end = payload
        self._effects += [(effect, payload) for effect in transition.effects]
        if self._carrying_out:
            return
        self._carry_out()
        if given in _FROM_LOOP:
            self.delivery.deliver()
        elif transition.effects and not self.loop.closed:  # never from inside the program's call
            self.loop.call_soon(self.delivery.deliver)

    def owns(self, it: Cancellable) -> bool:
        """Tell whether the current phase owns ``it``."""
        return self._owned is it

    # Queries and requests of its owner

    @property
    def state(self) -> State:
        """As `WebSocket.state`."""
        if self.phase is Phase.ENDED:
            undelivered = self.events.closed_unopened and self.delivery.has_waiting(Event.DISCONNECT)
            return State.CLOSING if undelivered else State.CLOSED
        if self.phase in (Phase.OPEN, Phase.CLOSING):
            assert self.driver is not None
            state = self.driver.engine.state
            return State.CLOSING if state is State.OPEN and self.phase is Phase.CLOSING else state
        return State.CONNECTING

    @property
    def retry_in(self) -> float | None:
        """As `WebSocket.retry_in`."""
        if not isinstance(self._owned, Timer):
            return None
        return max(self._owned.when - self.loop.now(), 0.0)

    @property
    def buffered_amount(self) -> int:
        """The bytes waiting to be sent."""
        if self.driver is None:
            return 0
        return self.driver.buffered_amount + self.sending.waiting_amount

    def configure(self, options: ConnectionOptions) -> None:
        """Apply changed options."""
        before = self.options
        if (
            options.handler is not before.handler
            or options.codec is not before.codec
            or options.codec_errors != before.codec_errors
        ):
            self._handler = _handler_of(options)
            if not self._downloads:
                self.delivery.handler = self._handler
        self.options = options
        self.delivery.reentrant = options.reentrant
        self.sending.set_capacity(options.offline_buffer)
        if self.driver is not None:
            self.driver.configure(options)

    def drop(self) -> None:
        """Break the connection, if it still is there; the events of its end follow from the loop."""
        if self.driver is not None and not self.driver.stream.closed:
            self.driver.stream.abort()

    def set_tracer(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with each frame of this connection and of those that follow; None to stop.

        Raises:
            StateError: The caller is not in Tk's thread.
        """
        self.loop.check_thread()
        self.tracer = tracer
        if self.driver is not None:
            self.driver.set_tracer(tracer)

    def pause(self) -> None:
        """Stop reading and delivering."""
        self.delivery.pause()
        if self.driver is not None:
            self.driver.update_reading()

    def send_encoded(self, message: EncodedMessage) -> bool:
        """Send a message of a broadcast with other output of this slice.

        Returns:
            False if it cannot be sent, because the connection is not open or a message is half sent.
        """
        driver = self.driver
        if driver is None or self.phase is not _OPEN:
            return False
        if self.sending.streaming:
            return self.sending.send_encoded_later(message)
        if not driver.engine.send_encoded(message, self.loop.now()):
            return False
        driver.write_at_slice_end()
        return True

    def send_directly(self, message: EncodedMessage, now: float) -> bool:
        """Write such a message at once; return False if it cannot be sent or other output is waiting.

        Args:
            message: As for `send_encoded`.
            now: The time on the loop's clock.
        """
        driver = self.driver
        if driver is None or self.phase is not _OPEN or self.sending.streaming:
            return False
        return driver.send_directly(message, now)

    def receive_into(self, download: Download) -> None:
        """Hand the next message that no other download takes to this one."""
        self._downloads += (download,)
        if len(self._downloads) == 1:
            self.delivery.handler = self._take_download
            self._ask_for_parts()

    def download_withdrawn(self, download: Download) -> None:
        """Note that a download has ended before its message began."""
        if download not in self._downloads[:1]:
            self._downloads = tuple(other for other in self._downloads if other is not download)
        elif not self._comes_in_parts():
            if self.driver is not None:
                self.driver.engine.reader.next_in_parts(False)
            self._next_download()

    # How it works

    def _take_download(self, ws: WebSocket, type: Event, message: Any) -> None:
        """Handle an event while there are downloads."""
        download = self._downloads[0]
        is_last = download.ends_with(type, message)
        try:
            download.pass_on(self._handler, type, message)
        finally:  # also if SystemExit leaves mainloop, which may be called again
            if is_last and download in self._downloads:
                self._next_download()

    def _next_download(self) -> None:
        self._downloads = self._downloads[1:]
        if self._downloads:
            self._ask_for_parts()
        else:
            self.delivery.handler = self._handler

    def _ask_for_parts(self) -> None:
        """Ask the engine for the next message in parts, unless it is here already."""
        if self.driver is not None and not any(map(self.delivery.has_waiting, _MESSAGES)):
            self.driver.engine.reader.next_in_parts()

    def _comes_in_parts(self) -> bool:
        """Tell whether the next message has begun in parts that no handler expects."""
        if self.options.stream or self.driver is None:
            return False
        return self.delivery.has_waiting(Event.PART) or self.driver.engine.reader.within_parts

    def _fail_downloads(self, error: Exception, *, report: bool) -> None:
        downloads, self._downloads = self._downloads, ()
        self.delivery.handler = self._handler
        call_all(partial(download.fail, error, report=report) for download in downloads)

    def _carry_out(self) -> None:
        self._carrying_out = True
        try:
            while self._effects:
                effect, payload = self._effects.pop(0)
                self._CARRY_OUT[effect](self, payload)
        except BaseException:  # an interrupt
            self.loop.call_soon(self._carry_on)
            raise
        finally:
            self._carrying_out = False

    def _carry_on(self) -> None:
        """Do what an interrupt left undone."""
        self._carry_out()
        self.delivery.deliver()

    def _begin_attempt(self, _: object) -> None:
        assert self._opener is not None
        attempt = self._owned = Attempt(self)
        try:
            attempt.begin(self._opener)
        except Exception as cause:
            error = OpenError(f"The opening could not begin: {cause}", phase="connect")
            error.__cause__ = cause
            attempt.failed(error)

    def _adopt_stream(self, opened: Opened) -> None:
        stream, now = opened.stream, self.loop.now()
        self.loop.on_close(self.destroy)
        self.ws.peername, self.ws.sockname = stream.peername, stream.sockname
        self.reconnections += self.connected_since is not None
        self.connected_since = time.time()
        if self._policy is not None:
            self._policy.opened(now)
        masks = self._masks if self.role is Role.CLIENT else None
        engine = Engine(self.role, now, masks=masks, compression=opened.compression)
        driver = ConnectionDriver(self.loop, stream, engine, self.delivery, self._lost, log=self.log)
        self.driver = self._owned = driver
        driver.set_tracer(self.tracer)
        driver.configure(self.options)
        if self._downloads:
            engine.reader.next_in_parts()
        compression = "no compression" if opened.compression is None else "permessage-deflate"
        self.log.info("open: from %r to %r, %s", stream.sockname, stream.peername, compression)
        self.sending.connected(driver)
        self.delivery.enqueue([(Event.CONNECT, opened.message)])
        driver.start(opened.data)
        if self.delivery.paused:
            driver.update_reading()

    def _discard_stream(self, opened: Opened) -> None:
        opened.stream.abort()

    def _defer_close(self, close: tuple[int | None, str]) -> None:
        self._deferred_close = close
        self.sending.begin_closing()

    def _send_close(self, close: tuple[int | None, str]) -> None:
        assert self.driver is not None
        if self.events.withdraw_retry():
            self.driver.mute()
        elif self.delivery.has_waiting(Event.CONNECT):  # its handler may still send
            self._defer_close(close)
            return
        else:
            self.sending.flush_offline()
        self.driver.engine.close(*close, self.loop.now())
        self.driver.flush()

    def _cancel(self, _: object) -> None:
        owned, self._owned = self._owned, None
        if owned is not None:
            owned.cancel()

    def _ask_retry_policy(self, end: End) -> None:
        decision = self._owned = RetryDecision()
        self.delivery.enqueue(self.sending.disconnected())
        self.loop.call_soon(self._decide, decision, end)

    def _start_retry_timer(self, end: End) -> None:
        self._owned = self.loop.call_later(end.delay, self.reconnect_now)

    def _flush_threads(self, _: object) -> None:
        self.sending.threads.flush()

    def _silence(self, _: object) -> None:
        self.delivery.silence()
        self._fail_downloads(not_open(State.CLOSED), report=False)
        caller = find_caller(self.options.handler)
        if caller is not None:
            caller.forget(self.ws)

    def _unregister(self, _: object) -> None:
        self._owned = None
        self.sending.close()
        self.loop.cancel_on_wake(self.reconnect_now)
        all_websockets.pop(self.ws, None)
        if self.owner is not None:
            self.owner.forget(self)

    _CARRY_OUT: ClassVar[dict[Effect, Callable[[Session, Any], None]]] = {
        Effect.BEGIN_ATTEMPT: _begin_attempt,
        Effect.ADOPT_STREAM: _adopt_stream,
        Effect.DISCARD_STREAM: _discard_stream,
        Effect.DEFER_CLOSE: _defer_close,
        Effect.SEND_CLOSE: _send_close,
        Effect.CANCEL: _cancel,
        Effect.ASK_RETRY_POLICY: _ask_retry_policy,
        Effect.START_RETRY_TIMER: _start_retry_timer,
        Effect.FLUSH_THREADS: _flush_threads,
        Effect.SILENCE: _silence,
        Effect.UNREGISTER: _unregister,
        Effect.QUEUE_FAILURE: lambda self, _: self.events.queue_failure(),
        Effect.QUEUE_UNSENT: lambda self, _: self.events.queue_unsent(),
        Effect.QUEUE_CLOSED_UNOPENED: lambda self, _: self.events.queue_closed_unopened(),
        Effect.QUEUE_DISCONNECT: lambda self, _: self.events.queue_disconnect(),
        Effect.QUEUE_RETRY: lambda self, end: self.events.queue_retry(end),
    }

    # Between transitions

    def _decide(self, decision: RetryDecision, end: End) -> None:
        """Call the retry policy; the program's rule in it may do anything meanwhile."""
        if not self.owns(decision):
            return
        assert self._policy is not None
        delay: float | None = None
        try:
            delay = self._policy.next_delay(end.cause, self.loop.now())
            if delay is not None:
                delay = min(max(0.0, delay), _MAX_RETRY_DELAY)  # in this order, nan becomes 0
        except Exception:
            delay = None
            self.loop.report_exception()
        finally:  # also if SystemExit leaves mainloop, which may be called again
            if self.owns(decision):
                self._apply_decision(end, delay)

    def _apply_decision(self, end: End, delay: float | None) -> None:
        if delay is None:
            self.log.info("no other attempt: %s", end.cause)
            self.feed(Input.GIVE_UP, end)
        else:
            assert self._policy is not None
            self.log.info("attempt %d in %.3g s: %s", self._policy.count, delay, end.cause)
            self.feed(Input.RETRY, End(end.cause, end.sentence, delay, self._policy.count))

    def _lost(self, sentence: str) -> None:
        assert self.driver is not None
        self.log.info("%s", sentence)
        engine = self.driver.engine
        cause = engine.fault or ConnectionClosed(engine.close_code or 0, engine.close_reason)
        try:
            self.sending.fail_uploads(cause, report=True)
        finally:
            self.feed(Input.LOST, End(cause, sentence))

    def _on_capacity(self) -> None:
        if self.driver is not None:
            self.driver.resume()

    def _deliver_milestone(self, type: Event, message: object) -> None:
        if type is Event.DISCONNECT:
            self._deliver_disconnect(type, message)
            return
        driver = self.driver
        assert driver is not None
        driver.allow_end()
        self.sending.begin_connect_handler()
        try:
            self.delivery.handler(self.ws, type, message)
        finally:
            self.sending.end_connect_handler(driver)
            close, self._deferred_close = self._deferred_close, None
            if close is not None:
                self._send_close(close)

    def _deliver_disconnect(self, type: Event, message: object) -> None:
        self._unwatch_interpreter()
        tell_handler = partial(self._call_handler, type, message)
        call_all((self._lose_downloads, tell_handler, self._tell_owner, self._unwatch_interpreter))

    def _lose_downloads(self) -> None:
        if self._downloads:
            assert self.events.end is not None
            self._fail_downloads(self.events.end.cause, report=True)

    def _call_handler(self, type: Event, message: object) -> None:
        if not self.loop.closed:  # a download's `on_end` may have destroyed the interpreter
            self.delivery.handler(self.ws, type, message)

    def _tell_owner(self) -> None:
        if self.owner is not None:
            self.owner.disconnect_delivered(self)

    def _unwatch_interpreter(self) -> None:
        """Stop watching for the end of the interpreter once the last `disconnect` is being delivered."""
        if self.phase is Phase.ENDED and not self.delivery.has_waiting(Event.DISCONNECT):
            self.loop.cancel_on_close(self.destroy)


def _handler_of(options: ConnectionOptions) -> Handler:
    """Return the handler that is called with events, which gets values if there is a codec."""
    handler: Handler = runnable(options.handler)
    if options.codec is None:
        return handler
    return decoding(handler, options.codec, closes=options.codec_errors == "close")
