"""Python's wake-up descriptor for signals: a signal ends Tk's wait, so its handler runs at once.

Python runs the handler of a signal between two bytecode instructions, and Tk waits without executing any.
So Python is told to write a byte for each signal into a socket that a loop watches (`signal.set_wakeup_fd`).
A process has one such descriptor, and only the main thread may set it.

Knows descriptors and signals; knows nothing of loops. A descriptor that the program or asyncio has set
is left alone; waking Tk is then up to them.
"""

from __future__ import annotations

import signal

_UNSET = -1

# The descriptors that signals may be written to. Any one of them wakes the main thread's wait for events.
_wakeup_fds: list[int] = []


def add_wakeup_fd(fd: int) -> None:
    """Write a byte for each signal into ``fd``, or into another descriptor added here.

    No-op in any thread but the main one, and while the program has a descriptor of its own set; call it again
    once that is gone.

    Args:
        fd: The descriptor of a non-blocking socket. Call `remove_wakeup_fd` before closing it.
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
    """Write no more signals into ``fd``. Idempotent."""
    if fd not in _wakeup_fds:
        return
    _wakeup_fds.remove(fd)
    before = signal.set_wakeup_fd(_wakeup_fds[-1] if _wakeup_fds else _UNSET, warn_on_full_buffer=False)
    if before not in (_UNSET, fd, *_wakeup_fds):
        signal.set_wakeup_fd(before)


def pause() -> None:
    """Write no signals until `resume`: Python handles them when it returns from Tk."""
    before = signal.set_wakeup_fd(_UNSET)
    if before not in (_UNSET, *_wakeup_fds):
        signal.set_wakeup_fd(before)


def resume() -> None:
    """Write signals again, if any descriptor was added."""
    if _wakeup_fds:
        add_wakeup_fd(_wakeup_fds[-1])


def forget_wakeup_fds() -> None:
    """Forget all descriptors, in a forked child: the sockets are the parent's."""
    for fd in tuple(_wakeup_fds):
        remove_wakeup_fd(fd)
