"""Takes the pictures of pages whose programs have windows, from the programs as they stand there.

Run: ``python -m tests.docs.pictures docs/pictures``, on a screen of its own. The programs use the port 8765.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from demos.stage import save_picture
from tests.docs.blocks import Program, programs

DOCS = Path(__file__).parents[2] / "docs"

Names = dict[str, Any]


def program(page: str, mark: str) -> Program:
    """Return the first program of a page that has ``mark`` in it."""
    return next(found for found in programs(DOCS / page) if mark in found.text)


def start(found: Program) -> Names:
    """Run a program up to its ``mainloop``, which is left out, and return its names."""
    names: Names = {"__name__": "__main__"}
    with mock.patch.object(tk.Misc, "mainloop"):
        exec(compile(found.text, str(found.page), "exec"), names)
    return names


def take(path: Path, windows: list[Names], act: Callable[[], object], seconds: float) -> None:
    """Put windows side by side, let somebody act, save the picture after some seconds, and close all."""
    roots = [names["root"] for names in windows]
    wall = tk.Toplevel(roots[0], background="white")
    wall.overrideredirect(True)
    wall.geometry(f"{wall.winfo_screenwidth()}x{wall.winfo_screenheight()}+0+0")
    wall.lower()
    left = 0
    for root in roots:
        root.update()
        root.geometry(f"+{left}+0")
        left += root.winfo_width() + 16

    def save() -> None:
        bottom = max(root.winfo_rooty() + root.winfo_height() for root in roots)
        save_picture(path, (0, 0, left - 16, bottom))
        roots[0].quit()

    roots[0].after(500, act)
    roots[0].after(round(1000 * seconds), save)
    roots[0].mainloop()
    for root in roots:
        root.destroy()


def wait_for(port: int) -> None:
    """Return when something listens at a port of this machine, within 10 s."""
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def tutorial(path: Path) -> None:
    """The host of the board, and a window beside it."""
    host = start(program("tutorial.md", "Board (host)"))
    guest = start(program("tutorial.md", 'text="Connect"'))

    def act() -> None:
        for names, text in (
            (guest, "good morning"),
            (host, "hello, board"),
            (guest, "is anybody else here?"),
        ):
            names["entry"].insert(0, text)
            names["say"](None)
            host["root"].update()

    take(path, [host, guest], act, 2.0)


@contextlib.contextmanager
def serving(found: Program) -> Iterator[None]:
    """Run a program that is a server in a process of its own."""
    with subprocess.Popen([sys.executable, "-c", found.text]) as process:
        try:
            wait_for(8765)
            yield
        finally:
            process.terminate()


def live_data(path: Path) -> None:
    """The table and the plot, fed by a process of its own."""
    with serving(program("howto/live-data.md", "itertools")):
        table = start(program("howto/live-data.md", "Treeview"))
        plot = start(program("howto/live-data.md", "Canvas"))
        take(path, [table, plot], lambda: None, 8.0)


def login(path: Path) -> None:
    """The login, after a wrong password."""
    with serving(program("cookbook.md", "@server.live(")):
        window = start(program("cookbook.md", "def log_in"))

        def act() -> None:
            window["name"].insert(0, "ada")
            window["password"].insert(0, "lovelace")
            window["log_in"]()

        take(path, [window], act, 2.0)


def banner(path: Path) -> None:
    """The banner of a client that nobody answers."""
    take(path, [start(program("cookbook.md", "def count_down"))], lambda: None, 3.0)


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    tutorial(folder / "tutorial.png")
    live_data(folder / "live-data.png")
    login(folder / "login.png")
    banner(folder / "banner.png")


if __name__ == "__main__":
    main()
