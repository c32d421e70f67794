"""The demos' shapes, colours and theme."""

from __future__ import annotations

import re
import tkinter as tk
from pathlib import Path
from tkinter import ttk

import pytest

from demos.look import PALETTE, Theme, disc, nick_colour, rounded, theme_of

PAGE = Path(__file__).parents[2] / "demos" / "chat" / "page.html"


@pytest.mark.parametrize(("width", "height"), [(40, 24), (12, 60), (9, 9)])
def test_a_box_is_clear_outside_its_corners_and_full_inside(
    display_root: tk.Tk, width: int, height: int
) -> None:
    box = rounded(display_root, width, height, 6, "#102030", border="#405060")
    assert (box.width(), box.height()) == (width, height)
    for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        assert box.transparency_get(x, y)
    assert box.get(width // 2, height // 2) == (0x10, 0x20, 0x30)
    for x, y in ((width // 2, 0), (0, height // 2), (width - 1, height // 2), (width // 2, height - 1)):
        assert box.get(x, y) == (0x40, 0x50, 0x60)


def test_a_disc_is_round(display_root: tk.Tk) -> None:
    made = disc(display_root, 21, "#ff0000")
    inside = sum(not made.transparency_get(x, y) for x in range(21) for y in range(21))
    assert 0.9 < inside / (3.1416 * 10.5**2) < 1.2


def test_somebody_has_one_colour_however_the_name_is_written() -> None:
    assert nick_colour("Ann") == nick_colour("ANN") == nick_colour("ann")
    assert len({nick_colour(nick) for nick in ("ann", "bob", "cleo", "ada", "kim", "lou", "max")}) > 3


def test_the_page_has_the_colours_of_the_windows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = re.search(r"NICK_COLOURS = \[(.*)\]", page)
    assert listed is not None
    assert {nick_colour(f"{number}") for number in range(500)} == set(re.findall(r"#\w{6}", listed[1]))
    for name in ("surface", "side", "line", "text", "accent", "own", "good", "waiting", "bad"):
        assert f"--{name}: {getattr(PALETTE, name)};" in page


def test_there_is_one_theme_for_each_interpreter(display_root: tk.Tk) -> None:
    theme = theme_of(display_root)
    assert theme_of(ttk.Frame(display_root)) is theme
    assert ttk.Style(display_root).theme_use() == "tkws"
    other = tk.Tk()
    try:
        assert theme_of(other) is not theme
    finally:
        other.destroy()


def test_sizes_follow_the_screen(display_root: tk.Tk) -> None:
    display_root.tk.call("tk", "scaling", 96 / 72)
    at_96_dpi = Theme(display_root).px(10)
    other = tk.Tk()
    try:
        other.tk.call("tk", "scaling", 2.7)
        theme = Theme(other)
        assert (at_96_dpi, theme.px(10), theme.px(0.1)) == (10, 20, 1)
    finally:
        other.destroy()
