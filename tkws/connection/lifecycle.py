"""The life of a `WebSocket` as a table: each state, each input, and what follows from both.

Knows no socket, no loop, no program: an input comes in, a `Transition` goes out. `Session` carries it out.
Each phase owns at most one thing that can be cancelled: an attempt to open, a connection, a question
to the retry rule, or the pause before the next attempt.

    IDLE --START--> ATTEMPTING --OPENED--> OPEN --CLOSE--> CLOSING --LOST--> ENDED
    ATTEMPTING --FAILED--> DECIDING, OPEN --LOST--> DECIDING (or ENDED, without a retry rule)
    DECIDING --RETRY--> WAITING --DUE--> ATTEMPTING, DECIDING --GIVE_UP--> ENDED
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Phase(Enum):
    """Where a life stands, with what the phase owns."""

    IDLE = auto()  # nothing: its stream is still on the way
    UNWANTED = auto()  # nothing: the program has closed, and its stream is still on the way
    ATTEMPTING = auto()  # an attempt to open
    OPEN = auto()  # a connection; the peer may be closing it
    CLOSING = auto()  # a connection that the program has closed
    DECIDING = auto()  # a question to the retry rule
    WAITING = auto()  # the pause before the next attempt
    ENDED = auto()  # nothing


class Input(Enum):
    """What may happen."""

    START = auto()  # the program wants it opened
    OPENED = auto()  # a stream is ready: of the attempt, or one that was given
    FAILED = auto()  # the attempt failed
    LOST = auto()  # the connection's stream is gone
    CLOSE = auto()  # the program closes
    RETRY = auto()  # the rule grants another attempt
    GIVE_UP = auto()  # the rule grants none
    DUE = auto()  # the pause is over, or was cut short
    VANISH = auto()  # the interpreter goes


class Effect(Enum):
    """What is to be done; none of it calls the program."""

    BEGIN_ATTEMPT = auto()
    ADOPT_STREAM = auto()  # make the stream that came the connection, and tell `connect`
    DISCARD_STREAM = auto()  # drop the stream that came: nobody waits for it
    HOLD_CLOSE = auto()  # until `connect` was told
    SEND_CLOSE = auto()
    CANCEL = auto()  # what the phase before owned
    ASK_RULE = auto()
    BEGIN_PAUSE = auto()
    PASS_ON = auto()  # what other threads have handed over so far
    SILENCE = auto()  # tell nothing any more
    LEAVE = auto()  # the list of living connections, and take no more messages
    TELL_FAILURE = auto()  # `error` or `timeout`
    TELL_UNSENT = auto()  # the messages that will never be sent
    TELL_CLOSED_UNOPENED = auto()  # `close` and `disconnect` of what was not open
    TELL_DISCONNECT = auto()
    TELL_RETRY = auto()


class Transition(NamedTuple):
    """The next phase, and what leads there, in order."""

    phase: Phase
    effects: tuple[Effect, ...] = ()


_GIVE_UP = Transition(
    Phase.ENDED, (Effect.TELL_FAILURE, Effect.TELL_UNSENT, Effect.TELL_DISCONNECT, Effect.LEAVE)
)
_DISCARD = (Effect.DISCARD_STREAM,)
_CLOSE_BEFORE_OPEN = Transition(Phase.ENDED, (Effect.CANCEL, Effect.TELL_CLOSED_UNOPENED, Effect.LEAVE))
_VANISH = Transition(Phase.ENDED, (Effect.SILENCE, Effect.CANCEL, Effect.LEAVE))
_VANISH_OPEN = Transition(Phase.ENDED, (Effect.SILENCE, Effect.PASS_ON, Effect.CANCEL, Effect.LEAVE))

_TABLE: dict[Phase, dict[Input, Transition]] = {
    Phase.IDLE: {
        Input.START: Transition(Phase.ATTEMPTING, (Effect.BEGIN_ATTEMPT,)),
        Input.OPENED: Transition(Phase.OPEN, (Effect.ADOPT_STREAM,)),
        Input.CLOSE: Transition(Phase.UNWANTED, (Effect.HOLD_CLOSE,)),
        Input.VANISH: _VANISH,
    },
    Phase.UNWANTED: {
        Input.OPENED: Transition(Phase.CLOSING, (Effect.ADOPT_STREAM,)),
        Input.VANISH: _VANISH,
    },
    Phase.ATTEMPTING: {
        Input.OPENED: Transition(Phase.OPEN, (Effect.ADOPT_STREAM,)),
        Input.FAILED: _GIVE_UP,
        Input.CLOSE: _CLOSE_BEFORE_OPEN,
        Input.VANISH: _VANISH,
    },
    Phase.OPEN: {
        Input.OPENED: Transition(Phase.OPEN, _DISCARD),
        Input.LOST: _GIVE_UP,
        Input.CLOSE: Transition(Phase.CLOSING, (Effect.SEND_CLOSE,)),
        Input.VANISH: _VANISH_OPEN,
    },
    Phase.CLOSING: {
        Input.OPENED: Transition(Phase.CLOSING, _DISCARD),
        Input.LOST: _GIVE_UP,
        Input.VANISH: _VANISH_OPEN,
    },
    Phase.DECIDING: {
        Input.OPENED: Transition(Phase.DECIDING, _DISCARD),
        Input.RETRY: Transition(
            Phase.WAITING,
            (Effect.TELL_FAILURE, Effect.TELL_DISCONNECT, Effect.TELL_RETRY, Effect.BEGIN_PAUSE),
        ),
        Input.GIVE_UP: _GIVE_UP,
        Input.CLOSE: Transition(Phase.ENDED, (Effect.CANCEL, *_GIVE_UP.effects)),
        Input.VANISH: _VANISH,
    },
    Phase.WAITING: {
        Input.OPENED: Transition(Phase.WAITING, _DISCARD),
        Input.DUE: Transition(Phase.ATTEMPTING, (Effect.CANCEL, Effect.BEGIN_ATTEMPT)),
        Input.CLOSE: _CLOSE_BEFORE_OPEN,
        Input.VANISH: _VANISH,
    },
    Phase.ENDED: {
        Input.OPENED: Transition(Phase.ENDED, _DISCARD),
        Input.VANISH: Transition(Phase.ENDED, (Effect.SILENCE,)),
    },
}

# Where the connection may be tried again, its end is a question first.
_TABLE_OF_RETRIES: dict[tuple[Phase, Input], Transition] = {
    (Phase.ATTEMPTING, Input.FAILED): Transition(Phase.DECIDING, (Effect.ASK_RULE,)),
    (Phase.OPEN, Input.LOST): Transition(Phase.DECIDING, (Effect.ASK_RULE,)),
}


def plan(phase: Phase, given: Input, *, retries: bool) -> Transition:
    """Return what follows from an input.

    Args:
        phase: The phase.
        given: The input; one that means nothing in this phase changes nothing.
        retries: Whether there is a rule that may grant another attempt.
    """
    if retries and (phase, given) in _TABLE_OF_RETRIES:
        return _TABLE_OF_RETRIES[phase, given]
    return _TABLE[phase].get(given, Transition(phase))
