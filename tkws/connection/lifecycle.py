"""The life of a `WebSocket` as a state table: for each phase and input, the next phase and its effects.

Knows neither sockets, nor the loop, nor the program: it turns an input into a `Transition`, which `Session`
carries out. Each phase owns at most one thing that can be cancelled: an attempt to open, a connection, a
pending decision of the retry policy, or the timer for the next attempt.

    IDLE --START--> ATTEMPTING --OPENED--> OPEN --CLOSE--> CLOSING --LOST--> ENDED
    ATTEMPTING --FAILED--> DECIDING, OPEN --LOST--> DECIDING (or ENDED, without a retry policy)
    DECIDING --RETRY--> WAITING --DUE--> ATTEMPTING, DECIDING --GIVE_UP--> ENDED
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple


class Phase(Enum):
    """A phase of the life; the comments say what it owns. `State` is what the program sees of it."""

    IDLE = auto()  # nothing: its stream has not arrived yet
    UNWANTED = auto()  # nothing: the program has closed, and its stream has not arrived yet
    ATTEMPTING = auto()  # an attempt to open
    OPEN = auto()  # a connection; the peer may be closing it
    CLOSING = auto()  # a connection that the program has closed
    DECIDING = auto()  # a pending decision of the retry policy
    WAITING = auto()  # the timer for the next attempt
    ENDED = auto()  # nothing


class Input(Enum):
    """Something that happened."""

    START = auto()  # the program opens it
    OPENED = auto()  # a stream is ready: that of the attempt, or one that was passed in
    FAILED = auto()  # the attempt failed
    LOST = auto()  # the connection's stream is gone
    CLOSE = auto()  # the program closes
    RETRY = auto()  # the retry policy grants another attempt
    GIVE_UP = auto()  # the retry policy grants none
    DUE = auto()  # the next attempt is due, or was asked for
    DESTROY = auto()  # the interpreter is being destroyed


class Effect(Enum):
    """Something to do. None of it calls the program."""

    BEGIN_ATTEMPT = auto()
    ADOPT_STREAM = auto()  # make the new stream the connection, and deliver `connect`
    DISCARD_STREAM = auto()  # drop the new stream: it came too late
    DEFER_CLOSE = auto()  # until `connect` has been delivered
    SEND_CLOSE = auto()
    CANCEL = auto()  # what the previous phase owned
    ASK_RETRY_POLICY = auto()
    START_RETRY_TIMER = auto()
    FLUSH_THREADS = auto()  # make the calls that other threads have submitted
    SILENCE = auto()  # deliver no more events
    UNREGISTER = auto()  # from the registry of live connections; refuse messages
    QUEUE_FAILURE = auto()  # `error` or `timeout`
    QUEUE_UNSENT = auto()  # `error` with the messages that will never be sent
    QUEUE_CLOSED_UNOPENED = auto()  # `close` and `disconnect` of a connection that was not open
    QUEUE_DISCONNECT = auto()
    QUEUE_RETRY = auto()


class Transition(NamedTuple):
    """The next phase, and the effects that lead to it, in order."""

    phase: Phase
    effects: tuple[Effect, ...] = ()


_END = Transition(
    Phase.ENDED, (Effect.QUEUE_FAILURE, Effect.QUEUE_UNSENT, Effect.QUEUE_DISCONNECT, Effect.UNREGISTER)
)
_DISCARD = (Effect.DISCARD_STREAM,)
_CLOSE_BEFORE_OPEN = Transition(Phase.ENDED, (Effect.CANCEL, Effect.QUEUE_CLOSED_UNOPENED, Effect.UNREGISTER))
_DESTROY = Transition(Phase.ENDED, (Effect.SILENCE, Effect.CANCEL, Effect.UNREGISTER))
_DESTROY_OPEN = Transition(
    Phase.ENDED, (Effect.SILENCE, Effect.FLUSH_THREADS, Effect.CANCEL, Effect.UNREGISTER)
)

_TABLE: Mapping[Phase, dict[Input, Transition]] = MappingProxyType(
    {
        Phase.IDLE: {
            Input.START: Transition(Phase.ATTEMPTING, (Effect.BEGIN_ATTEMPT,)),
            Input.OPENED: Transition(Phase.OPEN, (Effect.ADOPT_STREAM,)),
            Input.CLOSE: Transition(Phase.UNWANTED, (Effect.DEFER_CLOSE,)),
            Input.DESTROY: _DESTROY,
        },
        Phase.UNWANTED: {
            Input.OPENED: Transition(Phase.CLOSING, (Effect.ADOPT_STREAM,)),
            Input.DESTROY: _DESTROY,
        },
        Phase.ATTEMPTING: {
            Input.OPENED: Transition(Phase.OPEN, (Effect.ADOPT_STREAM,)),
            Input.FAILED: _END,
            Input.CLOSE: _CLOSE_BEFORE_OPEN,
            Input.DESTROY: _DESTROY,
        },
        Phase.OPEN: {
            Input.OPENED: Transition(Phase.OPEN, _DISCARD),
            Input.LOST: _END,
            Input.CLOSE: Transition(Phase.CLOSING, (Effect.SEND_CLOSE,)),
            Input.DESTROY: _DESTROY_OPEN,
        },
        Phase.CLOSING: {
            Input.OPENED: Transition(Phase.CLOSING, _DISCARD),
            Input.LOST: _END,
            Input.DESTROY: _DESTROY_OPEN,
        },
        Phase.DECIDING: {
            Input.OPENED: Transition(Phase.DECIDING, _DISCARD),
            Input.RETRY: Transition(
                Phase.WAITING,
                (Effect.QUEUE_FAILURE, Effect.QUEUE_DISCONNECT, Effect.QUEUE_RETRY, Effect.START_RETRY_TIMER),
            ),
            Input.GIVE_UP: _END,
            Input.CLOSE: Transition(Phase.ENDED, (Effect.CANCEL, *_END.effects)),
            Input.DESTROY: _DESTROY,
        },
        Phase.WAITING: {
            Input.OPENED: Transition(Phase.WAITING, _DISCARD),
            Input.DUE: Transition(Phase.ATTEMPTING, (Effect.CANCEL, Effect.BEGIN_ATTEMPT)),
            Input.CLOSE: _CLOSE_BEFORE_OPEN,
            Input.DESTROY: _DESTROY,
        },
        Phase.ENDED: {
            Input.OPENED: Transition(Phase.ENDED, _DISCARD),
            Input.DESTROY: Transition(Phase.ENDED, (Effect.SILENCE,)),
        },
    }
)

# With a retry policy, its decision comes first.
_TABLE_OF_RETRIES: Mapping[tuple[Phase, Input], Transition] = MappingProxyType(
    {
        (Phase.ATTEMPTING, Input.FAILED): Transition(Phase.DECIDING, (Effect.ASK_RETRY_POLICY,)),
        (Phase.OPEN, Input.LOST): Transition(Phase.DECIDING, (Effect.ASK_RETRY_POLICY,)),
    }
)


def plan(phase: Phase, given: Input, *, retries: bool) -> Transition:
    """Return the transition for an input.

    Args:
        phase: The current phase.
        given: The input; a no-op if it has no meaning in this phase.
        retries: Whether there is a retry policy.
    """
    if retries and (phase, given) in _TABLE_OF_RETRIES:
        return _TABLE_OF_RETRIES[phase, given]
    return _TABLE[phase].get(given, Transition(phase))
