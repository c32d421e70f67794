"""asyncio beside Tk: a loop in a thread of its own, for the other ends of connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

# Seconds for anything that a test waits for.
PATIENCE = 15.0


class AsyncioThread:
    """``beside(coroutine)`` runs the coroutine while Tk's loop runs, and returns its result.

    Args:
        pump_until: Runs Tk's loop.
    """

    def __init__(self, pump_until: Callable[..., None]) -> None:
        self._pump_until = pump_until
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="asyncio")
        self._thread.start()

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T:
        future = self.start(coroutine)
        self._pump_until(future.done, PATIENCE)
        return future.result()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begins to run a coroutine."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancels what still runs, and waits for the end of the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()
