"""Windows' ``WSAPoll``, which Python does not offer: it takes any number of sockets.

Knows nothing but sockets and that call.
"""

from __future__ import annotations

import ctypes
from typing import Any

from tkws.loop.poller import READABLE, WRITABLE

# Windows' names and values, in winsock2.h.
_POLLERR, _POLLHUP, _POLLNVAL, _POLLWRNORM, _POLLRDNORM, _POLLRDBAND = 1, 2, 4, 0x10, 0x100, 0x200
_WSAENOTSOCK = 10038


class _PollFd(ctypes.Structure):
    """``WSAPOLLFD``."""

    _fields_ = (("fd", ctypes.c_size_t), ("events", ctypes.c_short), ("revents", ctypes.c_short))


class WSAPoll:
    """One call's arguments, prepared for many calls.

    Args:
        masks: The sockets, each with the mask that it is polled for.
    """

    def __init__(self, masks: dict[int, int]) -> None:
        self._library: Any = ctypes.WinDLL("ws2_32", use_last_error=True)  # type: ignore[attr-defined] # on Windows
        self._sockets = list(masks)
        self._array = (_PollFd * len(masks))()
        for entry, (fd, mask) in zip(self._array, masks.items(), strict=True):
            entry.fd = fd
            entry.events = (_POLLRDNORM if mask & READABLE else 0) | (_POLLWRNORM if mask & WRITABLE else 0)
        # All `revents` at once: to ask each structure takes ten times as long.
        shorts = memoryview(self._array).cast("B").cast("h")
        self._answers = shorts[_PollFd.revents.offset // 2 :: ctypes.sizeof(_PollFd) // 2]

    def __call__(self, milliseconds: int | None) -> list[tuple[int, int]]:
        """Return the sockets that are ready, each with its mask.

        Args:
            milliseconds: How long to wait for the first; None for no limit.

        Raises:
            OSError: A socket is closed, or the call failed.
        """
        timeout = -1 if milliseconds is None else milliseconds
        ready = self._library.WSAPoll(self._array, ctypes.c_ulong(len(self._sockets)), timeout)
        if ready < 0:
            error = ctypes.get_last_error()  # type: ignore[attr-defined] # on Windows
            raise OSError(0, "WSAPoll failed", None, error)
        if not ready:
            return []
        answers = zip(self._sockets, self._answers.tolist(), strict=True)
        return [(sock, _mask_of(answer)) for sock, answer in answers if answer]


def _mask_of(answer: int) -> int:
    """Return the mask for an answer; an error and a hang-up concern reader and writer."""
    if answer & _POLLNVAL:
        raise OSError(0, "a socket is closed", None, _WSAENOTSOCK)
    if answer & (_POLLERR | _POLLHUP):
        return READABLE | WRITABLE
    reading = READABLE if answer & (_POLLRDNORM | _POLLRDBAND) else 0
    return reading | (WRITABLE if answer & _POLLWRNORM else 0)
