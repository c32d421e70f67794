"""asyncio in a Tk program: coroutines on Tk's own event loop, without threads and without polling.

`loop` gives the asyncio event loop of an interpreter. It runs whenever Tk's loop does. `spawn` starts a
coroutine from a callback of Tk's, `command` makes one the command of a button, `run` is a whole program.
`event`, `variable`, `closed` and `idle` wait for what happens in Tk. `connect` and `serve` give WebSockets
that can be awaited. With `tkws.aio` imported, any handler of tkws can be an ``async def``.
"""

from tkws.aio.client import connect, stream
from tkws.aio.commands import Command, command
from tkws.aio.guest import GuestLoop, loop
from tkws.aio.handlers import handler
from tkws.aio.happenings import closed, event, idle, variable
from tkws.aio.running import run
from tkws.aio.server import Server, ServerConnection, serve
from tkws.aio.tasks import spawn
from tkws.aio.websocket import Connection, ConnectionClosedError, ConnectionClosedOK
from tkws.errors import ConnectionClosed

__all__ = [
    "Command", "Connection", "ConnectionClosed", "ConnectionClosedError", "ConnectionClosedOK", "GuestLoop",
    "Server", "ServerConnection", "closed", "command", "connect", "event", "handler", "idle", "loop", "run",
    "serve", "spawn", "stream", "variable",
]  # fmt: skip
