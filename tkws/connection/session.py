"""`Session`: carries out what `tkws.connection.lifecycle` plans for one `WebSocket`.

It owns the parts of a connection (driver, delivery, messages that wait) and whatever the phase owns.
Knows nothing of addresses, HTTP or the retry rule: an `Opener` and a `RetryPolicy` are handed in.

Invariants:

- A transition is planned whole, then carried out. What comes in meanwhile is carried out after it, and
  what an interrupt leaves undone is done from the loop.
- No effect calls the program. Its handlers, its retry rule, its headers and cookies are called from the
  loop, between transitions, and what they return counts only if what asked for it is still current.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tkws.asynchandlers import runnable
from tkws.connection.attempt import Attempt, Cancellable, End, Opened, Opener, RetryPolicy
from tkws.connection.delivery import Delivery
from tkws.connection.driver import ConnectionDriver
from tkws.connection.lifecycle import Effect, Input, Phase, plan
from tkws.connection.sending import Sending
from tkws.errors import ConnectionClosed, OpenError, OpenTimeout
from tkws.loop import Loop, Timer
from tkws.options import ConnectionOptions
from tkws.protocol.closing import CloseCode
from tkws.protocol.engine import Engine, State
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool

if TYPE_CHECKING:
    from tkws.connection.websocket import WebSocket

CLOSED_UNOPENED = int(CloseCode.ABNORMAL_CLOSURE), "Closed by this program before the connection was open"
"""The message of the `close` event of a connection that was not open."""

# Seconds. A number from outside may ask for more; a timer cannot take any number.
_LONGEST_PAUSE = 366 * 24 * 3600.0

# What only the loop brings, so that the program may be told at once.
_FROM_LOOP = (Input.FAILED, Input.LOST, Input.RETRY, Input.GIVE_UP)

_OPEN: Final = Phase.OPEN  # in Python 3.11, looking a member up on its enum is a call

all_websockets: dict[WebSocket, None] = {}
"""Every WebSocket that is not closed, in the order of their making."""


class _Question:
    """What the retry rule is asked. Its answer counts only while the session owns the question."""

    __slots__ = ()

    def cancel(self) -> None:
        """Do nothing: it is enough that nobody owns it."""


class Session:
    """What stands behind one `WebSocket`.

    Args:
        loop: The loop that serves it.
        role: Which end it is.
        options: Its options.
        ws: The program's object, which handlers are called with.
        masks: Where a client's masks come from.

    Attributes:
        phase: Where its life stands.
        options: As above; see `configure`.
        driver: The connection, or the last one; None before the first.
        delivery: The way of events to the handler.
        sending: What is sent, and what waits to be sent.
        closed_unopened: Whether the program gave up before it was open.
        connected_since: The time of day at which the connection opened; None before that.
        reconnections: How often it was opened again.
        on_end: Called once when its life is over, before `disconnect` is told.
    """

    __slots__ = (
        "_carrying_out", "_effects", "_end", "_held_close", "_masks", "_opener", "_owes_disconnect",
        "_owned", "_policy", "closed_unopened", "connected_since", "delivery", "driver", "loop", "on_end",
        "options", "phase", "reconnections", "role", "sending", "ws",
    )  # fmt: skip

    def __init__(
        self, loop: Loop, role: Role, options: ConnectionOptions, ws: WebSocket, masks: MaskPool
    ) -> None:
        self.loop = loop
        self.role = role
        self.options = options
        self.ws = ws
        self.phase = Phase.IDLE
        self.driver: ConnectionDriver | None = None
        self.closed_unopened = False
        self.connected_since: float | None = None
        self.reconnections = 0
        self.on_end: Callable[[Session], object] | None = None
        self.delivery = Delivery(
            loop,
            ws,
            runnable(options.handler),
            options.reentrant,
            on_capacity=self._on_capacity,
            tell_milestone=self._tell_milestone,
        )
        self.sending = Sending(loop, options.offline_buffer, self.delivery.post)
        self._masks = masks
        self._opener: Opener | None = None
        self._policy: RetryPolicy | None = None
        self._owned: Cancellable | None = None
        self._end: End | None = None
        self._owes_disconnect = True  # not where a `disconnect` became the last after it was told
        self._held_close: tuple[int | None, str] | None = None
        self._effects: list[tuple[Effect, Any]] = []
        self._carrying_out = False
        all_websockets[ws] = None

    # What comes in

    def start(self, opener: Opener, policy: RetryPolicy | None) -> None:
        """Make the first attempt to open, and others if there is a policy for them."""
        self.loop.on_close(self.vanish)
        if policy is not None:
            self.loop.on_wake(self.reconnect_now)
        self._opener = opener
        self._policy = policy
        self.feed(Input.START)

    def begin(self, opened: Opened) -> None:
        """Take over a stream; `connect` is told from the loop."""
        self.feed(Input.OPENED, opened)

    def close(self, code: int | None, reason: str) -> None:
        """Close, or give up opening, after what other threads have passed on so far."""
        self.sending.threads.flush()
        self.begin_close(code, reason)

    def begin_close(self, code: int | None, reason: str) -> None:
        """Close, or give up opening, before anything else is sent."""
        self.feed(Input.CLOSE, (code, reason))
        self.delivery.resume()

    def reconnect_now(self) -> None:
        """Cut the pause before the next attempt short, if there is one."""
        self.feed(Input.DUE)

    def vanish(self) -> None:
        """End without telling the handler: the interpreter is being destroyed, and the program with it."""
        self.feed(Input.VANISH)

    def feed(self, given: Input, payload: Any = None) -> None:
        """Plan what follows from an input, and carry it out."""
        transition = plan(self.phase, given, retries=self._policy is not None)
        self.phase = transition.phase
        if isinstance(payload, End) and transition.effects:
            self._end = payload
        self._effects += [(effect, payload) for effect in transition.effects]
        if self._carrying_out:
            return
        self._carry_out()
        if given in _FROM_LOOP:
            self.delivery.deliver()
        elif transition.effects and not self.loop.closed:  # never from inside a call of the program's
            self.loop.call_soon(self.delivery.deliver)

    def owns(self, it: Cancellable) -> bool:
        """Whether the phase owns it."""
        return self._owned is it

    # What its owner asks

    @property
    def state(self) -> State:
        """As `WebSocket.state`."""
        if self.phase is Phase.ENDED:
            untold = self.closed_unopened and self.delivery.awaits(Event.DISCONNECT)
            return State.CLOSING if untold else State.CLOSED
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
        """Bytes that wait to be sent."""
        return self.driver.buffered_amount if self.driver is not None else 0

    def configure(self, options: ConnectionOptions) -> None:
        """Let changed options take effect."""
        if options.handler is not self.options.handler:
            self.delivery.handler = runnable(options.handler)
        self.options = options
        self.delivery.reentrant = options.reentrant
        self.sending.set_room(options.offline_buffer)
        if self.driver is not None:
            self.driver.configure(options)

    def pause(self) -> None:
        """Stop reading and delivering."""
        self.delivery.pause()
        if self.driver is not None:
            self.driver.regulate()

    def send_encoded(self, frame: bytes) -> bool:
        """Send a frame of `tkws.protocol.payloads.encode_broadcast` with what else this slice sends.

        Returns:
            False if it cannot be sent: while the connection is not open, or in the middle of a message.
        """
        driver = self.driver
        if (
            driver is None
            or self.phase is not _OPEN
            or not driver.engine.send_encoded(frame, self.loop.now())
        ):
            return False
        driver.gather()
        return True

    def send_directly(self, frame: bytes, now: float) -> bool:
        """Write such a frame at once; return False if it cannot be sent, or something waits before it.

        Args:
            frame: As for `send_encoded`.
            now: The time on the loop's clock.
        """
        driver = self.driver
        return driver is not None and self.phase is _OPEN and driver.send_directly(frame, now)

    # How it works

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
        """Do what an interrupt has left undone."""
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
        self.loop.on_close(self.vanish)
        self.ws.peername, self.ws.sockname = stream.peername, stream.sockname
        self.reconnections += self.connected_since is not None
        self.connected_since = time.time()
        if self._policy is not None:
            self._policy.opened(now)
        masks = self._masks if self.role is Role.CLIENT else None
        engine = Engine(self.role, now, masks=masks, codec=opened.codec)
        driver = ConnectionDriver(self.loop, stream, engine, self.delivery, self._lost)
        self.driver = self._owned = driver
        driver.configure(self.options)
        self.sending.connected(driver)
        self.delivery.enqueue([(Event.CONNECT, opened.message)])
        driver.start(opened.data)
        if self.delivery.paused:
            driver.regulate()

    def _discard_stream(self, opened: Opened) -> None:
        opened.stream.abort()

    def _hold_close(self, close: tuple[int | None, str]) -> None:
        self._held_close = close
        self.sending.begin_closing()

    def _send_close(self, close: tuple[int | None, str]) -> None:
        assert self.driver is not None
        if self._withdraw_retry():
            self.driver.mute()
        elif self.delivery.awaits(Event.CONNECT):  # which is told of a connection that can be sent on
            self._hold_close(close)
            return
        else:
            self.sending.flush_offline()
        self.driver.engine.close(*close, self.loop.now())
        self.driver.output_added()

    def _withdraw_retry(self) -> bool:
        """Take back what the program has not been told of another attempt; return whether there was any."""
        if not self.delivery.withdraw_from(Event.RETRY):
            return False
        # The `disconnect` before it now is the last.
        self._owes_disconnect = bool(self.delivery.withdraw_last(Event.DISCONNECT))
        return True

    def _cancel(self, _: object) -> None:
        owned, self._owned = self._owned, None
        if owned is not None:
            owned.cancel()

    def _ask_rule(self, end: End) -> None:
        question = self._owned = _Question()
        self.sending.disconnected()
        self.loop.call_soon(self._decide, question, end)

    def _begin_pause(self, end: End) -> None:
        self._owned = self.loop.call_later(end.delay, self.reconnect_now)

    def _pass_on(self, _: object) -> None:
        self.sending.threads.flush()

    def _silence(self, _: object) -> None:
        self.delivery.silence()

    def _leave(self, _: object) -> None:
        self._owned = None
        self.sending.close()
        self.loop.cancel_on_wake(self.reconnect_now)
        all_websockets.pop(self.ws, None)
        if self.on_end is not None:
            self.on_end(self)

    def _tell_failure(self, _: object) -> None:
        assert self._end is not None
        cause = self._end.cause
        if isinstance(cause, OpenError):  # the engine has told of the others
            self.delivery.enqueue([(Event.TIMEOUT if isinstance(cause, OpenTimeout) else Event.ERROR, cause)])

    def _tell_unsent(self, _: object) -> None:
        unsent = self.sending.close()
        self._owes_disconnect = self._owes_disconnect or bool(unsent)
        self.delivery.enqueue(unsent)

    def _tell_disconnect(self, _: object) -> None:
        assert self._end is not None
        if self._owes_disconnect:
            self.delivery.enqueue([(Event.DISCONNECT, self._end.sentence)])
        self._owes_disconnect = True

    def _tell_retry(self, end: End) -> None:
        self.delivery.enqueue([(Event.RETRY, (end.number, end.delay, end.cause))])

    def _tell_closed_unopened(self, _: object) -> None:
        if self._withdraw_retry():
            self._tell_unsent(None)
            self._tell_disconnect(None)
            return
        self.closed_unopened = True
        code, sentence = CLOSED_UNOPENED
        close, disconnect = (Event.CLOSE, (code, sentence)), (Event.DISCONNECT, sentence)
        self.delivery.enqueue([close, *self.sending.close(), disconnect])

    _CARRY_OUT: ClassVar[dict[Effect, Callable[[Session, Any], None]]] = {
        Effect.BEGIN_ATTEMPT: _begin_attempt,
        Effect.ADOPT_STREAM: _adopt_stream,
        Effect.DISCARD_STREAM: _discard_stream,
        Effect.HOLD_CLOSE: _hold_close,
        Effect.SEND_CLOSE: _send_close,
        Effect.CANCEL: _cancel,
        Effect.ASK_RULE: _ask_rule,
        Effect.BEGIN_PAUSE: _begin_pause,
        Effect.PASS_ON: _pass_on,
        Effect.SILENCE: _silence,
        Effect.LEAVE: _leave,
        Effect.TELL_FAILURE: _tell_failure,
        Effect.TELL_UNSENT: _tell_unsent,
        Effect.TELL_CLOSED_UNOPENED: _tell_closed_unopened,
        Effect.TELL_DISCONNECT: _tell_disconnect,
        Effect.TELL_RETRY: _tell_retry,
    }

    # Between transitions

    def _decide(self, question: _Question, end: End) -> None:
        """Ask the retry rule, which is the program's own and may do anything meanwhile."""
        if not self.owns(question):
            return
        assert self._policy is not None
        delay: float | None = None
        try:
            delay = self._policy.next_delay(end.cause, self.loop.now())
            delay = None if delay is None else _bounded(delay)
        except Exception:
            delay = None
            self.loop.report_exception()
        finally:  # also for what ends the program: mainloop may be called again
            if self.owns(question):
                self._answer(end, delay)

    def _answer(self, end: End, delay: float | None) -> None:
        if delay is None:
            self.feed(Input.GIVE_UP, end)
        else:
            assert self._policy is not None
            self.feed(Input.RETRY, End(end.cause, end.sentence, delay, self._policy.count))

    def _lost(self, sentence: str) -> None:
        assert self.driver is not None
        engine = self.driver.engine
        cause = engine.fault or ConnectionClosed(engine.close_code or 0, engine.close_reason)
        self.feed(Input.LOST, End(cause, sentence))

    def _on_capacity(self) -> None:
        if self.driver is not None:
            self.driver.go_on()

    def _tell_milestone(self, type: Event, message: object) -> None:
        if type is Event.DISCONNECT:
            self._stop_listening()
            self.delivery.handler(self.ws, type, message)
            self._stop_listening()
            return
        driver = self.driver
        assert driver is not None
        driver.allow_end()
        self.sending.begin_greeting()
        try:
            self.delivery.handler(self.ws, type, message)
        finally:
            self.sending.end_greeting(driver)
            close, self._held_close = self._held_close, None
            if close is not None:
                self._send_close(close)

    def _stop_listening(self) -> None:
        """Until the last `disconnect`, the interpreter may go."""
        if self.phase is Phase.ENDED and not self.delivery.awaits(Event.DISCONNECT):
            self.loop.cancel_on_close(self.vanish)


def _bounded(delay: float) -> float:
    """Return seconds that a timer can take."""
    return min(max(0.0, delay), _LONGEST_PAUSE)  # in this order, nan is 0
