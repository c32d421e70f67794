"""The exit status of ``python -m tkws``, for scripts."""

from __future__ import annotations

import signal
from enum import IntEnum

import tkws
from tkws.console.client.session import Session

_CLEAN = (tkws.CloseCode.NORMAL_CLOSURE, tkws.CloseCode.GOING_AWAY, tkws.CloseCode.NO_STATUS_RECEIVED)


class Status(IntEnum):
    """How the program ended."""

    CLEAN = 0
    """The connection was closed normally by either side, the window was closed, or the server was stopped."""
    FAILED = 1
    """The connection could not be opened, or the server could not listen on its address."""
    USAGE = 2
    """The command line is invalid, or names a file that cannot be read."""
    ABNORMAL = 3
    """The connection was lost, or was closed with a code other than 1000, 1001 or none."""
    UNMET = 4
    """Not all messages came that were expected."""
    HUNG_UP = 129
    """The terminal was closed."""
    INTERRUPTED = 130
    """Ctrl-C was pressed."""
    TERMINATED = 143
    """The program was asked to end (SIGTERM)."""


def status_of_signal(number: int) -> Status:
    """Return the exit status of a window that a signal has closed, as a shell has it; 0 for no signal."""
    if not number:
        return Status.CLEAN
    if number == signal.SIGINT:
        return Status.INTERRUPTED
    return Status.TERMINATED if number == signal.SIGTERM else Status.HUNG_UP


def status_of(session: Session) -> Status:
    """Return the exit status for a session that has ended."""
    if not session.opened:
        return Status.FAILED
    code = session.ws.close_code if session.ws is not None else None
    return Status.CLEAN if code in _CLEAN else Status.ABNORMAL
