"""Takes the moving picture of two windows under a flood: one of tkws, one with a thread and a queue.

Run: ``python -m tests.docs.flood_picture docs/pictures/flood.gif``, on a screen of its own. Each window is a
process. It shows the newest message, and turns a hand thirty times a second as long as it is alive. The
server sends 20,000 messages a second to each.
"""

from __future__ import annotations

import argparse
import queue
import socket
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

import tkws
from demos.stage.picture import save_picture
from tests.docs.pictures import wait_for

RATE = 20_000  # messages a second
SIZE = 220  # of a window, in pixels
FRAMES, PER_SECOND = 40, 10


def feed(port: int) -> None:
    """Serve the flood."""
    root = tk.Tcl()
    server = tkws.serve(port=port, master=root, compression=False)
    server.live("/", lambda ws, type, message: None)
    start = server.loop.now()
    sent = 0

    def send() -> None:
        nonlocal sent
        due = int((server.loop.now() - start) * RATE)
        for number in range(
            max(sent, due - 2_000), due
        ):  # a busy machine leaves out what it cannot send in time
            server.broadcast(f"price {number}")
        sent = due
        server.loop.call_later(0.01, send)

    send()
    root.mainloop(-1)


class Window:
    """A hand that turns while the window is alive, and the number of the newest message.

    Attributes:
        root: The window.
        show: Shows a message: changes the label.
    """

    def __init__(self, title: str, left: int) -> None:
        self.root = tk.Tk()
        self.root.overrideredirect(True)
        self.root.geometry(f"{SIZE}x{SIZE}+{left}+0")
        tk.Label(self.root, text=title).pack(pady=8)
        self._canvas = tk.Canvas(self.root, width=100, height=100)
        self._canvas.pack()
        self._label = tk.Label(self.root, font=("TkDefaultFont", 14))
        self._label.pack(pady=8)
        self._turn(90)

    def show(self, message: str) -> None:
        self._label["text"] = message

    def _turn(self, angle: int) -> None:
        self._canvas.delete("all")
        self._canvas.create_oval(5, 5, 95, 95)
        self._canvas.create_arc(5, 5, 95, 95, start=angle, extent=40, fill="royal blue", outline="")
        self.root.after(33, self._turn, angle - 12)


def by_tkws(url: str) -> None:
    """Show each message as it comes."""
    window = Window("tkws", 0)

    def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            window.show(message)

    tkws.open(url, on_event, master=window.root)
    window.root.mainloop()


def by_thread(url: str) -> None:
    """Show each message as it comes out of a queue, which a thread fills: the usual recipe."""
    from websockets.sync.client import connect

    window = Window("a thread and a queue", SIZE)
    inbox: queue.Queue[str] = queue.Queue()

    def receive() -> None:
        with connect(url, compression=None) as ws:
            for message in ws:
                inbox.put(str(message))

    def poll() -> None:
        while not inbox.empty():
            window.show(inbox.get())
        window.root.after(50, poll)

    threading.Thread(target=receive, daemon=True).start()
    poll()
    window.root.mainloop()


def grab(picture: Path) -> Image.Image:
    """Return what the screen shows where the windows are."""
    save_picture(picture, (0, 0, 2 * SIZE, SIZE))
    with Image.open(picture) as found:
        return found.convert("RGB")


def take(path: Path) -> None:
    """Start all three, and save what the screen shows for four seconds."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    module = [sys.executable, "-m", "tests.docs.flood_picture"]
    programs = [subprocess.Popen([*module, "--part", "feed", port])]
    wait_for(int(port))
    programs += [subprocess.Popen([*module, "--part", part, port]) for part in ("tkws", "thread")]
    try:
        with TemporaryDirectory() as folder:
            picture = Path(folder, "frame.png")
            while True:
                frame = grab(picture)
                if all(frame.getpixel((x, 5)) != (0, 0, 0) for x in (5, SIZE + 5)):
                    break  # both windows are there
            time.sleep(2)
            frames = []
            for _ in range(FRAMES):
                frames.append(grab(picture).quantize(32))
                time.sleep(1 / PER_SECOND)
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=1000 // PER_SECOND, loop=0)
    finally:
        for program in programs:
            program.kill()
            program.wait()


def main() -> None:
    """Take the picture, or be a part of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=("feed", "tkws", "thread"))
    parser.add_argument("target", help="the file of the picture; of a part, the port")
    options = parser.parse_args()
    if options.part is None:
        take(Path(options.target))
        return
    if options.part == "feed":
        feed(int(options.target))
        return
    url = f"ws://127.0.0.1:{options.target}/"
    part: Callable[[str], None] = by_tkws if options.part == "tkws" else by_thread
    part(url)


if __name__ == "__main__":
    main()
