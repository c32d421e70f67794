"""Python's wake-up descriptor for signals: a signal ends Tk's wait, so its handler runs at once.

Python runs a signal's handler between two of its instructions, and Tk waits without executing any.
So the system writes a byte for each signal into a socket that a loop watches. The process has one such
descriptor, and only the main thread may set it.

Knows descriptors and signals; knows nothing of loops. A descriptor that the program or asyncio has set
is left alone: whoever set it sees to it that Tk wakes.
"""

from __future__ import annotations

import signal

_UNSET = -1

# The descriptors that a signal may be written to. Any of them will do: Tk has one wait for each thread.
_wakeup_fds: list[int] = []


def add_wakeup_fd(fd: int) -> None:
    """Have a byte written for each signal into ``fd``, or into another one given here.

    No-op in other threads than the main one, and while a descriptor of the program's own is set: call it
    again to look anew.

    Args:
        fd: A socket that does not block. Call `remove_wakeup_fd` before it is closed.
    """
    try:
        before = signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    except ValueError:  # not the main thread
        return
    if before not in (_UNSET, *_wakeup_fds):
        signal.set_wakeup_fd(before)
    elif fd not in _wakeup_fds:
        _wakeup_fds.append(fd)


def remove_wakeup_fd(fd: int) -> None:
    """End what `add_wakeup_fd` began. Idempotent."""
    if fd not in _wakeup_fds:
        return
    _wakeup_fds.remove(fd)
    before = signal.set_wakeup_fd(_wakeup_fds[-1] if _wakeup_fds else _UNSET, warn_on_full_buffer=False)
    if before not in (_UNSET, fd, *_wakeup_fds):
        signal.set_wakeup_fd(before)


def pause() -> None:
    """Write no signals until `resume`, which Python acts on when it returns from Tk."""
    before = signal.set_wakeup_fd(_UNSET)
    if before not in (_UNSET, *_wakeup_fds):
        signal.set_wakeup_fd(before)


def resume() -> None:
    """Write signals again, if there is a descriptor for them."""
    if _wakeup_fds:
        add_wakeup_fd(_wakeup_fds[-1])


def forget_wakeup_fds() -> None:
    """Write no signals of this process into the sockets of its parent: this is a fork."""
    for fd in tuple(_wakeup_fds):
        remove_wakeup_fd(fd)
