"""A console in a window of its own, and a server for it to talk to."""

from __future__ import annotations

import shutil
import subprocess
import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from tests.console import programs
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.look.form import Form
from tkws.console.memory.settings import Settings
from tkws.console.window.window import Console

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
        display_root.update()  # so many widgets leave hundreds of events


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
    pump_until(lambda: console.session.opened)
    return console


def form_of(console: Console) -> Form:
    """The form that is open in a console's window."""
    [form] = [child for child in console.root.winfo_children() if isinstance(child, Form)]
    return form


def is_over(console: Console) -> bool:
    """Whether the console was told that its connection has ended, after which nothing comes."""
    return console.session.over


class Hands:
    """Somebody's hands: real keys and a real pointer, by xdotool, in a window of this process.

    Args:
        root: The window.
        pump_until: Runs the loop.
    """

    def __init__(self, root: tk.Tk, pump_until: PumpUntil) -> None:
        self._root = root
        self._pump_until = pump_until
        self._seen = 0
        root.bind_all("<F12>", self._saw)  # pressed last, so that what was done before has arrived

    def _saw(self, _event: tk.Event[tk.Misc]) -> None:
        self._seen += 1

    def _do(self, *arguments: str) -> None:
        wanted = self._seen + 1
        with subprocess.Popen(["xdotool", *arguments, "key", "F12"]) as process:
            self._pump_until(lambda: self._seen >= wanted and process.poll() is not None)
        assert process.returncode == 0

    def press(self, *keys: str) -> None:
        """Press some keys, one after another."""
        self._do("key", "--delay", "2", *keys)

    def press_until(self, condition: Callable[[], bool], *keys: str) -> None:
        """Press some keys that close a window, with which a key pressed last would be lost, and wait."""
        with subprocess.Popen(["xdotool", "key", *keys]) as process:
            self._pump_until(lambda: condition() and process.poll() is not None)

    def type(self, text: str) -> None:
        """Type a text."""
        self._do("type", "--delay", "2", "--args", "1", text)

    def click(self, widget: tk.Misc, x: int = 8, y: int = 8, *, button: int = 1, keys: str = "") -> None:
        """Click on a widget, and press some keys then; buttons 4 and 5 are the wheel."""
        self._root.update()
        place = str(widget.winfo_rootx() + x), str(widget.winfo_rooty() + y)
        pressed = ["key", "--delay", "5", *keys.split()] if keys else []
        self._do("mousemove", *place, "click", str(button), *pressed)

    def fill(self, form: Form, text: str) -> None:
        """Type into the field of a form that has just opened, and press Return."""
        self._pump_until(form.winfo_viewable)
        self.go_to(form.widgets[0])
        self.type(text)
        with subprocess.Popen(["xdotool", "key", "Return"]) as process:
            self._pump_until(lambda: not form.winfo_exists() and process.poll() is not None)

    def go_to(self, widget: tk.Misc) -> None:
        """Give a widget the focus."""
        widget.focus_force()
        self._pump_until(lambda: self._root.focus_get() is widget)


@pytest.fixture
def hands(console: Console, pump_until: PumpUntil) -> Hands:
    """The hands of a person at `console`, or at `connected`."""
    if shutil.which("xdotool") is None:
        pytest.skip("no xdotool")
    assert isinstance(console.root, tk.Tk)
    made = Hands(console.root, pump_until)
    made.go_to(console.address.entry)
    return made


@pytest.fixture
def scale(display_root: tk.Tk) -> Iterator[Callable[[float], None]]:
    """``scale(dpi)`` sets the resolution of the screen, which all windows of the process share."""
    before = display_root.tk.call("tk", "scaling")
    yield lambda dpi: display_root.tk.call("tk", "scaling", dpi / 72)
    display_root.tk.call("tk", "scaling", before)


@pytest.fixture
def start() -> Iterator[programs.Start]:
    """``start(*arguments)``: ``python -m tkws`` in a process of its own, which the test's end ends."""
    started: list[programs.Running] = []

    def start(*arguments: str, **options: Any) -> programs.Running:
        started.append(programs.Running(*arguments, **options))
        return started[-1]

    yield start
    for program in started:
        program.clear()


@pytest.fixture
def echoes(root: tk.Misc) -> tkws.HTTPServer:
    """A server for programs, which sends back what it gets."""
    return tkws.serve(master=root, handler=programs.echo)
