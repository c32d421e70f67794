"""The shapes, colours and theme of the windows."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, ttk

import pytest

from tkws.console.look import DARK, LIGHT, Theme, disc, rounded, theme_of


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


def test_there_is_one_theme_for_each_interpreter(display_root: tk.Tk) -> None:
    theme = theme_of(display_root)
    assert theme_of(ttk.Frame(display_root)) is theme
    assert ttk.Style(display_root).theme_use() == "tkws"
    other = tk.Tk()
    try:
        assert theme_of(other) is not theme
    finally:
        other.destroy()


@pytest.mark.slow
def test_sizes_follow_the_screen(display_root: tk.Tk, scale: Callable[[float], None]) -> None:
    def use_small_font(root: tk.Tk) -> None:
        root.tk.call("font", "configure", "TkDefaultFont", "-size", 6)

    scale(96)
    use_small_font(display_root)  # the usual one may be large
    at_96_dpi = Theme(display_root).px(10)
    other = tk.Tk()
    try:
        scale(192)
        use_small_font(other)
        theme = Theme(other)
        assert (at_96_dpi, theme.px(10), theme.px(0.1)) == (10, 20, 1)
    finally:
        other.destroy()


@pytest.mark.slow
def test_sizes_follow_a_large_font_and_end_at_the_screen(display_root: tk.Tk) -> None:
    usual = Theme(display_root)
    other = tk.Tk()
    try:
        other.tk.call("font", "configure", "TkDefaultFont", "-size", 30)
        theme = Theme(other)
        assert theme.px(100) > 1.5 * usual.px(100)
        screen = other.winfo_screenwidth(), other.winfo_screenheight()
        assert theme.size(10, 20) == f"{theme.px(10)}x{theme.px(20)}"
        assert theme.size(9999, 9999) == f"{screen[0]}x{screen[1] - theme.px(60)}"
    finally:
        other.destroy()


def test_it_can_be_dark_and_light_again(display_root: tk.Tk) -> None:
    theme = theme_of(display_root)
    heard = []
    text = tk.Text(display_root)
    text.bind("<<ThemeChanged>>", lambda _: heard.append(theme.colours))
    text.pack()
    display_root.update()
    heard.clear()
    theme.use("dark")
    display_root.update()
    assert heard == [DARK]
    assert ttk.Style(display_root).lookup("TLabel", "background") == DARK.surface
    theme.use("light")
    display_root.update()
    assert heard == [DARK, LIGHT]
    assert ttk.Style(display_root).lookup("TLabel", "background") == LIGHT.surface


@pytest.mark.slow
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the file dialog is the system's")
def test_the_file_dialog_has_the_colours_of_the_theme(display_root: tk.Tk) -> None:
    theme, call = theme_of(display_root), display_root.tk.call
    seen: list[tuple[set[str], set[str]]] = []

    def look() -> None:
        files = call("tkws_find_list", ".__tk_filedialog")
        for y in (30, 70):  # what is no more selected is the second thing that Tk paints by itself
            call("event", "generate", files, "<Button-1>", "-x", 40, "-y", y)
        display_root.update()
        items = display_root.tk.splitlist(call(files, "find", "withtag", "!selectionText"))
        texts = [item for item in items if call(files, "type", item) == "text"]
        fills = {str(call(files, "itemcget", item, "-fill")) for item in texts}
        seen.append(({str(call(files, "cget", "-background"))}, fills))

    def look_and_close() -> None:
        try:
            look()
        finally:
            call(".__tk_filedialog.contents.f2.cancel", "invoke")

    for name in ("dark", "light"):
        theme.use(name)
        display_root.after(300, look_and_close)
        filedialog.askopenfilename(parent=display_root, initialdir=Path(__file__).parents[2])
    assert seen == [({palette.surface}, {palette.text}) for palette in (DARK, LIGHT)]


def test_another_theme_is_none(display_root: tk.Tk) -> None:
    with pytest.raises(KeyError):
        theme_of(display_root).use("grey")


def test_every_colour_can_be_read_on_what_it_stands_on() -> None:
    for palette in (LIGHT, DARK):
        for text in (palette.text, palette.soft, palette.faint, palette.accent, palette.bad):
            for ground in (palette.surface, palette.side, palette.own):
                assert contrast(text, ground) >= 4.5
        assert contrast(palette.bad, palette.bad_soft) >= 4.5
        for text in (palette.name, palette.string, palette.number, palette.literal):
            for ground in (palette.surface, palette.accent_soft):  # of a field that is picked
                assert contrast(text, ground) >= 4.5
        for ground in (palette.mark, palette.found):
            assert contrast(palette.text, ground) >= 4.5
        assert contrast(palette.bad, palette.accent_soft) >= 4.5
        assert contrast(palette.on_accent, palette.accent) >= 4.5
        for line in palette.lines:
            assert contrast(line, palette.surface) >= 3


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
