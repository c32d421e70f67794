"""A person at the console: xdotool types and clicks, as hands do, through all that one does with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.conftest import Echo

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 20.0

PumpUntil = Callable[..., None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("xdotool") is None, reason="no xdotool"),
]


class Hands:
    """Somebody's hands at a console in a process of its own.

    Args:
        folder: Where its settings go.
        theme: How it looks.
        pump_until: Runs the loop, in which the server lives.
    """

    def __init__(self, folder: Path, theme: str, pump_until: PumpUntil) -> None:
        self._pump_until = pump_until
        self.process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-m", "tkws", "--theme", theme],
            cwd=REPOSITORY,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
            stderr=subprocess.PIPE,
        )
        self.window = ""
        pump_until(self._find, timeout=PATIENCE)

    def _find(self) -> bool:
        found = self._do("search", "--onlyvisible", "--name", "tkws console")
        self.window = found.split()[0] if found else ""
        return bool(self.window) and self._size()[0] > 1000  # it is laid out

    def _size(self) -> tuple[int, int]:
        lines = self._do("getwindowgeometry", "--shell", self.window).splitlines()
        size = dict(line.split("=") for line in lines)
        return int(size["WIDTH"]), int(size["HEIGHT"])

    def _do(self, *arguments: str) -> str:
        result = subprocess.run(
            ["xdotool", *arguments], check=False, capture_output=True, encoding="utf-8", timeout=PATIENCE
        )
        return result.stdout.strip()

    def press(self, *keys: str) -> None:
        self._do("windowfocus", self.window, "key", "--clearmodifiers", "--delay", "20", *keys)

    def type(self, text: str) -> None:
        self._do("windowfocus", self.window, "type", "--delay", "10", text)

    def click(self, x: int, y: int) -> None:
        """Click at a place of the window; negative numbers count from the right and from below."""
        across, down = self._size()
        place = str(x if x >= 0 else across + x), str(y if y >= 0 else down + y)
        self._do("mousemove", "--window", self.window, *place, "click", "1")

    @property
    def title(self) -> str:
        return self._do("getwindowname", self.window)

    def dialog(self, title: str) -> None:
        """Wait for a dialog."""
        self._pump_until(lambda: self._do("search", "--onlyvisible", "--name", title), timeout=PATIENCE)
        wanted = self._do("search", "--onlyvisible", "--name", title).split()[0]
        self._do("windowfocus", "--sync", wanted)

    def answer(self, title: str, path: Path) -> None:
        """Type a path into a dialog that asks for one."""
        self.dialog(title)
        window = self._do("search", "--onlyvisible", "--name", title).split()[0]
        self._do("windowfocus", window, "key", "--clearmodifiers", "ctrl+slash")  # Tk: all of it
        self._do("windowfocus", window, "type", "--delay", "5", str(path))
        self._do("windowfocus", window, "key", "Return")

    def clear(self) -> tuple[int, bytes]:
        if self.process.poll() is None:
            self.process.kill()
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


@pytest.fixture(params=["light", "dark"])
def hands(
    request: pytest.FixtureRequest, display_root: tk.Tk, tmp_path: Path, pump_until: PumpUntil
) -> Iterator[Hands]:
    display_root.withdraw()
    made = Hands(tmp_path, request.param, pump_until)
    yield made
    made.clear()


def pause(pump_until: PumpUntil, seconds: float = 0.4) -> None:
    """As long as a person takes to look; for what the console does without a sign from outside."""
    end = time.monotonic() + seconds
    pump_until(lambda: time.monotonic() > end)


def texts(path: Path) -> list[tuple[str, Any]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row["direction"], row.get("text")) for row in rows if row["type"] == "text"]


def test_a_person_connects_sends_filters_saves_replays_and_disconnects(
    hands: Hands, echo: Echo, pump_until: PumpUntil, tmp_path: Path
) -> None:
    def within(condition: Callable[[], object]) -> None:
        pump_until(condition, timeout=PATIENCE)

    pause(pump_until)  # a window that has just come takes no keys yet
    hands.press("ctrl+l")  # to the address
    hands.type(echo.url)
    hands.press("Return")
    within(lambda: echo.server.connections)
    within(lambda: hands.title == f"{echo.url} - tkws console")

    hands.press("ctrl+e")  # into the box
    hands.type("an apple")
    hands.press("Return")
    within(lambda: echo.heard == ["an apple"])
    hands.click(300, -60)  # into the box by the mouse
    hands.type("a pear")
    hands.press("Return")
    within(lambda: echo.heard == ["an apple", "a pear"])

    hands.press("ctrl+f")
    hands.type("apple")
    pause(pump_until)
    hands.press("ctrl+shift+s")
    hands.answer("Save what is shown", tmp_path / "shown.jsonl")
    within((tmp_path / "shown.jsonl").exists)
    assert texts(tmp_path / "shown.jsonl") == [("out", "an apple"), ("in", "an apple")]

    hands.press("ctrl+shift+f", "ctrl+s")
    hands.answer("Save the conversation", tmp_path / "all.jsonl")
    within((tmp_path / "all.jsonl").exists)
    assert len(texts(tmp_path / "all.jsonl")) == 4

    echo.heard.clear()
    hands.press("ctrl+shift+r")
    hands.answer("Replay a conversation", tmp_path / "all.jsonl")
    within(lambda: echo.heard == ["an apple", "a pear"])

    hands.press("ctrl+m", "Up", "Up", "Up", "Up", "Up", "Home", "Down", "Down")  # the first message sent
    hands.press("Return", "Return")  # into the box, and off
    within(lambda: len(echo.heard) == 3)
    assert echo.heard[2] == "an apple"

    hands.press("F6")
    within(lambda: not echo.server.connections)
    within(lambda: hands.title == "tkws console")
    hands.press("F5")  # and once more
    within(lambda: len(echo.server.connections) == 1)
    hands.press("ctrl+q")
    within(lambda: hands.process.poll() is not None)
    status, errors = hands.clear()
    assert (status, errors) == (0, b"")
    within(lambda: not echo.server.connections)
    assert json.loads((tmp_path / "tkws" / "console.json").read_text(encoding="utf-8"))["addresses"] == [
        echo.url
    ]
