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
        State.CONNECTING: "wait for its `connect` event",
        State.CLOSING: "nothing can be sent after close(), or after the peer has closed it; "
        "send on the next connection",
        State.CLOSED: "it is over; open another one, or wait until the client does",
    }
)


def not_open(state: State, *, can_be_buffered: bool = False) -> StateError:
    """Return the error of a call that needs an open connection: its state, and what to do.

    Args:
        state: The state.
        can_be_buffered: Whether the option ``offline_buffer`` would keep a message until it is open.
    """
    buffer = ", or set the option offline_buffer" if can_be_buffered and state is State.CONNECTING else ""
    return StateError(f"The connection is {state.name}, not OPEN: {_ADVICE[state]}{buffer}")
