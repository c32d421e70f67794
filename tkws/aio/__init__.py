"""asyncio in a Tk program: coroutines on Tk's own event loop, without threads and without polling.

`loop` gives the asyncio event loop of an interpreter. It runs whenever Tk's loop does.
"""

from tkws.aio.guest import GuestLoop, loop

__all__ = ["GuestLoop", "loop"]
