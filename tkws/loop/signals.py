"""Python's wake-up descriptor for signals: a signal ends Tk's wait, so its handler runs at once.

Python runs the handler of a signal between two bytecode instructions, and Tk waits without executing any.
So Python is set to write a byte for each signal into a socket that a loop watches (`signal.set_wakeup_fd`).
A process has one such descriptor, and only the main thread may set it.

Knows descriptors and signals; knows nothing of loops. A descriptor that the program or asyncio has set
is left alone, and gets the bytes: `add_wakeup_fd` then returns that signals do not wake the loop.
"""

from __future__ import annotations

import signal

_UNSET = -1

# The descriptors that signals may be written to. Any one of them wakes the main thread's wait for events.
_wakeup_fds: list[int] = []

# Descriptors that asyncio has set, and whose other end a loop watches: these wake it, too.
_watched_fds: list[int] = []


def add_wakeup_fd(fd: int) -> bool:
    """Write a byte for each signal into ``fd``, or into another descriptor added here.

    While the program has a descriptor of its own set, that gets the bytes; call this again once that is gone.

    Args:
        fd: The descriptor of a non-blocking socket. Call `remove_wakeup_fd` before closing it.

    Returns:
        Whether signals wake the main thread's wait for events; in any other thread True.
    """
    try:
        before = signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    except ValueError:  # not the main thread
        return True
    if fd not in _wakeup_fds:
        _wakeup_fds.append(fd)
    return before in (_UNSET, *_wakeup_fds) or not _restore(before) or before in _watched_fds


def remove_wakeup_fd(fd: int) -> None:
    """Write no more signals into ``fd``. Idempotent."""
    if fd not in _wakeup_fds:
        return
    _wakeup_fds.remove(fd)
    _replace(_wakeup_fds[-1] if _wakeup_fds else _UNSET, (_UNSET, fd, *_wakeup_fds))


def add_watched_fd(fd: int) -> None:
    """Note that the descriptor that asyncio has set is watched by a loop."""
    if fd not in _watched_fds:
        _watched_fds.append(fd)


def remove_watched_fd(fd: int) -> None:
    """Undo `add_watched_fd`. Idempotent."""
    if fd in _watched_fds:
        _watched_fds.remove(fd)


def pause() -> None:
    """Write no signals until `resume`: Python handles them when it returns from Tk."""
    _replace(_UNSET, (_UNSET, *_wakeup_fds))


def resume() -> None:
    """Write signals again, if any descriptor was added."""
    if _wakeup_fds:
        add_wakeup_fd(_wakeup_fds[-1])


def forget_wakeup_fds() -> None:
    """Forget all descriptors, in a forked child: the sockets are the parent's."""
    of_parent = (_UNSET, *_wakeup_fds, *_watched_fds)
    _wakeup_fds.clear()
    _watched_fds.clear()
    _replace(_UNSET, of_parent)


def _replace(fd: int, ours: tuple[int, ...]) -> None:
    """Set a descriptor if the present one is one of ``ours``."""
    before = signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    if before not in ours:
        _restore(before)


def _restore(fd: int) -> bool:
    """Set the program's descriptor again; return False if it has closed that in the meantime."""
    try:
        signal.set_wakeup_fd(fd)
    except (OSError, ValueError):
        return False
    return True
