"""Python's wake-up descriptor for signals: a signal ends Tk's wait, so its handler runs at once.

Python runs a signal's handler between two of its instructions, and Tk waits without executing any.
So the system writes a byte for each signal into a socket that a loop watches. The process has one such
descriptor, and only the main thread may set it.

Knows descriptors and signals; knows nothing of loops. A descriptor that the program or asyncio has set
is left alone: whoever set it sees to it that Tk wakes.
"""

from __future__ import annotations

import signal

_NONE = -1

# The descriptors that a signal may be written to. Any of them will do: Tk has one wait for each thread.
_writers: list[int] = []


def wake_on_signal(writer: int) -> None:
    """Have a byte written for each signal into ``writer``, or into another one given here.

    No-op in other threads than the main one, and while a descriptor of the program's own is set: call it
    again to look anew.

    Args:
        writer: A socket that does not block. Call `ignore_signals` before it is closed.
    """
    try:
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    except ValueError:  # not the main thread
        return
    if before not in (_NONE, *_writers):
        signal.set_wakeup_fd(before)
    elif writer not in _writers:
        _writers.append(writer)


def ignore_signals(writer: int) -> None:
    """End what `wake_on_signal` began. Idempotent."""
    if writer not in _writers:
        return
    _writers.remove(writer)
    before = signal.set_wakeup_fd(_writers[-1] if _writers else _NONE, warn_on_full_buffer=False)
    if before not in (_NONE, writer, *_writers):
        signal.set_wakeup_fd(before)


def pause() -> None:
    """Write no signals until `resume`, which Python acts on when it returns from Tk."""
    before = signal.set_wakeup_fd(_NONE)
    if before not in (_NONE, *_writers):
        signal.set_wakeup_fd(before)


def resume() -> None:
    """Write signals again, if there is a writer."""
    if _writers:
        wake_on_signal(_writers[-1])


def leave_signals_to_parent() -> None:
    """Write no signals of this process into the sockets of its parent: this is a fork."""
    for writer in tuple(_writers):
        ignore_signals(writer)
