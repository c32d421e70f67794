"""Reports in the loop's thread that a future of another thread is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

from tkws.errors import StateError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tkws.loop.base import Loop


class Relay:
    """A done callback for a future, which calls ``on_done(future)`` from the loop.

    A future keeps its callbacks, and may outlive the interpreter in another thread, where Tk must not be
    freed. So a relay drops its reference to the loop once it has called ``on_done`` or is cancelled.
    """

    def __init__(self, loop: Loop, on_done: Callable[[Future[Any]], object]) -> None:
        self._lock = Lock()
        self._target: tuple[Loop, Callable[[Future[Any]], object]] | None = (loop, on_done)

    def __call__(self, future: Future[Any]) -> None:
        """Schedule ``on_done(future)``, from any thread."""
        with self._lock:
            if self._target is not None:
                with suppress(StateError):  # the loop has closed
                    self._target[0].call_soon_threadsafe(self._pass_on, future)

    def cancel(self, future: Future[Any]) -> None:
        """Cancel the future, without calling ``on_done``."""
        self._release()
        future.cancel()

    def _pass_on(self, future: Future[Any]) -> None:
        target = self._release()
        if target is not None:
            target[1](future)

    def _release(self) -> tuple[Loop, Callable[[Future[Any]], object]] | None:
        with self._lock:
            target, self._target = self._target, None
            return target
