"""How a coroutine of a test waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Wait in turns of the loop, as `pump_until` does without one."""
    while not condition():  # noqa: ASYNC110 - the condition is about what has no event
        await asyncio.sleep(0)
