"""The pauses that the loops of a thread make together: Tk serves all its interpreters from one queue.

``update()`` returns when nothing is ready in any interpreter. If each loop paused at a time of its own, two
busy ones would keep it running endlessly. Knows time; knows nothing of loops.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from tkws.loop.clock import monotonic

# Seconds of a pause: Tk has been idle just before, and looks once more whether anything is ready. Windows'
# timers tick every 15.6 ms, so a millisecond would not be shorter there, and is too short on a slow machine.
PAUSE = 0.005 if sys.platform == "win32" else 0.001

# Yields of any loop of the thread for each pause.
_YIELDS_PER_PAUSE = 3


class ThreadPause:
    """The pauses of the loops of one thread; `pause_of_thread` returns it.

    Attributes:
        yields: How often a loop has yielded.
        until: When the pause ends, on the monotonic clock; 0 if it is over.
    """

    __slots__ = ("_due_at", "_members", "until", "yields")

    def __init__(self) -> None:
        self.yields: int = 0
        self.until: float = 0.0
        self._due_at = _YIELDS_PER_PAUSE
        self._members: dict[Callable[[], object], None] = {}

    def is_due(self) -> bool:
        """Return whether a loop that yields has to `join`."""
        return self.yields >= self._due_at or self.goes_on()

    def goes_on(self) -> bool:
        """Return whether the loops of the thread pause now."""
        if self.until and monotonic() >= self.until:
            self.until = 0.0
            self._members.clear()
        return self.until > 0

    def join(self, wait: Callable[[], object]) -> None:
        """Begin a pause, or take part in it: it ends `PAUSE` seconds after the last loop has joined.

        Args:
            wait: Makes the loop come back in `PAUSE` seconds. It is called now, and when another one joins:
                to call Python may have taken longer than that, if other threads are busy.
        """
        self._due_at = self.yields + _YIELDS_PER_PAUSE
        if wait in self._members:
            wait()
            return
        self.until = monotonic() + PAUSE
        self._members[wait] = None
        for each in self._members:
            each()

    def leave(self, wait: Callable[[], object]) -> None:
        """Forget a loop that is closed."""
        self._members.pop(wait, None)


_local = threading.local()


def pause_of_thread() -> ThreadPause:
    """Return the pause that the loops of this thread share."""
    try:
        pause: ThreadPause = _local.pause
    except AttributeError:
        pause = _local.pause = ThreadPause()
    return pause
