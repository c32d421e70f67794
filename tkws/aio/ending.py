"""The end of an event loop's tasks, asynchronous generators and threads. Knows asyncio, not Tk."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import Any

from tkws.aio.turns import take_executor

# Rounds that tasks get to end by themselves: what they wait for may have come with the end, as
# `closed(window)` does.
ROUNDS = 3


def cancel_unbegun(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks that have not begun, so they never do: what they would work with has gone."""
    for task in asyncio.all_tasks(loop):
        coroutine = task.get_coro()
        if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            task.cancel()


async def end_tasks(loop: Any, grace: float) -> None:
    """Cancel the tasks of ``loop`` and run them to their end; then end its generators and its executor.

    Tasks that do not end in time are reported to the loop's exception handler and left behind.

    Args:
        loop: The running loop.
        grace: Seconds that all of it may take.
    """
    deadline = loop.time() + grace
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
    left = await _cancel_all(loop, deadline)
    for task in left:
        message = f"the task {task.get_name()} has not ended {grace} s after the window"
        loop.call_exception_handler({"message": message, "task": task})
    if not left:
        await _within(loop, deadline, loop.shutdown_asyncgens(), "an asynchronous generator")
    await _within(loop, deadline, _join_executor(loop), "a thread of the default executor")
    await asyncio.sleep(0)  # what these have queued


async def _cancel_all(loop: Any, deadline: float) -> set[asyncio.Task[Any]]:
    """Cancel every task but this one, and return those that have not ended by ``deadline``.

    A task that another one begins while it ends may be needed for that, so it is cancelled afterwards only.
    """
    left: set[asyncio.Task[Any]] = set()
    while not left and (tasks := asyncio.all_tasks(loop) - {asyncio.current_task()}):
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=max(0.0, deadline - loop.time()))
    return left


async def _within(loop: Any, deadline: float, coroutine: Any, what: str) -> None:
    try:
        async with asyncio.timeout_at(max(deadline, loop.time() + 0.1)):
            await coroutine
    except TimeoutError:
        loop.call_exception_handler({"message": f"{what} has not ended in time after the window"})


async def _join_executor(loop: Any) -> None:
    executor = take_executor(loop)
    if executor is None:
        return
    joined = asyncio.Event()

    def join() -> None:
        executor.shutdown(wait=True)
        try:
            loop.call_soon_threadsafe(joined.set)
        except RuntimeError:  # it took so long that the loop is closed
            pass

    try:
        threading.Thread(target=join, name="tkws executor shutdown", daemon=True).start()
    except RuntimeError:  # Python is about to exit, and has joined the threads itself
        executor.shutdown(wait=False)
        return
    await joined.wait()
