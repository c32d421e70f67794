"""The end of a server in order: connections get a time to close, and the program hears when all are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tkws.loop import Loop


class Shutdown:
    """One call of `Server.shutdown`.

    Args:
        loop: The loop of the server.
        timeout: Seconds after which ``drop`` is called.
        drop: Drops the connections that are left.
        on_empty: The program's callable; None for none.
    """

    __slots__ = ("_loop", "_on_empty", "_timer")

    def __init__(
        self, loop: Loop, timeout: float, drop: Callable[[], object], on_empty: Callable[[], object] | None
    ) -> None:
        self._loop = loop
        self._on_empty = on_empty
        self._timer = loop.call_on_timeout(timeout, drop)

    def finish(self) -> None:
        """Tell the program, from the loop, that no connection is left."""
        self._timer.cancel()
        if self._on_empty is not None and not self._loop.closed:
            self._loop.call_soon(self._on_empty)
