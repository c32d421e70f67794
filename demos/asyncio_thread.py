"""A bridge from a line-based TCP service, which runs asyncio in a thread, to WebSockets.

The asyncio half is a server to which devices send lines of text. Each half calls the other by a function that
may be called from another thread: ``ws.send`` in one direction, ``loop.call_soon_threadsafe`` in the other.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Any

import tkws
from demos.look import MessageFrame
from demos.stage import Scene, make_parser, run

_HINT = (
    "No line has come yet. Play a device, which waits for your answer, or send a line yourself:\n"
    "echo boiler 71.5 | nc 127.0.0.1 {port}"
)


class Devices:
    """The asyncio half: a TCP server for lines of text, in a thread of its own.

    Args:
        on_line: Called in that thread with each line.

    Attributes:
        port: The port, once `start` has returned.
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
        """Start the thread; return when the server is listening."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Stop the thread; may be called in any other thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def send(self, line: str) -> None:
        """Send a line to every device; may be called in any thread."""
        self._loop.call_soon_threadsafe(self._send, line)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = await asyncio.start_server(self._handle_device, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stopped.wait()
            for writer in self._writers:
                writer.close()

    async def _handle_device(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                self._on_line(line.decode(errors="replace").strip())
        except (ConnectionError, ValueError):  # the connection was lost, or a line is too long
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _send(self, line: str) -> None:
        for writer in self._writers:
            writer.write(f"{line}\n".encode())


class BridgeWindow:
    """The Tk half: a WebSocket to a dashboard, which is in the same window here, and all messages.

    Args:
        root: The window.

    Attributes:
        frame: The contents of the window.
        devices: The other half.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.frame = MessageFrame(root, "asyncio in a thread", self._send_to_devices, "Send to devices")
        self._server = tkws.serve(master=root)
        self._server.live("/", self._on_dashboard_event)
        # Lines that arrive before the connection is open wait in the offline buffer.
        self._ws = tkws.open(self._server.url, self._on_client_event, master=root, offline_buffer=65536)
        self.devices = Devices(self._forward)
        self.devices.start()
        addresses = f"Devices connect to 127.0.0.1:{self.devices.port}, dashboards to {self._server.url}"
        self.frame.show_subtitle(addresses)
        self.frame.log.show_hint(_HINT.format(port=self.devices.port))
        button = ttk.Button(self.frame.header, text="Play a device", style="Quiet.TButton")
        button.configure(command=self.play_device)
        button.grid(row=0, column=1, rowspan=2)

    def close(self) -> None:
        """Stop both halves."""
        self.devices.stop()
        self._server.close()

    def play(self, scene: Scene) -> None:
        """Start a device that sends a line, and answer it."""

        def on_answer(answer: str) -> None:
            print("the device received:", answer)
            scene.finish([self._root])

        self.play_device(on_answer)
        self._wait_for_line()

    def play_device(self, on_answer: Callable[[str], object] | None = None) -> None:
        """Start a device that sends a line, waits for an answer, and goes.

        Args:
            on_answer: Called with the answer, in the thread of Tk; None to show it.
        """
        show = on_answer or (lambda answer: self.frame.log.add("device", f"received: {answer}", "note"))

        async def run_device() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.devices.port)
            writer.write(b"boiler 71.5\n")
            answer = (await reader.readline()).decode().strip()
            writer.close()
            if answer and not self._ws.loop.closed:
                self._ws.loop.call_soon_threadsafe(show, answer)

        threading.Thread(target=lambda: asyncio.run(run_device()), daemon=True).start()

    def _wait_for_line(self) -> None:
        if self.frame.log.plain:
            print(*self.frame.log.plain, sep="\n")
            self._send_to_devices("hold 70")
        else:
            self._root.after(50, self._wait_for_line)

    def _forward(self, line: str) -> None:
        """Send a device's line to the dashboard; called in asyncio's thread."""
        try:
            self._ws.send(line)
        except tkws.StateError:  # the window is closing
            pass

    def _on_client_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type in ("error", "timeout"):
            self.frame.log.add("window", f"no connection: {message}", "note")

    def _on_dashboard_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            self.frame.log.add("device", message)

    def _send_to_devices(self, text: str) -> None:
        self.devices.send(text)
        self.frame.log.add("you", text, "own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo with the arguments of a command line; None for those of this process."""
    return run(BridgeWindow, BridgeWindow.play, make_parser("asyncio_thread", __doc__).parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
