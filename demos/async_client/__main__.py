"""``python -m demos.async_client``: a window that logs in by HTTP and shows live data, with ``await``."""

from __future__ import annotations

import asyncio
import sys
import tkinter as tk
from collections.abc import Sequence

from demos.async_client.scene import play
from demos.async_client.service import PASSWORD, USER, Service
from demos.async_client.window import AsyncClientWindow
from demos.stage import Scene, make_parser, run
from tkws import aio


class AsyncClient:
    """The whole program: it ends with the window, which cancels its coroutines.

    Args:
        root: The window.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._window: asyncio.Future[AsyncClientWindow] = aio.loop(root).create_future()
        self._program = aio.spawn(self._run(), root)

    def play(self, scene: Scene) -> None:
        """Play the scene when the service runs."""
        aio.spawn(self._play(scene), self._root)

    def close(self) -> None:
        """Stop everything."""
        self._program.cancel()

    async def _run(self) -> None:
        service = Service()
        async with service.running():
            self._window.set_result(AsyncClientWindow(self._root, service.url))
            print(f"Log in as {USER} with the password {PASSWORD!r}", flush=True)
            await aio.closed(self._root)

    async def _play(self, scene: Scene) -> None:
        await play(await self._window, scene)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo with the arguments of a command line; None for those of this process."""
    parser = make_parser("async_client", "A window that logs in by HTTP and shows live data.")
    return run(AsyncClient, AsyncClient.play, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
