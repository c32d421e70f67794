"""A console in a window of its own, and a server for it to talk to."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from tkws.console.settings import Settings
from tkws.console.target import NO_PROXY, Target
from tkws.console.window import Console

PumpUntil = Callable[..., None]


class Echo:
    """A server that sends back what it gets, and does as some words say.

    Attributes:
        url: Where it is.
        heard: What it got.
    """

    def __init__(self, root: tk.Misc) -> None:
        self.heard: list[Any] = []
        self.server = tkws.serve(master=root, handler=self.on_event)
        self.url = self.server.url

    def on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type in ("text", "binary") and ws.state is tkws.State.OPEN:
            self.heard.append(message)
            if message == "close":
                ws.close(4001, "as you like")
            elif message == "drop":
                assert ws._session.driver is not None
                ws._session.driver.stream.abort()
            else:
                ws.send(message)


@pytest.fixture
def console(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[Console]:
    """A console that is not connected."""
    made = Console(display_root, Settings(), None)
    display_root.update()
    yield made
    if made.winfo_exists():
        made.session.disconnect()
        pump_until(lambda: made.session.state is tkws.State.CLOSED)
        made.destroy()


@pytest.fixture
def echo(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[Echo]:
    """A server in the same process."""
    made = Echo(display_root)
    yield made
    made.server.close()
    pump_until(lambda: not made.server.connections)


@pytest.fixture
def connected(console: Console, echo: Echo, pump_until: PumpUntil) -> Console:
    """A console that is connected to `echo`."""
    console.connect_to(Target(url=echo.url, proxy=NO_PROXY, protocols=("a", "b"), ping_interval=0))
    pump_until(lambda: console.session.is_open)
    return console


@pytest.fixture
def scale(display_root: tk.Tk) -> Iterator[Callable[[float], None]]:
    """``scale(dpi)`` sets the resolution of the screen, which all windows of the process share."""
    before = display_root.tk.call("tk", "scaling")
    yield lambda dpi: display_root.tk.call("tk", "scaling", dpi / 72)
    display_root.tk.call("tk", "scaling", before)
