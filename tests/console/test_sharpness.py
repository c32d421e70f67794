"""Windows that are drawn in the screen's own pixels."""

from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import pytest

from tests.loop.child import run_child
from tkws.console.look.sharpness import use_screen_pixels


@pytest.mark.parametrize("fault", [None, OSError("access denied"), AttributeError("no such function")])
def test_windows_is_asked_for_the_pixels_of_the_screen(monkeypatch, fault) -> None:
    asked: list[object] = []

    def decide(awareness: int) -> None:
        asked.append(awareness)
        if fault is not None:
            raise fault

    def library(name: str) -> SimpleNamespace:
        asked.append(name)
        return SimpleNamespace(SetProcessDpiAwareness=decide)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "OleDLL", library, raising=False)
    use_screen_pixels()
    assert asked == ["shcore", 1]


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_other_systems_are_not_asked(monkeypatch, platform) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    asked: list[str] = []
    monkeypatch.setattr(ctypes, "OleDLL", asked.append, raising=False)
    use_screen_pixels()
    assert asked == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has this setting")
def test_a_window_has_them() -> None:
    ended = run_child("""
        import ctypes, tkinter
        from tkws.console.look.sharpness import use_screen_pixels
        use_screen_pixels()
        use_screen_pixels()
        root = tkinter.Tk()
        found = ctypes.c_int()
        ctypes.OleDLL("shcore").GetProcessDpiAwareness(None, ctypes.byref(found))
        scale = root.winfo_fpixels("1i") / ctypes.WinDLL("user32").GetDpiForSystem()
        print(found.value > 0, 0.99 < scale < 1.01)
        """)
    assert (ended.stdout, ended.stderr) == ("True True\n", "")
