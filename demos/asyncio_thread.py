"""A program whose other half is asyncio, in a thread: a bridge from a line-based TCP service to WebSockets.

asyncio keeps what it has, here a server that devices send lines of text to. Each half calls the
other by the one function that may be called from another thread: ``ws.send`` this way,
``loop.call_soon_threadsafe`` that way.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

import tkws
from demos.look import Talk
from demos.stage import Scene, parser_of, run


class Devices:
    """The asyncio half: a TCP server for lines of text, in a thread of its own.

    Args:
        on_line: Called in that thread with each line.

    Attributes:
        port: Where it listens, once `start` has returned.
    """

    def __init__(self, on_line: Callable[[str], object]) -> None:
        self.port = 0
        self._on_line = on_line
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="asyncio", daemon=True
        )

    def start(self) -> None:
        """Listen; returns when it does."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End the thread; called in any other."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def send(self, line: str) -> None:
        """Send a line to every device; called in any thread."""
        self._loop.call_soon_threadsafe(self._send, line)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stopped.wait()
            for writer in self._writers:
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                self._on_line(line.decode(errors="replace").strip())
        except (ConnectionError, ValueError):  # a device that broke, or a line without an end
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _send(self, line: str) -> None:
        for writer in self._writers:
            writer.write(f"{line}\n".encode())


class BridgeWindow:
    """The Tk half: a WebSocket to a dashboard, here in the same window, and what goes over the bridge.

    Args:
        root: What it fills.

    Attributes:
        talk: What is in the window.
        devices: The other half.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.talk = Talk(root, "asyncio in a thread", self._say, "Send to devices")
        self._server = tkws.serve(master=root)
        self._server.live("/", self._on_dashboard)
        # What devices say before the connection is open waits in the offline buffer.
        self._ws = tkws.open(self._server.url, self._on_own, master=root, offline_buffer=65536)
        self.devices = Devices(self._pass_on)
        self.devices.start()
        addresses = f"Devices connect to 127.0.0.1:{self.devices.port}, dashboards to {self._server.url}"
        self.talk.say_below(addresses)

    def close(self) -> None:
        """Stop both halves."""
        self.devices.stop()
        self._server.close()

    def play(self, scene: Scene) -> None:
        """Let a device send a line, and answer it."""

        async def be_a_device() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.devices.port)
            writer.write(b"boiler 71.5\n")
            print("the device heard:", (await reader.readline()).decode().strip())
            writer.close()
            self._ws.loop.call_soon_threadsafe(scene.finish, [self._root])

        threading.Thread(target=lambda: asyncio.run(be_a_device()), daemon=True).start()
        self._wait_for_line()

    def _wait_for_line(self) -> None:
        if self.talk.lines.plain:
            print(*self.talk.lines.plain, sep="\n")
            self._say("hold 70")
        else:
            self._root.after(50, self._wait_for_line)

    def _pass_on(self, line: str) -> None:
        """Send a device's line to the dashboard; in the thread of asyncio."""
        try:
            self._ws.send(line)
        except tkws.StateError:  # the window is closing
            pass

    def _on_own(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type in ("error", "timeout"):
            self.talk.lines.add("window", f"no connection: {message}", "note")

    def _on_dashboard(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            self.talk.lines.add("device", message)

    def _say(self, text: str) -> None:
        self.devices.send(text)
        self.talk.lines.add("you", text, "own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; ``arguments`` are the command line's, None for this process's own."""
    return run(BridgeWindow, BridgeWindow.play, parser_of("asyncio_thread", __doc__).parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
