"""The state of a connection, and the error for calls that need an open one."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType

from tkws.errors import StateError


class State(IntEnum):
    """The state of a connection, as in the WebSocket API of browsers.

    An engine begins OPEN; before that, its owner is CONNECTING. `tkws.connection.lifecycle.Phase` has the
    phases of a client that reconnects.
    """

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


_ADVICE = MappingProxyType(
    {
        State.CONNECTING: "wait for its `connect` event, or set the option offline_buffer",
        State.CLOSING: "nothing can be sent after close(), or after the peer has closed it",
        State.CLOSED: "it is over; open another one",
    }
)


def not_open(state: State) -> StateError:
    """Return the error of a call that needs an open connection: its state, and what to do."""
    return StateError(f"The connection is {state.name}, not OPEN: {_ADVICE[state]}")
